// What runs below a process, as /proc shows it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace lantern::test {

// It runs: one that only waits to be reaped does not.
bool alive(pid_t pid);
// All that runs below `root`, itself included.
std::vector<pid_t> tree(pid_t root);
// Of these the ones whose command line holds all words.
std::vector<pid_t> find_processes(const std::vector<pid_t>& among, const std::vector<std::string>& words);

}  // namespace lantern::test
