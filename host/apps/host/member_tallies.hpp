// What the members of a host's tree have counted, from the start of the host on: also those that ended meanwhile.
// Counts of Prometheus may go back to zero when the host starts anew, and not before. Any thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/supervise/members.hpp"
#include "host/telemetry/tally.hpp"

namespace lantern::apps {

class MemberTallies {
public:
    using Time = std::chrono::steady_clock::time_point;

    // A worker is about to start: the memory that it shares, to be handed to it under telemetry::kTallyVariable.
    int open(const supervise::Member& worker);
    void started(const supervise::Member& member, int pid);
    enum class End { wanted, unwanted };
    void ended(const supervise::Member& member, End end);

    struct Process {
        supervise::Member member;
        int pid = 0;
        Time started_at{};
        telemetry::Pace pace;  // of a worker
    };
    std::vector<Process> processes() const;  // that run
    std::map<std::string, telemetry::Counts> by_handler() const;
    // How often a member of that role (and handler) ended unasked.
    std::map<std::pair<supervise::Role, std::string>, std::uint64_t> deaths() const;

private:
    struct Running {
        int pid = 0;
        Time started_at{};
    };
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::map<supervise::Member, std::unique_ptr<telemetry::TallyBoard>> boards_;
    std::map<supervise::Member, Running> running_;
    std::map<std::string, telemetry::Counts> ended_counts_;  // by handler
    std::map<std::pair<supervise::Role, std::string>, std::uint64_t> deaths_;
};

}  // namespace lantern::apps
