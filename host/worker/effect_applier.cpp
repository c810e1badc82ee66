#include "host/worker/effect_applier.hpp"

#include <utility>

namespace lantern::worker {
namespace {

// Name space of the idempotency keys; the name is "<handler>/<event id>".
const Uuid kKeySpace = *Uuid::parse("7c9e6b1a-52f3-4a0e-9d1b-3f5c8a2e6d47");

EffectState state_of(const Outcome& outcome) {
    switch (outcome.kind) {
        case Outcome::Kind::applied:
            return EffectState::done;
        case Outcome::Kind::skipped:
            return EffectState::skipped;
        default:
            return EffectState::failed;
    }
}

}  // namespace

Uuid EffectApplier::idempotency_key(const HandlerName& handler, const EventId& event) {
    return Uuid::derived(kKeySpace, handler.value + "/" + event.text());
}

void EffectApplier::renew() {
    object_.reset();
    generation_.reset();
    parts_.rows.forget_all();
}

const Lease* EffectApplier::lease_of(StreamId stream, const std::vector<Lease>& held) const {
    const Partition partition = partition_of(bucket_of(stream), parts_.partitions);
    for (const Lease& lease : held) {
        if (lease.partition == partition) return &lease;
    }
    return nullptr;
}

Carried EffectApplier::carry_out(Plan& plan, const std::vector<Lease>& held) {
    if (!generation_) generation_ = parts_.model.generation();
    if (!object_) object_ = parts_.make_object();
    held_ = held;
    Entry entry{*generation_, {}};
    for (const Lease& lease : held) entry.leases.emplace_back(lease.partition, lease.epoch);

    Open open;
    for (Event* event : plan.events) {
        if (!plan.away.empty()) break;
        if (!plan.streams.at(event->stream).takes_events()) {
            plan.note_seen(*event);
            continue;
        }
        const Carried carried = take(plan, *event, entry, open);
        if (carried != Carried::committed) return carried;
    }
    unpark_caught_up(plan, parts_.clock.now());
    EffectStep last{entry, open.finished, plan.updates(), open.attempts, std::nullopt};
    if (!last.finished && last.streams.empty()) return Carried::committed;
    return commit(plan, std::move(last));
}

Carried EffectApplier::take(Plan& plan, Event& event, const Entry& entry, Open& open) {
    auto& change = plan.streams.at(event.stream);
    const Lease* lease = lease_of(event.stream, held_);
    if (lease == nullptr) return Carried::fenced;
    const auto known = parts_.ledger.find(event.id);
    if (known && (known->state == EffectState::done || known->state == EffectState::skipped ||
                  known->state == EffectState::suppressed)) {
        change.now.revision = event.revision;
        change.now.attempts = 0;
        return Carried::committed;
    }
    Effect effect{event.id,
                  event.stream,
                  event.revision,
                  idempotency_key(parts_.handler, event.id),
                  EffectState::pending,
                  lease->epoch,
                  known ? known->attempt + 1 : 1,
                  {}};
    if (auto why = parts_.upcasts.upcast(event)) {
        // A step has room for one outcome: that of the one before goes by itself.
        if (open.finished) {
            const Carried carried = settle(plan, entry, open);
            if (carried != Carried::committed) return carried;
        }
        finish(plan, event, effect, not_understood(*std::move(why)), open);
        return settle(plan, entry, open);
    }
    // 1. Pending, together with the outcome of the one before.
    const Carried begun = begin(plan, entry, effect, open);
    if (begun != Carried::committed) return begun;
    // 2. The lease once more, then act.
    if (!parts_.leases.holds(lease->partition, lease->epoch)) {
        renew();
        return Carried::fenced;
    }
    parts_.watch.calling(event, effect.attempt);
    const Outcome outcome =
        object_->act(event, {effect.attempt, parts_.clock.now() + parts_.time_limit, effect.key});
    parts_.watch.returned();
    // 3. Committed with the next one's pending, or at the end of the plan.
    finish(plan, event, effect, outcome, open);
    return Carried::committed;
}

Carried EffectApplier::begin(Plan& plan, const Entry& entry, const Effect& effect, Open& open) {
    return commit(plan, {entry, std::exchange(open.finished, std::nullopt), plan.updates(),
                         std::exchange(open.attempts, {}), effect});
}

Carried EffectApplier::settle(Plan& plan, const Entry& entry, Open& open) {
    return commit(plan, {entry, std::exchange(open.finished, std::nullopt), plan.updates(),
                         std::exchange(open.attempts, {}), std::nullopt});
}

void EffectApplier::finish(Plan& plan, const Event& event, Effect effect, const Outcome& outcome, Open& open) {
    auto& change = plan.streams.at(event.stream);
    effect.state = state_of(outcome);
    effect.note = outcome.reason;
    open.finished = effect;
    if (outcome.advances()) {
        change.now.revision = event.revision;
        change.now.attempts = 0;
        return;
    }
    const StreamRow was = change.now;
    change.now = parts_.parking.parked(was, event, outcome);
    change.failed = true;
    if (auto attempt = attempt_of(was, change.now, event, outcome)) open.attempts.push_back(*std::move(attempt));
    if (is_outage(outcome)) plan.away = outcome.dependency + ": " + outcome.reason;
    parts_.watch.parked(event, change.now, outcome.reason);
}

Carried EffectApplier::commit(Plan& plan, EffectStep step) {
    switch (parts_.ledger.commit(step)) {
        case Flushed::committed:
            for (auto& [stream, change] : plan.streams) {
                parts_.rows.put(change.now);
                change.before = change.now;
            }
            return Carried::committed;
        case Flushed::fenced:
            renew();
            return Carried::fenced;
        default:
            renew();
            return Carried::again;
    }
}

}  // namespace lantern::worker
