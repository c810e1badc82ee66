// Keeps an event that killed workers from harming others. An event that one died of is carried out alone, in a
// batch of its own, so that nothing else can be charged with what it does; after limits::kCrashesMax deaths the
// plugin is not called for it any more, and its stream is parked as dead. What is known of crashes is read when a
// lease comes, since whoever held it before may have died, and again before a stream is parked, since an operator
// may have forgiven. Without crashes it costs nothing.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "host/worker/applier.hpp"

namespace lantern::worker {

class CarefulApplier final : public Applier {
public:
    struct Parts {
        Applier& applier;
        Crashes& crashes;
        Watch& watch;
        Clock& clock;
    };
    explicit CarefulApplier(Parts parts) : parts_(parts) {}

    Carried carry_out(Plan& plan, const std::vector<Lease>& held) override;
    Again act_again(const std::vector<Lease>& held, const Verdicts& verdicts) override;
    std::string away() const override { return parts_.applier.away(); }
    void renew() override { parts_.applier.renew(); }

private:
    using Leaseholds = std::vector<std::pair<Partition, Epoch>>;

    void look_at(const std::vector<Lease>& held);
    void read_crashes();
    bool convicts(Plan& plan) const;
    bool suspects(const Plan& plan, const Event& event) const;

    Parts parts_;
    Leaseholds known_for_;
    std::unordered_map<EventId, Suspect> suspects_;
    std::chrono::steady_clock::time_point all_until_{};  // before: any event may be to blame
};

// What is said of a stream that is parked for its crashes: cause, count and backtrace.
Outcome verdict_on(const Suspect& suspect);

}  // namespace lantern::worker
