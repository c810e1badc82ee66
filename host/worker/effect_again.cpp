// What operators asked for again: the same protocol as delivery's, one act at a time, in each stream by revision.
#include <utility>

#include "host/core/limits.hpp"
#include "host/worker/effect_applier.hpp"

namespace lantern::worker {
namespace {

constexpr std::size_t kAskedAtOnce = 100;

}  // namespace

Again EffectApplier::act_again(const std::vector<Lease>& held, const Verdicts& verdicts) {
    Again again;
    std::vector<Partition> partitions;
    for (const Lease& lease : held) partitions.push_back(lease.partition);
    if (partitions.empty()) return again;
    auto asked = parts_.ledger.asked(partitions, parts_.partitions, parts_.clock.now(), kAskedAtOnce);
    if (asked.empty()) return again;
    const Entry entry = enter(held);
    std::optional<Effect> open;  // finished, and not committed yet: it goes into the next one's transaction
    const auto until = parts_.clock.steady() + limits::kActsAtOnce;
    for (auto& one : asked) {
        if (parts_.clock.steady() > until || !again.away.empty()) break;
        const Lease* lease = lease_of(one.effect.stream, held_);
        if (lease == nullptr) continue;
        auto outcome = known_outcome(one, verdicts);
        one.effect.epoch = lease->epoch;
        if (!outcome) {
            again.rest = pace_.take(parts_.clock.steady(), static_cast<double>(held_.size()) / parts_.partitions);
            if (again.rest.count() > 0) break;
            one.effect.state = EffectState::pending;
            again.carried = act_asked(one, *lease, entry, open);
            if (again.carried != Carried::committed) return again;
            outcome = begun_[act_of(one.effect)].outcome;
        } else if (open) {
            again.carried = commit({entry, std::exchange(open, std::nullopt), {}, {}, std::nullopt});
            if (again.carried != Carried::committed) return again;
        }
        again.acted = true;
        again.advanced = again.advanced || outcome->advances();
        settle_asked(one, *outcome, again, open);
    }
    if (open) again.carried = commit({entry, open, {}, {}, std::nullopt});
    return again;
}

// What is known to have come of it, or is said instead of calling the plugin. Nothing: act.
std::optional<Outcome> EffectApplier::known_outcome(AskedEffect& asked, const Verdicts& verdicts) {
    const auto verdict = verdicts.find(asked.event.id);
    if (asked.effect.state == EffectState::pending && verdict == verdicts.end()) {
        const Begun* begun = begun_here(asked.effect);
        if (begun != nullptr && begun->outcome) return begun->outcome;
        if (begun == nullptr && parts_.on_interrupted == OnInterrupted::hold) {
            asked.effect.state = EffectState::held;
            return interrupted(asked.effect, "ask for it again if it was not");
        }
    }
    ++asked.effect.attempt;
    if (verdict != verdicts.end()) return verdict->second;
    if (auto why = parts_.upcasts.upcast(asked.event)) return not_understood(*std::move(why));
    return std::nullopt;
}

// 1. Pending, together with the outcome of the one before. 2. The lease once more, then act. Its outcome stands in
// begun_ then; 3. is the next one's 1, or the end.
Carried EffectApplier::act_asked(const AskedEffect& asked, const Lease& lease, const Entry& entry,
                                 std::optional<Effect>& open) {
    if (begun_.size() > limits::kActsRemembered) begun_.clear();
    begun_[act_of(asked.effect)] = {lease.epoch, asked.effect.attempt, std::nullopt};
    const Carried begun = commit({entry, std::exchange(open, std::nullopt), {}, {}, asked.effect});
    if (begun != Carried::committed) return begun;
    if (!parts_.leases.holds(lease.partition, lease.epoch)) {
        renew();
        return Carried::fenced;
    }
    const Outcome outcome = breaker_.judge(asked.effect.stream, acted(asked.event, asked.effect));
    begun_[act_of(asked.effect)] = {lease.epoch, asked.effect.attempt, outcome};
    return Carried::committed;
}

void EffectApplier::settle_asked(const AskedEffect& asked, const Outcome& outcome, Again& again,
                                 std::optional<Effect>& open) {
    Effect effect = asked.effect;
    const bool held = effect.state == EffectState::held;
    effect.note = outcome.reason;
    effect.state = held ? EffectState::held : state_of(outcome);
    if (effect.state == EffectState::failed) {
        // As delivery parks a stream, but in the ledger.
        const StreamRow row{effect.stream, {}, {}, {}, effect.attempt - 1, {}, {}};
        const StreamRow parked = parts_.parking.parked(row, asked.event, outcome);
        if (parked.state == StreamState::retrying) {
            effect.state = EffectState::asked;
            effect.next_attempt_at = parked.next_attempt_at;
        }
        effect.attempt = parked.attempts;  // an outage counts none
        again.away = breaker_.away_after(outcome);
    }
    open = std::move(effect);
}

}  // namespace lantern::worker
