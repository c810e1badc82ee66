// The sweep on the simulated store and its handlers: see host/postgres/sql/functions/sweep.sql.
#pragma once

#include "host/sweep/sweep.hpp"
#include "tests/sim/actors.hpp"

namespace lantern::sim {

class GroundPort final : public sweep::Ground {
public:
    GroundPort(World& world, Store& store, const RelayRow& relay,
               const std::vector<std::unique_ptr<Handler>>& handlers)
        : world_(world), store_(store), relay_(relay), handlers_(handlers) {}

    Mark published() override;
    std::vector<sweep::Standing> handlers() override;
    std::vector<sweep::Look> look(std::span<const HandlerName> handlers, const Mark& from, const Mark& to,
                                  Position after, std::size_t limit) override;
    void note(const HandlerName& handler, std::span<const sweep::Behind> behind) override;
    bool advance(const HandlerName& handler, const sweep::Verified& before, const sweep::Verified& after) override;

private:
    Handler& named(const HandlerName& name) const;
    std::vector<const Event*> page(const Mark& from, const Mark& to, Position after, std::size_t limit) const;
    void look_for(Handler& handler, std::span<const Event* const> page, sweep::Look& look) const;

    World& world_;
    Store& store_;
    const RelayRow& relay_;
    const std::vector<std::unique_ptr<Handler>>& handlers_;
};

class SweepActor final : public Actor {
public:
    SweepActor(World& world, Store& store, const RelayRow& relay,
               const std::vector<std::unique_ptr<Handler>>& handlers, std::size_t page_events)
        : Actor(world), ground_(world, store, relay, handlers), page_events_(page_events) {}

    void stop() override {
        if (!busy_) die();
    }

private:
    void do_step() override;
    void die() override { sweep_.reset(); }

    GroundPort ground_;
    const std::size_t page_events_;
    std::optional<sweep::Sweep> sweep_;
};

}  // namespace lantern::sim
