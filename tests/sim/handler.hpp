// A routed handler in the simulation: its settings, its part of PostgreSQL, and its plugin, which fails as the seed
// says until the schedule is quiet.
#pragma once

#include <memory>

#include "tests/sim/tables.hpp"

namespace lantern::sim {

enum class Kind { projection, side_effect };

class Handler {
public:
    Handler(World& world, Store& store, std::size_t number, Kind kind, HandlerSettings settings,
            std::vector<Route> routes, std::int64_t queue_events_max)
        : number(number),
          kind(kind),
          settings(std::move(settings)),
          queue_events_max(queue_events_max),
          leases(world, store, this->settings.partitions, std::move(routes), this->settings.start,
                 queue_events_max),
          acts(world, store, leases, this->settings.partitions),
          tables(world, leases, acts),
          world_(world) {}

    const std::size_t number;
    const Kind kind;
    const HandlerSettings settings;
    const std::int64_t queue_events_max;
    LeaseTable leases;
    Acts acts;
    Tables tables;

    // Streams up to this one fail whenever they are tried, also once the schedule is quiet.
    std::int64_t poisoned_up_to = 0;
    // The plugin's answer to the event, this time.
    Outcome answer(const Event& event);

private:
    World& world_;
    std::map<EventId, int> failures_left_;
};

std::unique_ptr<worker::Projection> make_projection(Handler& handler);
std::unique_ptr<worker::SideEffect> make_side_effect(Handler& handler, int worker);

// Understands events of version 2 now and then, and always once the schedule is quiet.
class Upcasts final : public worker::Upcasts {
public:
    explicit Upcasts(World& world) : world_(world) {}
    std::optional<std::string> upcast(Event& event) override {
        if (event.schema_version == 1 || world_.quiet || world_.chance.permille(700)) return std::nullopt;
        return "waits for a build that understands version 2";
    }

private:
    World& world_;
};

class Unwatched final : public worker::Watch {
public:
    void calling(const Event&, int) override {}
    void returned() override {}
    void applied(std::size_t, std::size_t, std::size_t) override {}
    void parked(const Event&, const worker::StreamRow&, const std::string&) override {}
    void malformed(const std::string&) override {}
    void waiting(const std::string&) override {}
};

}  // namespace lantern::sim
