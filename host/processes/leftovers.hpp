// What a killed parent left behind: processes that were started with LANTERN_OWNER=<owner> in their environment,
// and what those started. A process that rewrites its environment (PostgreSQL's do) is known by its working
// directory.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace lantern::processes {

inline constexpr const char* kOwnerVariable = "LANTERN_OWNER";

// Whether there is such a process and it has not ended: one that only waits to be reaped has.
bool runs(pid_t pid);

// Never includes the caller.
std::vector<pid_t> leftovers(const std::string& owner, const std::filesystem::path& working_directory);

// SIGKILL to all of them, and waits until none is left. False: some still are after `wait`.
bool end_leftovers(const std::string& owner, const std::filesystem::path& working_directory,
                   std::chrono::milliseconds wait);

}  // namespace lantern::processes
