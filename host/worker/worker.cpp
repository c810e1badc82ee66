#include "host/worker/worker.hpp"

#include <algorithm>

#include "host/core/limits.hpp"

namespace lantern::worker {
namespace {

constexpr Milliseconds kTurnWait{100};
constexpr Milliseconds kDueEvery{500};
constexpr std::size_t kDueAtOnce = 100;
constexpr std::size_t kFeedEvents = 500;

}  // namespace

void Worker::run(const Stop& stop) {
    for (Milliseconds idle{0}; !stop(idle);) {
        try {
            idle = turn(kTurnWait);
        } catch (const Fault& fault) {
            parts_.watch.waiting(fault.what());
            waiting_ = fault.what();
            idle = Milliseconds{0};
            if (stop(delay())) break;
            try {
                recover(fault);
            } catch (const Fault& again) {
                waiting_ = again.what();
            }
        }
    }
    leave();
}

Milliseconds Worker::delay() {
    const auto ceiling =
        std::min<Milliseconds>(limits::kBackoffMax, limits::kBackoffFirst * (1 << std::min(troubles_, 10)));
    ++troubles_;
    const auto half = ceiling.count() / 2;
    return Milliseconds(half +
                        static_cast<std::int64_t>(parts_.random.next() % static_cast<std::uint64_t>(half + 1)));
}

void Worker::recover(const Fault& fault) {
    parts_.applier.renew();
    next_tick_ = {};
    if (fault.place() == "rabbitmq") {
        lose_deliveries();
    } else if (fault.poisons_connection()) {
        parts_.model.reconnect();
    }
}

Milliseconds Worker::turn(Milliseconds wait) {
    constexpr Milliseconds kNow{0};
    if (!started_) start();
    keep_leases();
    if (const auto left = probe_at_ - parts_.clock.steady(); left.count() > 0) {
        // Not longer, for the heartbeat.
        return std::min<Milliseconds>(std::chrono::ceil<Milliseconds>(left), limits::kBackoffFirst);
    }
    away_ = false;
    const bool fed_some = feed();
    subscribe_fed();
    if (!away_) catch_up_due();
    if (away_) return kNow;
    if (in_hand_.empty()) {
        in_hand_ =
            parts_.deliveries.take(parts_.handler.batch_events_max, limits::kBatchBytesMax, fed_some ? kNow : wait);
    }
    work_off();
    if (away_) return kNow;
    if (!waiting_.empty()) {
        parts_.watch.waiting({});
        waiting_.clear();
    }
    troubles_ = 0;
    return kNow;
}

void Worker::start() {
    incarnation_ = parts_.history.incarnation();
    // Bind first, then note where history ends: what is published from here on is in the queue.
    parts_.deliveries.declare();
    routes_ = parts_.leases.bound();
    started_ = true;
}

void Worker::keep_leases() {
    if (parts_.clock.steady() < next_tick_) return;
    next_tick_ = parts_.clock.steady() + limits::kHeartbeatEvery;
    auto view = parts_.leases.tick(waiting_);
    const bool lost = std::any_of(held_.begin(), held_.end(), [&](const Lease& lease) {
        return std::none_of(view.held.begin(), view.held.end(), [&](const Lease& now) {
            return now.partition == lease.partition && now.epoch == lease.epoch;
        });
    });
    const bool unbound =
        std::any_of(view.held.begin(), view.held.end(), [](const Lease& lease) { return !lease.feed_target; });
    held_ = std::move(view.held);
    if (unbound) {
        routes_ = parts_.leases.bound();
        next_tick_ = {};
    }
    if (lost) {
        parts_.applier.renew();
        lose_deliveries();
    }
    if (!view.to_release.empty()) hand_over(view.to_release);
}

// What was delivered of the partition and not yet taken must not be worked off here any more: with a new
// connection the broker gives it to the next holder.
void Worker::hand_over(const std::vector<Partition>& partitions) {
    lose_deliveries();
    parts_.applier.renew();
    for (const Partition partition : partitions) {
        const auto lease = std::find_if(held_.begin(), held_.end(),
                                        [&](const Lease& held) { return held.partition == partition; });
        if (lease == held_.end()) continue;
        parts_.leases.release(partition, lease->epoch);
        held_.erase(lease);
    }
}

void Worker::lose_deliveries() {
    in_hand_.clear();
    subscribed_.clear();
    parts_.deliveries.reconnect();
    parts_.deliveries.declare();
}

void Worker::subscribe_fed() {
    for (const Lease& lease : held_) {
        if (!lease.fed() || subscribed_.contains(lease.partition)) continue;
        parts_.deliveries.subscribe(lease.partition);
        subscribed_.insert(lease.partition);
    }
}

// One page of each partition whose history is not applied yet. The queue fills meanwhile; what it loses or
// doubles is repaired when it is read.
bool Worker::feed() {
    bool some = false;
    for (Lease& lease : held_) {
        if (!lease.feed_target || lease.fed()) continue;
        some = true;
        auto page = parts_.history.page(lease.partition, parts_.handler.partitions, routes_, lease.feed_cursor,
                                        *lease.feed_target, kFeedEvents);
        const Position reached = page.size() < kFeedEvents ? *lease.feed_target : page.back().position;
        std::vector<Event*> events;
        for (Event& event : page) events.push_back(&event);
        if (!carry_out(events)) return true;
        parts_.leases.fed_up_to(lease.partition, lease.epoch, reached);
        lease.feed_cursor = reached;
    }
    return some;
}

void Worker::catch_up_due() {
    if (parts_.clock.steady() < next_due_) return;
    next_due_ = parts_.clock.steady() + kDueEvery;
    std::vector<Partition> partitions;
    for (const Lease& lease : held_) partitions.push_back(lease.partition);
    if (partitions.empty()) return;
    const auto due = parts_.model.due(partitions, parts_.handler.partitions, parts_.clock.now(), kDueAtOnce);
    if (due.size() == kDueAtOnce) next_due_ = {};
    Planner planner(parts_.rows, parts_.history, routes_);
    for (const StreamRow& row : due) {
        Plan plan = planner.catching_up(row);
        if (parts_.applier.carry_out(plan, held_) == Carried::fenced) {
            next_tick_ = {};
            return;
        }
        parts_.watch.applied(plan.events.size(), 0, plan.events.size());
        if (!plan.away.empty()) return wait_for(plan.away);
    }
}

// The breaker. Plans are carried out up to the first event that met the outage, so whatever is tried next is one
// probe; what is in hand stays there, unacknowledged.
void Worker::wait_for(const std::string& dependency) {
    away_ = true;
    probe_at_ = parts_.clock.steady() + delay();
    next_due_ = {};
    waiting_ = dependency;
    parts_.watch.waiting(waiting_);
}

void Worker::work_off() {
    if (in_hand_.empty()) return;
    std::vector<Event*> events;
    events.reserve(in_hand_.size());
    for (Delivery& delivery : in_hand_) {
        if (!delivery.malformed.empty()) {
            parts_.watch.malformed(delivery.malformed);
            continue;
        }
        check_incarnation(delivery);
        events.push_back(&delivery.event);
    }
    if (!carry_out(events)) return;
    // Committed: now, and not before.
    parts_.deliveries.acknowledge_up_to(in_hand_.back().tag);
    in_hand_.clear();
}

// True when everything is committed. False: the leases must be looked at first; plan anew then.
bool Worker::carry_out(std::span<Event* const> events) {
    Planner planner(parts_.rows, parts_.history, routes_);
    for (;;) {
        Plan plan = planner.of(events);
        switch (parts_.applier.carry_out(plan, held_)) {
            case Carried::committed:
                parts_.watch.applied(plan.events.size(), plan.duplicates, plan.filled.size());
                if (!plan.away.empty()) {
                    wait_for(plan.away);
                    return false;
                }
                if (plan.complete) return true;
                break;
            case Carried::again:
                break;
            case Carried::fenced:
                next_tick_ = {};
                return false;
        }
        if (parts_.clock.steady() >= next_tick_) return false;
    }
}

void Worker::check_incarnation(const Delivery& delivery) {
    if (delivery.incarnation == incarnation_) return;
    throw Fault(FaultKind::configuration, "store",
                "message of event " + delivery.event.id.text() + " comes from store " +
                    delivery.incarnation.text() + ", this store is " + incarnation_.text() +
                    "; purge the queues, or adopt the store");
}

void Worker::leave() {
    try {
        if (started_) parts_.leases.leave();
    } catch (const Fault& fault) {
        parts_.watch.waiting(fault.what());  // the leases run out by themselves
    }
}

}  // namespace lantern::worker
