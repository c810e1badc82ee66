#include "host/worker/worker.hpp"

#include <algorithm>
#include <utility>

#include "host/core/limits.hpp"

namespace lantern::worker {
namespace {

constexpr Milliseconds kTurnWait{100};
constexpr Milliseconds kLongForFew{10};
constexpr Milliseconds kGatherMax{100};
constexpr std::size_t kFew = 4;  // so many times they would fit into a batch
constexpr int kTimeAfterTime = 3;

bool of_broker(const Fault& fault) {
    return fault.place() == "rabbitmq";
}

// What needs a person holds the handler: it is tried again and again, nothing is charged, and it goes on by itself.
std::string said(const Fault& fault) {
    return (fault.kind() == FaultKind::configuration ? "held: " : "") + std::string(fault.what());
}

}  // namespace

void Worker::run(const Stop& stop) {
    for (Milliseconds idle{0}; !stop(idle);) {
        try {
            idle = turn(kTurnWait);
        } catch (const Fault& fault) {
            say(fault);
            idle = Milliseconds{0};
            if (!of_broker(fault) && stop(patience_.next())) break;
            try {
                recover(fault);
            } catch (const Fault& again) {
                say(again);
            }
        }
    }
    leave();
}

void Worker::say(const Fault& fault) {
    if (waiting_.ends_with(fault.what())) return;
    wait_as(said(fault));
}

void Worker::recover(const Fault& fault) {
    parts_.applier.renew();
    next_tick_ = {};
    if (of_broker(fault)) {
        lose_deliveries();
        // What needs the store alone goes on meanwhile.
        broker_from_ = parts_.clock.steady() + broker_patience_.next();
        broker_away_ = said(fault);
    } else if (fault.poisons_connection()) {
        started_ = false;  // the store may be another by now
        parts_.model.reconnect();
    }
}

Milliseconds Worker::turn(Milliseconds wait) {
    constexpr Milliseconds kNow{0};
    if (!started_) start();
    const bool asked_broker = std::exchange(asks_broker_, parts_.clock.steady() >= broker_from_);
    if (asks_broker_ && !asked_broker) next_tick_ = {};  // what is to be bound is bound first
    keep_leases();
    if (const auto left = rest_until_ - parts_.clock.steady(); left.count() > 0) {
        if (declared_) parts_.deliveries.service();
        // Not longer, for the heartbeat.
        return std::min<Milliseconds>(std::chrono::ceil<Milliseconds>(left), limits::kBackoffFirst);
    }
    away_ = false;
    bool more = false;
    for (std::size_t tried = 0; tried < kSources && !away_; ++tried) {
        const std::size_t source = (first_ + tried) % kSources;
        more = work_on(static_cast<Source>(source), more || tried + 1 < kSources ? kNow : wait) || more;
        if (away_) first_ = source + 1;
    }
    look_at_queues();  // also while the breaker is open: the sweep goes by how far they are worked off
    if (away_) return kNow;
    first_ = 0;
    if (asks_broker_) {
        broker_away_.clear();
        broker_patience_.renew();
    }
    wait_as(still_waits_for());
    patience_.renew();
    probes_.renew();
    return more ? kNow : wait;
}

// One step on what there is to try. True: there is more of it.
bool Worker::work_on(Source source, Milliseconds wait) {
    switch (source) {
        case Source::history:
            return feed();
        case Source::due:
            catch_up_due();
            return false;
        case Source::asked:
            return act_again();
        case Source::deliveries:
            break;
    }
    const bool reads = subscribe_fed();
    if (!in_hand_.empty()) {
        parts_.deliveries.service();
    } else if (declared_) {
        in_hand_ = parts_.deliveries.take(parts_.handler.batch_events_max, limits::kBatchBytesMax,
                                          reads ? wait : Milliseconds{0});
        reads_.arrived(in_hand_);
    }
    work_off();
    return reads;
}

void Worker::start() {
    incarnation_ = parts_.history.incarnation();
    introduced_ = false;
    started_ = true;
    started_at_ = parts_.clock.steady();
}

void Worker::keep_leases() {
    if (parts_.clock.steady() < next_tick_) return;
    if (beat()) beat();  // what was bound now is fed, or read, at once
}

// A heartbeat. True when queues were bound.
bool Worker::beat() {
    next_tick_ = parts_.clock.steady() + limits::kHeartbeatEvery;
    auto view = parts_.leases.tick(waiting_, reads_.worked_off());
    const auto among = [](const std::vector<Lease>& leases) {
        return [&leases](const Lease& lease) {
            return std::any_of(leases.begin(), leases.end(), [&](const Lease& other) {
                return other.partition == lease.partition && other.epoch == lease.epoch;
            });
        };
    };
    const bool lost = !std::all_of(held_.begin(), held_.end(), among(view.held));
    const bool gained = !std::all_of(view.held.begin(), view.held.end(), among(held_));
    if (lost) {
        parts_.applier.renew();
        lose_deliveries();
    }
    // Routes move only while nobody holds a lease, or when queues are bound. Read before anything is held by them.
    if (gained || view.queues != queues_) routes_ = parts_.leases.routes();
    held_ = std::move(view.held);
    // Whom it relieves is about to let go: those partitions shall not lie idle for a heartbeat. One too many for
    // the partitions stands by for long, and does not hurry.
    const auto now = parts_.clock.steady();
    if (held_.empty() && now - started_at_ < limits::kHeartbeatDead &&
        (view.queues == Queues::bound || view.queues == Queues::to_bind))
        next_tick_ = now + kTurnWait;
    edge_ = view.edge;
    published_ = view.published;
    if (!view.to_release.empty()) hand_over(view.to_release);
    return keep_queues(view.queues);
}

bool Worker::keep_queues(Queues queues) {
    queues_ = queues;
    if (queues == Queues::detached && declared_) lose_deliveries();
    if (queues == Queues::detached || (queues != Queues::to_bind && introduced_) || !asks_broker_) return false;
    // Bind first, then note where history ends: what is published from here on is in the queue.
    declared_ = false;
    declare();
    routes_ = parts_.leases.bound();
    introduced_ = true;
    return true;
}

void Worker::declare() {
    if (declared_) return;
    parts_.deliveries.declare();
    declared_ = true;
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
    reads_.forget();
    declared_ = false;
    parts_.deliveries.disconnect();
}

// Whether any queue is read.
bool Worker::subscribe_fed() {
    if (queues_ != Queues::bound || !asks_broker_) return false;
    bool some = false;
    for (const Lease& lease : held_) {
        if (!lease.fed()) continue;
        declare();
        reads_.subscribe(lease.partition);
        some = true;
    }
    return some;
}

// A queue that silently brings nothing, though it holds something, gets a new connection. One that is full loses
// its oldest to all of which the store has to be asked stream by stream: slices are cheaper.
void Worker::look_at_queues() {
    switch (reads_.look(in_hand_, published_)) {
        case ReadQueues::Found::nothing:
            return;
        case ReadQueues::Found::silent:
            return lose_deliveries();
        case ReadQueues::Found::overflowing:
            parts_.leases.detach("further behind than its queues hold");
            next_tick_ = {};
    }
}

// The breaker. Plans are carried out up to the first event that met the outage, so whatever is tried next is one
// probe; what is in hand stays there, unacknowledged. The next probe is of another source: what fails in one of
// them, however often, keeps no healthy stream of another from its turn.
void Worker::wait_for(const std::string& dependency) {
    away_ = true;
    rest(probes_.next());
    wait_as(dependency);
}

// What a turn without trouble leaves to wait for.
std::string Worker::still_waits_for() const {
    if (introduced_ && queues_ == Queues::others) return "an edition whose queues are in force: this one's are not";
    if (!broker_away_.empty()) return broker_away_;
    return held_.empty() ? std::string() : parts_.applier.away();
}

void Worker::wait_as(const std::string& why) {
    if (waiting_ == why) return;
    waiting_ = why;
    parts_.watch.waiting(waiting_);
}

void Worker::rest(Milliseconds time) {
    rest_until_ = parts_.clock.steady() + time;
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
        if (is_of_this_store(delivery)) events.push_back(&delivery.event);
    }
    const auto since = parts_.clock.steady();
    if (!carry_out(events)) return;
    // Committed: now, and not before.
    parts_.deliveries.acknowledge_up_to(in_hand_.back().tag);
    reads_.settled(in_hand_);
    gather(parts_.clock.steady() - since);
    in_hand_.clear();
}

// A few events that take long, time after time: on a machine that many workers share, a commit costs more than
// they. As much time again lets more come for the next one. With a backlog there are never few.
void Worker::gather(Steady::duration took) {
    const bool few = in_hand_.size() * kFew <= parts_.handler.batch_events_max;
    long_for_few_ = few && !feeding_ && took >= kLongForFew ? long_for_few_ + 1 : 0;
    if (long_for_few_ >= kTimeAfterTime) rest(std::min(kGatherMax, std::chrono::floor<Milliseconds>(took)));
}

// True when everything is committed. False: the leases must be looked at first; plan anew then.
bool Worker::carry_out(std::span<Event* const> events) {
    Planner planner(parts_.rows, parts_.history, routes_);
    for (;;) {
        Plan plan = planner.of(events);
        switch (parts_.applier.carry_out(plan, held_)) {
            case Carried::committed:
                parts_.watch.applied(plan.events.size(), plan.duplicates, plan.filled.size());
                if (plan.advanced) probes_.renew();
                if (!plan.away.empty()) {
                    wait_for(plan.away);
                    return false;
                }
                if (plan.rest.count() > 0) {
                    rest(plan.rest);
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

// What was published before this store was adopted is passed over: all that the store holds comes from it again.
bool Worker::is_of_this_store(const Delivery& delivery) {
    if (delivery.incarnation == incarnation_) return true;
    if (parts_.history.was(delivery.incarnation)) return false;
    throw Fault(FaultKind::configuration, "store",
                "message of event " + delivery.event.id.text() + " comes from store " +
                    delivery.incarnation.text() + ", this store is " + incarnation_.text() +
                    ": two stores share the broker's vhost; give each its own, and purge the queues");
}

void Worker::leave() {
    try {
        if (started_) parts_.leases.leave();
    } catch (const Fault& fault) {
        parts_.watch.waiting(fault.what());  // the leases run out by themselves
    }
}

}  // namespace lantern::worker
