// Carries a plan out: the plugin is called for each event in order, and what came of it is committed.
#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

#include "host/worker/plan.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker {

enum class Carried {
    committed,  // up to where a dependency was away (Plan::away)
    again,      // nothing was written, the world was not as believed; rows and caches are forgotten: plan anew
    fenced,     // nothing was written, a lease is no longer ours
};

// What came of a look at what operators asked for again.
struct Again {
    Carried carried = Carried::committed;
    bool acted = false;                 // there may be more
    bool advanced = false;              // one was done, or passed over by the plugin
    std::string away;                   // a dependency that was away
    std::chrono::milliseconds rest{0};  // the handler's rate allows no more before
};

// Events for which the plugin is not to be called any more, and what is said instead.
using Verdicts = std::unordered_map<EventId, Outcome>;

class Applier {
public:
    virtual ~Applier() = default;

    virtual Carried carry_out(Plan& plan, const std::vector<Lease>& held) = 0;
    // Side effects: acts that operators asked for again, beside delivery.
    virtual Again act_again(const std::vector<Lease>& /*held*/, const Verdicts& /*verdicts*/) { return {}; }
    // The dependency that is away, and why, since no event has shown yet that it is back; empty: none.
    virtual std::string away() const = 0;
    // Forgets what was believed: after a lost connection, and when leases changed.
    virtual void renew() = 0;
};

// Marks the end of a stream's events in the plan: streams that were caught up to the store's end are live again.
void unpark_caught_up(Plan& plan, Timestamp now);

}  // namespace lantern::worker
