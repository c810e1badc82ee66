// Processes of a job as children of the verb that asked for it, and the line that says how far it has come.
#pragma once

#include <cstdint>
#include <string>

#include "host/apps/instance.hpp"

namespace lantern::apps {

inline constexpr int kDiffers = 3;  // exit code: the models were compared and are not equal

// Until the job has ended; works on it with so many processes, which are started again when they die. Returns the
// exit code. A stop leaves the job as it is: `lantern jobs follow` goes on with it.
int follow(const Instance& at, std::int64_t job, int processes);

// Processes that outlive us.
void work_detached(const Instance& at, std::int64_t job, int processes);

}  // namespace lantern::apps
