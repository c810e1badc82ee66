// A side-effect worker in the fake world.
#pragma once

#include <gtest/gtest.h>

#include "host/worker/effect_applier.hpp"
#include "host/worker/worker.hpp"
#include "tests/unit/worker/world.hpp"

namespace lantern::worker::fake {

// Notes what it did, under which key; fails as told.
class Sender final : public SideEffect {
public:
    struct Log {
        std::vector<std::pair<std::string, Uuid>> acts;
        std::function<Outcome(const Event&, const Attempt&)> script;
    };
    explicit Sender(Log& log) : log_(log) {}

    Outcome act(const Event& event, const Attempt& attempt) override {
        log_.acts.emplace_back(event.data, attempt.idempotency_key);
        return log_.script ? log_.script(event, attempt) : Outcome{};
    }

private:
    Log& log_;
};

struct HowToAct {
    OnInterrupted on_interrupted = OnInterrupted::repeat;
    std::optional<Rate> rate{};
};

// One process: what it knows beside the ledger ends with it.
struct MailProcess {
    MailProcess(World& world, Sender::Log& log, const HowToAct& how)
        : rows(world.model),
          effects({
              .handler = HandlerName{"mail"},
              .partitions = kPartitions,
              .time_limit = std::chrono::seconds(30),
              .make_object = [&log] { return std::make_unique<Sender>(log); },
              .model = world.model,
              .ledger = world.model,
              .leases = world.leases,
              .rows = rows,
              .upcasts = world.upcasts,
              .watch = world.notes,
              .clock = world.clock,
              .parking = {world.backoff_, world.clock, world.random},
              .on_interrupted = how.on_interrupted,
              .rate = how.rate,
          }),
          worker({
              .handler = settings(),
              .deliveries = world.queue,
              .leases = world.leases,
              .history = world.store,
              .model = world.model,
              .applier = effects,
              .rows = rows,
              .watch = world.notes,
              .clock = world.clock,
              .random = world.random,
          }) {}

    static HandlerSettings settings() {
        HandlerSettings settings;
        settings.name = HandlerName{"mail"};
        settings.partitions = kPartitions;
        return settings;
    }

    Rows rows;
    EffectApplier effects;
    Worker worker;
};

struct EffectWorld : World {
    explicit EffectWorld(const Backoff& backoff = {}, const HowToAct& how = {}) : World(backoff), how(how) {}

    const HowToAct how;
    Sender::Log log;
    std::unique_ptr<MailProcess> process = std::make_unique<MailProcess>(*this, log, how);

    // kill -9, and its successor: what was delivered comes again, the lease has another epoch.
    void crash() {
        process = std::make_unique<MailProcess>(*this, log, how);
        for (int partition = 0; partition < kPartitions; ++partition) leases.steal(Partition{partition});
        queue.disconnect();
    }
    Milliseconds turn() { return process->worker.turn(Milliseconds(0)); }
    void settle(int turns = 20) { World::settle(process->worker, turns); }
    std::vector<std::string> acts() const {
        std::vector<std::string> all;
        for (const auto& [data, key] : log.acts) all.push_back(data);
        return all;
    }
    const Effect& effect_of(const Event& event) const { return model.ledger.at(event.id); }
};

}  // namespace lantern::worker::fake
