// Who works on a job, and the line that says how far it has come. Processes of hosts do; a verb starts its own when
// no host is there, or when it is asked to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/apps/instance.hpp"

namespace lantern::apps {

inline constexpr int kDiffers = 3;  // exit code: the models were compared and are not equal

// The hosts that start processes for jobs now.
std::vector<std::string> hosts_at_work(const Instance& at);
// How many processes the verb starts, and a line about who works: as asked, or, when nothing was asked, none if a
// host is there.
int processes_here(const Instance& at, std::optional<int> asked);

// Until the job has ended; so many processes of our own are started again when they die. Returns the exit code. A
// stop leaves the job as it is: `lantern jobs follow` goes on with it. When nobody works on it any more (its host
// is gone, or has not the plugin's build), the verb does, unless it is to leave that to others.
enum class WhenNobodyWorks { start, leave };
int follow(const Instance& at, std::int64_t job, int processes, WhenNobodyWorks nobody);

// Processes that outlive us.
void work_detached(const Instance& at, std::int64_t job, int processes);

}  // namespace lantern::apps
