// Carries a plan out: the plugin is called for each event in order, and what came of it is committed.
#pragma once

#include "host/worker/plan.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker {

enum class Carried {
    committed,  // up to where a dependency was away (Plan::away)
    again,      // nothing was written, the world was not as believed; rows and caches are forgotten: plan anew
    fenced,     // nothing was written, a lease is no longer ours
};

class Applier {
public:
    virtual ~Applier() = default;

    virtual Carried carry_out(Plan& plan, const std::vector<Lease>& held) = 0;
    // Forgets what was believed: after a lost connection, and when leases changed.
    virtual void renew() = 0;
};

// Marks the end of a stream's events in the plan: streams that were caught up to the store's end are live again.
void unpark_caught_up(Plan& plan, Timestamp now);

}  // namespace lantern::worker
