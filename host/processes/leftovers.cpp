#include "host/processes/leftovers.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

// glibc 2.36 declares these without C linkage in <sys/pidfd.h>.
extern "C" {
int pidfd_open(pid_t pid, unsigned flags) noexcept;
int pidfd_send_signal(int pidfd, int number, siginfo_t* info, unsigned flags) noexcept;
}

namespace lantern::processes {
namespace {

// Empty when the process ended meanwhile: between opening and reading its file that is a failed read.
std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

bool belongs(const std::filesystem::path& process, const std::string& wanted,
             const std::filesystem::path& working_directory) {
    std::error_code error;
    if (!working_directory.empty() && std::filesystem::read_symlink(process / "cwd", error) == working_directory &&
        !error)
        return true;
    const std::string environment = content(process / "environ");
    for (std::size_t at = 0; at < environment.size();) {
        const auto end = std::min(environment.find('\0', at), environment.size());
        if (environment.compare(at, end - at, wanted) == 0) return true;
        at = end + 1;
    }
    return false;
}

bool is_number(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool runs(pid_t pid) {
    const std::string stat = content("/proc/" + std::to_string(pid) + "/stat");
    // The state follows the name, which may hold spaces and parentheses.
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos || name_end + 2 >= stat.size()) return false;
    const char state = stat[name_end + 2];
    return state != 'Z' && state != 'X';
}

std::vector<pid_t> leftovers(const std::string& owner, const std::filesystem::path& working_directory) {
    const std::string wanted = std::string(kOwnerVariable) + "=" + owner;
    std::vector<pid_t> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const std::string name = entry.path().filename().string();
        if (!is_number(name)) continue;
        const auto pid = static_cast<pid_t>(std::stol(name));
        if (pid != getpid() && belongs(entry.path(), wanted, working_directory)) found.push_back(pid);
    }
    return found;
}

bool end_leftovers(const std::string& owner, const std::filesystem::path& working_directory,
                   std::chrono::milliseconds wait) {
    const std::string wanted = std::string(kOwnerVariable) + "=" + owner;
    const auto until = std::chrono::steady_clock::now() + wait;
    for (;;) {
        const auto found = leftovers(owner, working_directory);
        if (found.empty()) return true;
        if (std::chrono::steady_clock::now() > until) return false;
        for (const pid_t pid : found) {
            // Hold it by descriptor, look again, and only then kill: the pid may be another's by now.
            const int process = pidfd_open(pid, 0);
            if (process < 0) continue;
            if (belongs("/proc/" + std::to_string(pid), wanted, working_directory)) {
                pidfd_send_signal(process, SIGKILL, nullptr, 0);
                pollfd gone{process, POLLIN, 0};
                poll(&gone, 1, 1000);
            }
            ::close(process);
        }
    }
}

}  // namespace lantern::processes
