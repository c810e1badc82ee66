#include "host/worker/careful_applier.hpp"

#include <algorithm>

#include "host/core/limits.hpp"

namespace lantern::worker {
namespace {

class Alone {
public:
    explicit Alone(Watch& watch) : watch_(watch) { watch_.alone(); }
    ~Alone() { watch_.in_company(); }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

private:
    Watch& watch_;
};

}  // namespace

Outcome verdict_on(const Suspect& suspect) {
    std::string reason =
        "the plugin died of this event " + std::to_string(suspect.crashes) + " times: " + suspect.cause;
    if (!suspect.backtrace.empty()) reason += "\n" + suspect.backtrace;
    return {Outcome::Kind::rejected, std::move(reason), {}, {}};
}

Carried CarefulApplier::carry_out(Plan& plan, const std::vector<Lease>& held) {
    look_at(held);
    if (convicts(plan)) {
        read_crashes();
        plan.verdicts.clear();
        convicts(plan);
    }
    if (suspects_.empty() && parts_.clock.steady() >= all_until_) return parts_.applier.carry_out(plan, held);
    const auto suspect = std::find_if(plan.events.begin(), plan.events.end(),
                                      [&](const Event* event) { return suspects(plan, *event); });
    if (suspect == plan.events.end()) return parts_.applier.carry_out(plan, held);
    if (suspect != plan.events.begin()) {
        plan.cut(static_cast<std::size_t>(suspect - plan.events.begin()));
        return parts_.applier.carry_out(plan, held);
    }
    plan.cut(1);
    const Alone alone(parts_.watch);
    return parts_.applier.carry_out(plan, held);
}

// Each act is a call of its own, so nothing else can be charged with what it does.
Again CarefulApplier::act_again(const std::vector<Lease>& held, const Verdicts& verdicts) {
    look_at(held);
    Verdicts all = verdicts;
    for (const auto& [event, suspect] : suspects_)
        if (suspect.crashes >= limits::kCrashesMax) all.emplace(event, verdict_on(suspect));
    return parts_.applier.act_again(held, all);
}

void CarefulApplier::look_at(const std::vector<Lease>& held) {
    const bool same = std::equal(held.begin(), held.end(), known_for_.begin(), known_for_.end(),
                                 [](const Lease& lease, const auto& known) {
                                     return lease.partition == known.first && lease.epoch == known.second;
                                 });
    if (same) return;
    read_crashes();
    known_for_.clear();
    for (const Lease& lease : held) known_for_.emplace_back(lease.partition, lease.epoch);
}

void CarefulApplier::read_crashes() {
    Suspicion suspicion = parts_.crashes.suspicion();
    suspects_.clear();
    for (Suspect& suspect : suspicion.events) suspects_.emplace(suspect.event, std::move(suspect));
    all_until_ = parts_.clock.steady() + suspicion.all;
}

// True when some event of the plan has a verdict.
bool CarefulApplier::convicts(Plan& plan) const {
    if (suspects_.empty()) return false;
    for (const Event* event : plan.events) {
        const auto known = suspects_.find(event->id);
        if (known != suspects_.end() && known->second.crashes >= limits::kCrashesMax)
            plan.verdicts.emplace(event, verdict_on(known->second));
    }
    return !plan.verdicts.empty();
}

bool CarefulApplier::suspects(const Plan& plan, const Event& event) const {
    if (plan.verdicts.contains(&event)) return false;
    return suspects_.contains(event.id) || parts_.clock.steady() < all_until_;
}

}  // namespace lantern::worker
