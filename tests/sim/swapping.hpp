// A rebuild beside a projection's live tables, and the swap: the real conductor on a site of the simulation. See
// host/apps/backfill/backfill_site.cpp.
#pragma once

#include <memory>

#include "tests/sim/actors.hpp"

namespace lantern::sim {

// One job after the other until the schedule is quiet. A crash gives the job up: what it built beside is gone.
class SwapActor final : public Actor {
public:
    SwapActor(World& world, Store& store, Handler& handler, std::size_t page_events);
    ~SwapActor() override;

    void stop() override {
        if (!busy_) die();
    }
    bool at_work() const { return job_ != nullptr; }

private:
    class Job;

    void do_step() override;
    void die() override;

    Store& store_;
    Handler& handler_;
    const std::size_t page_events_;
    std::unique_ptr<Job> job_;
};

}  // namespace lantern::sim
