// Who works on a job, and the line that says how far it has come. Processes of hosts do; a verb starts its own when
// no host is there, or when it is asked to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/apps/instance.hpp"
#include "host/postgres/backfill/jobs.hpp"

namespace lantern::apps {

inline constexpr int kDiffers = 3;  // exit code: the models were compared and are not equal

// How many processes the verb starts, and a line about who works: as asked, or, when nothing was asked, none if a
// host that has the build is there, or if this machine has it not. Fault of kind configuration: asked for, and not
// here.
int processes_here(const Instance& at, std::optional<int> asked, const postgres::Job& job);

// Until the job has ended; so many processes of our own are started again when they die. Returns the exit code. A
// stop leaves the job as it is: `lantern jobs follow` goes on with it. When nobody works on it any more (its host
// is gone), the verb does if this machine has the build, unless it is to leave that to others.
enum class WhenNobodyWorks { start, leave };
int follow(const Instance& at, std::int64_t job, int processes, WhenNobodyWorks nobody);

// Processes that outlive us.
void work_detached(const Instance& at, std::int64_t job, int processes);

}  // namespace lantern::apps
