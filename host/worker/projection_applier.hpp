// A projection's batch: all events through the plugin first, then one transaction for tables and stream rows.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "host/core/clock.hpp"
#include "host/worker/applier.hpp"
#include "host/worker/breaker.hpp"
#include "host/worker/changes.hpp"
#include "host/worker/parking.hpp"

namespace lantern::worker {

class ProjectionApplier final : public Applier {
public:
    // Makes the plugin's object. Throws Fault of kind configuration when the plugin refuses.
    using MakeObject = std::function<std::unique_ptr<Projection>()>;

    struct Parts {
        std::vector<Table> tables;
        MakeObject make_object;
        ReadModel& model;
        Rows& rows;
        Upcasts& upcasts;
        Watch& watch;
        Clock& clock;
        Parking parking;
    };
    explicit ProjectionApplier(Parts parts);

    Carried carry_out(Plan& plan, const std::vector<Lease>& held) override;
    std::string away() const override { return breaker_.away(); }
    void renew() override;

private:
    class Recording;  // the Recorder that the plugin sees

    Carried attempt(Plan& plan, std::span<Event* const> events, const Entry& entry);
    Carried one_by_one(Plan& plan, const Entry& entry);
    void call(Plan& plan, Event& event, Recording& recording);
    Outcome outcome_of(Event& event, const StreamChange& change, Recording& recording);
    Outcome handled(const Event& event, int attempt, Recording& recording);
    void park(Plan& plan, const Event& event, const Outcome& outcome);
    Carried flush(Plan& plan, const Entry& entry);
    void notice_replayed(Plan& plan);
    Entry entry_of(const std::vector<Lease>& held);

    Parts parts_;
    std::unique_ptr<Projection> object_;
    std::optional<Generation> generation_;
    Changes changes_;
    Breaker breaker_;
    std::vector<FailedAttempt> attempts_;
    std::vector<Failure> failures_;                                 // of the flush to come
    std::unordered_map<const Event*, std::string> not_understood_;  // of the batch in hand: why
};

}  // namespace lantern::worker
