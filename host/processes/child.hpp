// A program that we started, and that never outlives us. It gets SIGKILL from the kernel when the thread that
// started it ends, and the read end of a pipe (its lifeline, named by LANTERN_LIFELINE) that ends with us. It runs
// in a process group of its own, with default signal handling, no signal blocked, and no descriptor of ours but 0,
// 1, 2, the lifeline and what is handed over.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lantern::processes {

using Milliseconds = std::chrono::milliseconds;

struct Program {
    std::vector<std::string> argv{};                   // argv[0]: a path, or a name looked up in PATH
    std::map<std::string, std::string> environment{};  // added to what is inherited
    enum class Inherit { environment, nothing } inherit = Inherit::environment;
    std::string user{};                 // run as; empty: as we are. Only root can change
    std::filesystem::path directory{};  // working directory; empty: ours
    std::filesystem::path output{};     // stdout and stderr are appended to this file; empty: ours
    int out = -1, err = -1;             // descriptors of ours for stdout and stderr; -1: as `output` says
    // Descriptors of ours that the program gets too; the environment variable of that name tells it the number.
    std::map<std::string, int> handed_over{};
    // detached: outlives us, in a session of its own: for a daemon.
    enum class Life { ours, detached } life = Life::ours;
};

// Path of the program that runs here, for starting it again: the same build, even if its file was replaced
// meanwhile.
std::string own_program();

struct Ended {
    int exit_code = 0;  // meaningful when signal is 0
    int signal = 0;
    bool clean() const { return signal == 0 && exit_code == 0; }
    std::string text() const;  // "exit code 3", "signal 9 (Killed)"
    bool operator==(const Ended&) const = default;
};

class Child {
public:
    // Fault(configuration) when the program cannot be started, with the step and the reason.
    explicit Child(const Program& program);
    // SIGKILL and wait, unless it has ended or is detached.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const { return pid_; }
    // A descriptor that is readable once the child has ended, for poll.
    int descriptor() const { return pidfd_; }

    bool running() { return !wait(Milliseconds{0}); }
    // How it ended; nothing while it still runs after `wait`.
    std::optional<Ended> wait(Milliseconds wait);
    // Does nothing once it has ended.
    void signal(int number);
    // Asks with `number`, and kills after `grace`.
    Ended stop(Milliseconds grace, int number = SIGTERM);

private:
    pid_t pid_ = -1;
    int pidfd_ = -1;
    int lifeline_ = -1;  // write end
    Program::Life life_;
    std::optional<Ended> ended_;
};

struct Finished {
    Ended ended;
    bool timed_out = false;  // killed at the deadline
    std::string output;      // stdout and stderr together, at most 1 MiB
};

// Runs a program to its end, stdin empty.
Finished run(const Program& program, Milliseconds deadline);

}  // namespace lantern::processes
