#include "host/processes/stop_request.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace lantern::processes {
namespace {

using namespace std::chrono_literals;

constexpr auto kSoon = 60s;

// In a process of its own, since signals are the process's. The exit code tells.
template <class Body>
int in_another_process(Body body) {
    const pid_t pid = fork();
    if (pid == 0) _exit(body());
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StopRequest, comes_by_signal_and_stays) {
    for (const int number : {SIGTERM, SIGINT})
        EXPECT_EQ(in_another_process([&] {
                      const StopRequest stop;
                      if (stop.requested()) return 1;
                      ::kill(getpid(), number);
                      if (!stop.wait(kSoon)) return 2;
                      return stop.requested() && stop.requested() ? 0 : 3;
                  }),
                  0);
}

TEST(StopRequest, comes_when_the_parent_ends) {
    EXPECT_EQ(in_another_process([] {
                  int ends[2];
                  if (pipe(ends) != 0) return 1;
                  setenv("LANTERN_LIFELINE", std::to_string(ends[0]).c_str(), 1);
                  const StopRequest stop;
                  if (stop.requested()) return 2;
                  ::close(ends[1]);
                  return stop.wait(kSoon) ? 0 : 3;
              }),
              0);
}

}  // namespace
}  // namespace lantern::processes
