#include "host/worker/effect_applier.hpp"

#include <new>
#include <utility>

#include "host/worker/calling.hpp"

namespace lantern::worker {
namespace {

// Name space of the idempotency keys; the name is "<handler>/<event id>".
const Uuid kKeySpace = *Uuid::parse("7c9e6b1a-52f3-4a0e-9d1b-3f5c8a2e6d47");

}  // namespace

EffectState EffectApplier::state_of(const Outcome& outcome) {
    switch (outcome.kind) {
        case Outcome::Kind::applied:
            return EffectState::done;
        case Outcome::Kind::skipped:
            return EffectState::skipped;
        default:
            return EffectState::failed;
    }
}

Uuid EffectApplier::idempotency_key(const HandlerName& handler, const EventId& event, std::int64_t run) {
    std::string name = handler.value + "/" + event.text();
    if (run > 0) name.append("/").append(std::to_string(run));
    return Uuid::derived(kKeySpace, name);
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

Entry EffectApplier::enter(const std::vector<Lease>& held) {
    if (!generation_) generation_ = parts_.model.generation();
    if (!object_) object_ = parts_.make_object();
    held_ = held;
    Entry entry{*generation_, {}};
    for (const Lease& lease : held) entry.leases.emplace_back(lease.partition, lease.epoch);
    return entry;
}

Carried EffectApplier::carry_out(Plan& plan, const std::vector<Lease>& held) {
    const Entry entry = enter(held);

    Open open;
    const auto until = parts_.clock.steady() + limits::kActsAtOnce;
    for (std::size_t at = 0; at < plan.events.size(); ++at) {
        Event& event = *plan.events[at];
        if (parts_.clock.steady() > until) {
            plan.cut(at);
            break;
        }
        if (!plan.streams.at(event.stream).takes_events()) {
            plan.note_seen(event);
            continue;
        }
        const Carried carried = take(plan, event, entry, open);
        if (carried != Carried::committed) return carried;
        if (plan.away.empty() && plan.rest.count() == 0) continue;
        plan.cut(plan.rest.count() > 0 ? at : at + 1);
        break;
    }
    unpark_caught_up(plan, parts_.clock.now());
    if (!open.finished && plan.unrouted == 0 && plan.updates().empty()) return Carried::committed;
    return settle(plan, entry, open);
}

Carried EffectApplier::take(Plan& plan, Event& event, const Entry& entry, Open& open) {
    auto& change = plan.streams.at(event.stream);
    const Lease* lease = lease_of(event.stream, held_);
    if (lease == nullptr) return Carried::fenced;
    const auto known = parts_.ledger.find(event.id);
    if (known && (known->state == EffectState::done || known->state == EffectState::skipped ||
                  known->state == EffectState::suppressed)) {
        begun_.erase({event.id, 0});
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
    if (const auto verdict = plan.verdicts.find(&event); verdict != plan.verdicts.end())
        return pass_over(plan, event, effect, verdict->second, entry, open);
    if (known && known->state == EffectState::pending) {
        const Begun* begun = begun_here(*known);
        if (begun != nullptr && begun->outcome) {
            effect.attempt = begun->attempt;
            const Outcome outcome = *begun->outcome;
            return pass_over(plan, event, effect, outcome, entry, open);
        }
        if (begun == nullptr && parts_.on_interrupted == OnInterrupted::hold) {
            effect.attempt = known->attempt;
            return hold(plan, event, effect, entry, open);
        }
    }
    if (auto why = parts_.upcasts.upcast(event)) {
        return pass_over(plan, event, effect, not_understood(*std::move(why)), entry, open);
    }
    return act(plan, event, *lease, effect, entry, open);
}

Carried EffectApplier::act(Plan& plan, Event& event, const Lease& lease, Effect effect, const Entry& entry,
                           Open& open) {
    const double share = static_cast<double>(held_.size()) / parts_.partitions;
    plan.rest = pace_.take(parts_.clock.steady(), share);
    if (plan.rest.count() > 0) return Carried::committed;
    // 1. Pending, together with the outcome of the one before.
    if (begun_.size() > limits::kActsRemembered) begun_.clear();
    begun_[act_of(effect)] = {lease.epoch, effect.attempt, std::nullopt};
    const Carried begun = settle(plan, entry, open, effect);
    if (begun != Carried::committed) return begun;
    // 2. The lease once more, then act.
    if (!parts_.leases.holds(lease.partition, lease.epoch)) {
        renew();
        return Carried::fenced;
    }
    const Outcome outcome = breaker_.judge(event.stream, acted(event, effect));
    begun_[act_of(effect)].outcome = outcome;
    // 3. Committed with the next one's pending, or at the end of the plan.
    finish(plan, event, effect, outcome, open);
    return Carried::committed;
}

Outcome EffectApplier::acted(const Event& event, const Effect& effect) {
    const Calling calling(parts_.watch, event, effect.attempt);
    try {
        return object_->act(event, {effect.attempt, parts_.clock.now() + parts_.time_limit, effect.key});
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    }
}

// Not acted: the outcome is known already. A step has room for one outcome, so that of the one before goes by
// itself.
Carried EffectApplier::pass_over(Plan& plan, const Event& event, const Effect& effect, const Outcome& outcome,
                                 const Entry& entry, Open& open) {
    if (open.finished) {
        const Carried carried = settle(plan, entry, open);
        if (carried != Carried::committed) return carried;
    }
    finish(plan, event, effect, outcome, open);
    return settle(plan, entry, open);
}

Outcome EffectApplier::interrupted(const Effect& effect, const std::string& remedy) {
    return {Outcome::Kind::rejected,
            "attempt " + std::to_string(effect.attempt) +
                " was interrupted: whether it was done is not known. Look for its key " + effect.key.text() +
                ", then " + remedy,
            {},
            {}};
}

// Whether it was done is not known, and it is not to be done twice: an operator decides. Retried, it acts.
Carried EffectApplier::hold(Plan& plan, const Event& event, Effect effect, const Entry& entry, Open& open) {
    if (open.finished) {
        const Carried carried = settle(plan, entry, open);
        if (carried != Carried::committed) return carried;
    }
    finish(plan, event, effect, interrupted(effect, "retry or skip it"), open);
    open.finished->state = EffectState::held;
    open.attempts.back().outcome = "interrupted";
    return settle(plan, entry, open);
}

const EffectApplier::Begun* EffectApplier::begun_here(const Effect& known) const {
    const auto begun = begun_.find(act_of(known));
    const bool ours =
        begun != begun_.end() && begun->second.epoch == known.epoch && begun->second.attempt == known.attempt;
    return ours ? &begun->second : nullptr;
}

// Commits what is open, and that `next` is pending.
Carried EffectApplier::settle(Plan& plan, const Entry& entry, Open& open, std::optional<Effect> next) {
    const Carried carried = commit({entry, std::exchange(open.finished, std::nullopt), plan.updates(),
                                    std::exchange(open.attempts, {}), std::move(next)});
    if (carried != Carried::committed) return carried;
    for (auto& [stream, change] : plan.streams) {
        parts_.rows.put(change.now);
        change.before = change.now;
    }
    tell(parts_.watch, open.failures);
    return carried;
}

void EffectApplier::finish(Plan& plan, const Event& event, Effect effect, const Outcome& outcome, Open& open) {
    auto& change = plan.streams.at(event.stream);
    effect.state = state_of(outcome);
    effect.note = outcome.reason;
    open.finished = effect;
    if (outcome.advances()) {
        change.now.revision = event.revision;
        change.now.attempts = 0;
        plan.advanced = true;
        return;
    }
    const StreamRow was = change.now;
    change.now = parts_.parking.parked(was, event, outcome);
    change.failed = true;
    if (auto attempt = attempt_of(was, change.now, event, outcome)) open.attempts.push_back(*std::move(attempt));
    plan.away = breaker_.away_after(outcome);
    open.failures.push_back({&event, change.now, outcome.reason});
}

Carried EffectApplier::commit(const EffectStep& step) {
    switch (parts_.ledger.commit(step)) {
        case Flushed::committed:
            if (step.finished) begun_.erase(act_of(*step.finished));
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
