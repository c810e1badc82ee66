// Where the supervisor's processes come from.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "host/core/result.hpp"
#include "host/supervise/members.hpp"

namespace lantern::supervise {

struct Death {
    Member member;
    int pid = 0;
    std::string how;  // "exit code 3", "signal 9 (Killed)"
};

class Spawner {
public:
    virtual ~Spawner() = default;

    // The pid, or why it could not be started.
    virtual Result<int> start(const Member& member) = 0;
    // Those that ended since the last call.
    virtual std::vector<Death> deaths() = 0;
    virtual void ask_to_stop(const Member& member) = 0;
    virtual void kill(const Member& member) = 0;
};

// Who wants to know. Called within Supervisor::tick.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void started(const Member& member, int pid) = 0;
    // `again_in`: until it is started again; nothing when it ended because it was asked to.
    virtual void ended(const Death& death, std::optional<std::chrono::milliseconds> again_in) = 0;
    virtual void not_started(const Member& member, const std::string& why, std::chrono::milliseconds again_in) = 0;
};

}  // namespace lantern::supervise
