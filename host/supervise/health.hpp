// Whether what waits is worked off: health by progress against backlog. A system without a backlog is well,
// whatever its processes do; one with a backlog that nobody works off is not, and whoever should is named.
// Each host answers for its own workers and roles.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/supervise/members.hpp"

namespace lantern::supervise {

using Milliseconds = std::chrono::milliseconds;

inline constexpr Milliseconds kSilentAfter{5'000};  // a heartbeat comes each second
inline constexpr Milliseconds kStuckAfter{10'000};  // beyond the time that one call of the plugin may take

// What the store says. Ages are by its clock, so that no other clock matters.
struct Backlog {  // of one partition
    std::string handler, state, state_reason;
    int partition = 0;
    std::int64_t events = 0;  // routed, not applied, in streams that are not parked
    Milliseconds oldest{0};   // how long the first of them waits
    struct Holder {
        std::string host;
        int pid = 0;
        Milliseconds heartbeat{0};
        std::string note;  // what it waits for
    };
    std::optional<Holder> holder;
};

struct RelayBacklog {
    std::int64_t events = 0;  // not published yet
    Milliseconds oldest{0};
    std::optional<Milliseconds> leader_heartbeat;  // nothing: none leads
};

// What this host knows of a worker of its own.
struct OwnWorker {
    Milliseconds since_commit{0};  // or since its start
    Milliseconds time_limit{0};    // of one call of its plugin
};

struct Sight {
    std::vector<Backlog> backlogs;
    RelayBacklog relay;
    std::string host;                  // this one, as holders name it
    std::set<Role> roles;              // of this host
    std::map<int, OwnWorker> workers;  // by pid
};

// One sentence for each that should work and does not; nothing: all is well.
std::vector<std::string> stalled(const Sight& sight);

}  // namespace lantern::supervise
