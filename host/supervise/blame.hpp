// Who is to blame for a death, and who is to be ended although it has not died.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "host/supervise/ports.hpp"

namespace lantern::supervise {

// What a death is charged to; nothing when it is no plugin's fault: an end that was asked for, a kill from outside
// (SIGKILL, SIGTERM ...: no plugin does that to itself), an exit outside of any call. A crash outside of any call,
// in a worker, is charged to its build alone.
std::optional<Crash> blame(const Death& death);

// Watches how long calls of running members last. A process that is frozen (SIGSTOP, a debugger) or that was not
// looked at for a while (we were frozen ourselves) is not charged for that time. A call that overruns is first
// asked for a backtrace (SIGABRT); one that does not even die of that is killed.
class Watchdog {
public:
    using Time = std::chrono::steady_clock::time_point;
    enum class Process { runs, frozen };

    // A call has its time limit, and a quarter more (at least a second) to see its deadline and return.
    static std::chrono::milliseconds patience(std::chrono::milliseconds time_limit);

    // The first call that has overrun; nothing: all is well. To be asked at least once in kLookEvery.
    std::optional<Sentence> look(const Member& member, const std::vector<Call>& calls, Process process, Time now);
    void forget(const Member& member);

    static constexpr std::chrono::milliseconds kLookEvery{1000};

private:
    struct Watched {
        Time looked_at{};
        Time excused_until{};  // no call counts from before
    };
    std::map<Member, Watched> watched_;
};

}  // namespace lantern::supervise
