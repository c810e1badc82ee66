#include "host/supervise/health.hpp"

#include <algorithm>
#include <utility>

namespace lantern::supervise {
namespace {

std::string seconds(Milliseconds time) {
    const auto tenths = time.count() / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string waiting(std::int64_t events, Milliseconds oldest) {
    return std::to_string(events) + (events == 1 ? " event waits" : " events wait") + ", the oldest for " +
           seconds(oldest);
}

std::optional<std::string> relay_trouble(const RelayBacklog& relay) {
    if (relay.events == 0 || relay.oldest < kStuckAfter) return std::nullopt;
    const std::string why = !relay.leader_heartbeat
                                ? "no relay leads"
                                : "the leader's last heartbeat was " + seconds(*relay.leader_heartbeat) + " ago";
    return "relay: " + waiting(relay.events, relay.oldest) + " to be published; " + why;
}

std::optional<std::string> trouble_of_holder(const Backlog& backlog, const Sight& sight, bool relay_stalls) {
    const auto& holder = *backlog.holder;
    if (holder.host != sight.host) return std::nullopt;  // that one tells
    if (holder.heartbeat >= kSilentAfter && backlog.oldest >= kSilentAfter)
        return "is silent for " + seconds(holder.heartbeat);
    const auto own = sight.workers.find(holder.pid);
    if (own == sight.workers.end() || relay_stalls) return std::nullopt;  // of an earlier run; nothing reaches it
    const auto patience = std::max(kStuckAfter, own->second.time_limit + kSilentAfter);
    if (own->second.since_commit < patience || backlog.oldest < patience) return std::nullopt;
    return "has committed nothing for " + seconds(own->second.since_commit) +
           (holder.note.empty() ? "" : "; it waits for: " + holder.note);
}

// Who does not work it off, and why. Nothing: all is well with it.
std::optional<std::pair<std::string, std::string>> trouble_of(const Backlog& backlog, const Sight& sight,
                                                              bool relay_stalls) {
    if (backlog.events == 0 || backlog.state == "paused" || backlog.state == "removed") return std::nullopt;
    if (backlog.state == "quarantined" || backlog.state == "held") {
        if (backlog.oldest < kSilentAfter) return std::nullopt;
        return std::pair{"handler " + backlog.handler,
                         "is " + backlog.state + (backlog.state_reason.empty() ? "" : ": " + backlog.state_reason)};
    }
    if (!backlog.holder) {
        if (backlog.oldest < kStuckAfter) return std::nullopt;
        return std::pair{"handler " + backlog.handler,
                         "has no worker for partition " + std::to_string(backlog.partition)};
    }
    const auto why = trouble_of_holder(backlog, sight, relay_stalls);
    if (!why) return std::nullopt;
    return std::pair{"worker " + backlog.handler + " (process " + std::to_string(backlog.holder->pid) + " on " +
                         backlog.holder->host + ")",
                     *why};
}

}  // namespace

std::vector<std::string> stalled(const Sight& sight) {
    std::vector<std::string> sentences;
    const auto relay = relay_trouble(sight.relay);
    if (relay && sight.roles.contains(Role::relay)) sentences.push_back(*relay);
    if (!sight.roles.contains(Role::worker)) return sentences;
    struct Sum {
        std::int64_t events = 0;
        Milliseconds oldest{0};
    };
    std::map<std::pair<std::string, std::string>, Sum> troubles;  // one line for all partitions of a worker
    for (const auto& backlog : sight.backlogs) {
        const auto trouble = trouble_of(backlog, sight, relay.has_value());
        if (!trouble) continue;
        auto& sum = troubles[*trouble];
        sum.events += backlog.events;
        sum.oldest = std::max(sum.oldest, backlog.oldest);
    }
    for (const auto& [trouble, sum] : troubles)
        sentences.push_back(trouble.first + " " + trouble.second + "; " + waiting(sum.events, sum.oldest));
    return sentences;
}

}  // namespace lantern::supervise
