// Side effects, one at a time, with their ledger:
//   1. commit the ledger row `pending` with lease epoch and attempt
//   2. look at the lease once more, act
//   3. commit the outcome and the stream row together, and in the same transaction the next `pending`
// A pending row found later was interrupted between 1 and 3. When this process knows what came of it, because only
// the commit failed, that is committed now. Else, as the handler's settings say, it is done again with the same
// key, or held: its stream is dead until an operator decides.
// What an operator asked for again (a run over history) goes the same three steps beside delivery, and touches no
// stream row: what fails is tried again by the handler's `retry`, and what fails for good ends its stream's part of
// the run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "host/core/clock.hpp"
#include "host/core/handler.hpp"
#include "host/worker/applier.hpp"
#include "host/worker/breaker.hpp"
#include "host/worker/pace.hpp"
#include "host/worker/parking.hpp"

namespace lantern::worker {

class EffectApplier final : public Applier {
public:
    struct Parts {
        HandlerName handler;
        int partitions = 1;
        std::chrono::milliseconds time_limit{30'000};
        std::function<std::unique_ptr<SideEffect>()> make_object;
        ReadModel& model;
        Ledger& ledger;
        Leases& leases;
        Rows& rows;
        Upcasts& upcasts;
        Watch& watch;
        Clock& clock;
        Parking parking;
        OnInterrupted on_interrupted = OnInterrupted::repeat;
        std::optional<Rate> rate{};
    };
    explicit EffectApplier(Parts parts) : parts_(std::move(parts)), pace_(parts_.rate) {}

    Carried carry_out(Plan& plan, const std::vector<Lease>& held) override;
    Again act_again(const std::vector<Lease>& held, const Verdicts& verdicts) override;
    std::string away() const override { return breaker_.away(); }
    void renew() override;

    // The same over all attempts, builds and machines for (handler, event); and, where an operator asked for new
    // keys, for (handler, event, run).
    static Uuid idempotency_key(const HandlerName& handler, const EventId& event, std::int64_t run = 0);

private:
    // What is finished but not committed yet: it goes into the next one's transaction.
    struct Open {
        std::optional<Effect> finished;
        std::vector<FailedAttempt> attempts;
        std::vector<Failure> failures;
    };

    // An act whose end is not committed yet, as this process knows it.
    struct Begun {
        Epoch epoch;
        int attempt = 1;
        std::optional<Outcome> outcome;  // nothing: it was not done
    };

    static EffectState state_of(const Outcome& outcome);
    static Outcome interrupted(const Effect& effect, const std::string& remedy);
    Entry enter(const std::vector<Lease>& held);
    Carried take(Plan& plan, Event& event, const Entry& entry, Open& open);
    Carried act(Plan& plan, Event& event, const Lease& lease, Effect effect, const Entry& entry, Open& open);
    Outcome acted(const Event& event, const Effect& effect);
    Carried pass_over(Plan& plan, const Event& event, const Effect& effect, const Outcome& outcome,
                      const Entry& entry, Open& open);
    Carried hold(Plan& plan, const Event& event, Effect effect, const Entry& entry, Open& open);
    const Begun* begun_here(const Effect& known) const;
    Carried settle(Plan& plan, const Entry& entry, Open& open, std::optional<Effect> next = std::nullopt);
    Carried commit(const EffectStep& step);
    void finish(Plan& plan, const Event& event, Effect effect, const Outcome& outcome, Open& open);
    const Lease* lease_of(StreamId stream, const std::vector<Lease>& held) const;
    static std::pair<EventId, std::int64_t> act_of(const Effect& effect) { return {effect.event, effect.run}; }

    // In effect_again.cpp.
    std::optional<Outcome> known_outcome(AskedEffect& asked, const Verdicts& verdicts);
    Carried act_asked(const AskedEffect& asked, const Lease& lease, const Entry& entry,
                      std::optional<Effect>& open);
    void settle_asked(const AskedEffect& asked, const Outcome& outcome, Again& again, std::optional<Effect>& open);

    Parts parts_;
    std::unique_ptr<SideEffect> object_;
    std::optional<Generation> generation_;
    std::vector<Lease> held_;
    Breaker breaker_;
    Pace pace_;
    // By event and run. Outlives lost connections and leases: the ledger says whether it still counts.
    std::map<std::pair<EventId, std::int64_t>, Begun> begun_;
};

}  // namespace lantern::worker
