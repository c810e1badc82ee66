// What a worker takes from the store and not from its queues: history, streams that are due, effects asked for
// again.
#include <algorithm>
#include <utility>

#include "host/worker/worker.hpp"

namespace lantern::worker {
namespace {

constexpr Milliseconds kDueEvery{500};
constexpr std::size_t kDueAtOnce = 100;
constexpr std::size_t kFeedEvents = 500;
constexpr std::int64_t kFeedPositions = 100'000;  // looked through for one page: a statement's time is limited

}  // namespace

// Nothing: it need not be fed; or not yet, for up to where is noted when its queues are bound.
std::optional<Position> Worker::feed_until(const Lease& lease) const {
    const auto target = queues_ == Queues::bound ? lease.feed_target : std::optional(edge_);
    if (queues_ == Queues::others || queues_ == Queues::to_bind || !target || lease.feed_cursor >= *target)
        return std::nullopt;
    return target;
}

// One page of each partition whose history is not applied yet. A queue that is bound fills meanwhile; what it loses
// or doubles is repaired when it is read. What commits late, below what has been fed, and has no queue to come by,
// is found by the sweep.
bool Worker::feed() {
    bool some = false;
    // Whose history met an outage is the last of the next round.
    const std::size_t first = std::exchange(feed_first_, 0);
    for (std::size_t n = 0; n < held_.size(); ++n) {
        const std::size_t at = (first + n) % held_.size();
        Lease& lease = held_[at];
        const auto until = feed_until(lease);
        if (!until) continue;
        some = true;
        const Position end = std::min(*until, Position{lease.feed_cursor.value + kFeedPositions});
        auto page = parts_.history.page(lease.partition, parts_.handler.partitions, routes_, lease.feed_cursor, end,
                                        kFeedEvents);
        const Position reached = page.size() < kFeedEvents ? end : page.back().position;
        std::vector<Event*> events;
        for (Event& event : page) events.push_back(&event);
        if (!carry_out(events)) {
            feed_first_ = at + 1;
            return true;
        }
        parts_.leases.fed_up_to(lease.partition, lease.epoch, reached);
        lease.feed_cursor = reached;
    }
    // At the edge: perhaps it can be bound now.
    if (std::exchange(feeding_, some) && !some && queues_ != Queues::bound) next_tick_ = {};
    return some;
}

void Worker::catch_up_due() {
    const auto now = parts_.clock.steady();
    if (now < next_due_ && !probing()) return;
    next_due_ = now + kDueEvery;
    std::vector<Partition> partitions;
    for (const Lease& lease : held_) partitions.push_back(lease.partition);
    if (partitions.empty()) return;
    auto due = parts_.model.due(partitions, parts_.handler.partitions, parts_.clock.now(), kDueAtOnce);
    const bool more = due.size() == kDueAtOnce;
    Planner planner(parts_.rows, parts_.history, routes_);
    while (!due.empty()) {
        // All at once; while something is away, one alone shows whether it is back.
        const auto rows = std::span(due).first(parts_.applier.away().empty() ? due.size() : 1);
        Plan plan = planner.catching_up(rows);
        const Carried carried = parts_.applier.carry_out(plan, held_);
        if (carried == Carried::fenced) next_tick_ = {};
        if (carried != Carried::committed) return;
        parts_.watch.applied(plan.events.size(), 0, plan.events.size());
        if (plan.advanced) probes_.renew();
        if (!plan.away.empty()) return wait_for(plan.away);
        if (plan.rest.count() > 0) return rest(plan.rest);
        // What was not tried is still as it was read.
        const auto left = due.size();
        std::erase_if(due, [&plan](const StreamRow& row) {
            const auto change = plan.streams.find(row.stream);
            return change != plan.streams.end() && (plan.complete || change->second.now != row);
        });
        if (due.size() == left || parts_.clock.steady() >= next_tick_) break;
    }
    if (more) next_due_ = {};
}

// What operators asked for again has no queue: a look now and then, and at once while there is more. True: there
// is.
bool Worker::act_again() {
    if (held_.empty() || (parts_.clock.steady() < next_again_ && !probing())) return false;
    next_again_ = parts_.clock.steady() + kDueEvery;
    const Again again = parts_.applier.act_again(held_, {});
    if (again.carried == Carried::fenced) next_tick_ = {};
    if (again.advanced) probes_.renew();
    if (!again.away.empty()) {
        wait_for(again.away);
    } else if (again.rest.count() > 0) {
        rest(again.rest);
    } else if (again.acted && again.carried != Carried::fenced) {
        next_again_ = {};
        return true;
    }
    return false;
}

}  // namespace lantern::worker
