#include "tests/support/process_tree.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace lantern::test {
namespace {

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();  // a process that ends between opening and reading makes this fail, not throw
    return text.str();
}

std::filesystem::path place_of(pid_t process) {
    return std::filesystem::path("/proc") / std::to_string(process);
}

// Field 4 of /proc/PID/stat; the name before it may hold spaces and parentheses.
pid_t parent_of(pid_t process) {
    const std::string stat = content(place_of(process) / "stat");
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos || stat.size() < name_end + 4 || stat[name_end + 2] == 'Z') return 0;
    return std::atoi(stat.c_str() + name_end + 4);
}

std::map<pid_t, pid_t> parents() {
    std::map<pid_t, pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const pid_t pid = std::atoi(entry.path().filename().c_str());
        if (pid > 0)
            if (const pid_t parent = parent_of(pid)) found[pid] = parent;
    }
    return found;
}

}  // namespace

bool alive(pid_t pid) {
    return parent_of(pid) != 0;
}

std::vector<pid_t> tree(pid_t root) {
    const auto parent = parents();
    std::vector<pid_t> found;
    for (const auto& [pid, direct] : parent)
        for (pid_t above = pid; above > 1; above = parent.contains(above) ? parent.at(above) : 0)
            if (above == root) {
                found.push_back(pid);
                break;
            }
    return found;
}

std::vector<pid_t> find_processes(const std::vector<pid_t>& among, const std::vector<std::string>& words) {
    std::vector<pid_t> found;
    for (const pid_t pid : among) {
        std::string line = content(place_of(pid) / "cmdline");
        std::replace(line.begin(), line.end(), '\0', ' ');
        const bool all = std::all_of(words.begin(), words.end(),
                                     [&](const auto& word) { return line.find(word) != std::string::npos; });
        if (all) found.push_back(pid);
    }
    return found;
}

}  // namespace lantern::test
