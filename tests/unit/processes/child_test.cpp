#include "host/processes/child.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "host/core/fault.hpp"
#include "host/processes/leftovers.hpp"

namespace lantern::processes {
namespace {

using namespace std::chrono_literals;

constexpr auto kSoon = 60s;

std::filesystem::path fresh_file() {
    static int made = 0;
    return std::filesystem::temp_directory_path() /
           ("processes-test-" + std::to_string(getpid()) + "-" + std::to_string(++made));
}

std::string owner() {
    return "processes-test-" + std::to_string(getpid());
}

TEST(Run, gives_output_and_exit_code) {
    const auto finished = run({.argv = {"sh", "-c", "echo out; echo err >&2; exit 3"}}, kSoon);
    EXPECT_EQ(finished.ended, (Ended{3, 0}));
    EXPECT_EQ(finished.output, "out\nerr\n");
    EXPECT_FALSE(finished.timed_out);
}

TEST(Run, kills_at_the_deadline_with_all_that_was_started) {
    Program program{.argv = {"sh", "-c", "sleep 1000 & sleep 1000"}};
    program.environment[kOwnerVariable] = owner();
    const auto finished = run(program, 100ms);
    EXPECT_TRUE(finished.timed_out);
    EXPECT_EQ(finished.ended.signal, SIGKILL);
    EXPECT_TRUE(end_leftovers(owner(), {}, kSoon));
}

TEST(Run, gives_only_the_environment_that_was_named) {
    const auto finished =
        run({.argv = {"/usr/bin/env"}, .environment = {{"COLOUR", "green"}}, .inherit = Program::Inherit::nothing},
            kSoon);
    EXPECT_NE(finished.output.find("COLOUR=green\n"), std::string::npos);
    EXPECT_EQ(finished.output.find("PATH="), std::string::npos);
}

TEST(Run, leaves_no_descriptor_open_but_the_lifeline) {
    const int open_here = dup(1);
    const auto finished = run({.argv = {"ls", "/proc/self/fd"}}, kSoon);
    ::close(open_here);
    constexpr int kTheFolderThatIsListed = 1;
    EXPECT_EQ(std::count(finished.output.begin(), finished.output.end(), '\n'), 4 + kTheFolderThatIsListed);
}

TEST(Child, names_the_step_that_failed) {
    try {
        Child child({.argv = {"/nowhere/program"}});
        FAIL() << "it started";
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::configuration);
        EXPECT_STREQ(fault.what(),
                     "processes: cannot start /nowhere/program: execute it: No such file or directory");
    }
}

TEST(Child, stops_when_asked) {
    Child child({.argv = {"sleep", "1000"}});
    EXPECT_TRUE(child.running());
    EXPECT_EQ(child.stop(kSoon), (Ended{0, SIGTERM}));
    EXPECT_FALSE(child.running());
    EXPECT_EQ(child.stop(kSoon), (Ended{0, SIGTERM}));
}

TEST(Child, is_killed_when_it_does_not_listen) {
    const auto ready = fresh_file();
    Child child({.argv = {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"}, .output = ready});
    while (std::filesystem::file_size(ready) == 0) ASSERT_TRUE(child.running());
    EXPECT_EQ(child.stop(50ms), (Ended{0, SIGKILL}));
    std::filesystem::remove(ready);
}

TEST(Child, writes_to_its_file) {
    const auto file = fresh_file();
    Child child({.argv = {"sh", "-c", "echo out; echo err >&2"}, .output = file});
    ASSERT_TRUE(child.wait(kSoon));
    std::ifstream in(file);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "out\nerr\n");
    std::filesystem::remove(file);
}

TEST(Child, does_not_outlive_its_parent) {
    Program program{.argv = {"sleep", "1000"}};
    program.environment[kOwnerVariable] = owner() + "-orphan";
    const pid_t parent = fork();
    if (parent == 0) {
        Child child(program);
        ::kill(getpid(), SIGKILL);
    }
    waitpid(parent, nullptr, 0);
    const auto until = std::chrono::steady_clock::now() + kSoon;
    while (!leftovers(owner() + "-orphan", {}).empty()) ASSERT_LT(std::chrono::steady_clock::now(), until);
}

TEST(Child, runs_as_another_user_when_we_are_root) {
    const bool root = geteuid() == 0;
    const auto finished = run({.argv = {"id", "-un"}, .user = root ? "nobody" : ""}, kSoon);
    EXPECT_EQ(finished.output == "nobody\n", root) << finished.output;
    EXPECT_TRUE(finished.ended.clean());
}

TEST(Runs, is_false_for_what_ended_and_was_not_reaped) {
    EXPECT_TRUE(runs(getpid()));
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    siginfo_t ended{};
    ASSERT_EQ(waitid(P_PID, pid, &ended, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(runs(pid));
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
    EXPECT_FALSE(runs(pid));
}

TEST(Leftovers, are_found_by_owner_and_ended) {
    Program program{.argv = {"sleep", "1000"}};
    program.environment[kOwnerVariable] = owner() + "-a";
    Child mine(program);
    program.environment[kOwnerVariable] = owner() + "-ab";
    Child other(program);
    EXPECT_EQ(leftovers(owner() + "-a", {}), std::vector{mine.pid()});
    EXPECT_TRUE(end_leftovers(owner() + "-a", {}, kSoon));
    EXPECT_EQ(mine.wait(kSoon), (Ended{0, SIGKILL}));
    EXPECT_TRUE(other.running());
}

}  // namespace
}  // namespace lantern::processes
