// Processes: a worker or a relay on its ports. One step at a time; a crash leaves only what servers know of it.
#pragma once

#include <memory>

#include "host/relay/relay.hpp"
#include "host/worker/effect_applier.hpp"
#include "host/worker/projection_applier.hpp"
#include "host/worker/worker.hpp"
#include "tests/sim/handler.hpp"

namespace lantern::sim {

class Actor {
public:
    virtual ~Actor() = default;

    // One step, unless it is within one, frozen, or waits after trouble.
    void step();
    void crash();             // unless it is within a step
    virtual void stop() = 0;  // leaves in good order; the next step is a new process's
    void freeze(std::chrono::milliseconds time) { not_before_ = world_.clock.steady() + time; }
    void wake() { not_before_ = {}; }
    bool busy() const { return busy_; }

protected:
    explicit Actor(World& world) : world_(world) {}

    virtual void do_step() = 0;
    virtual void die() = 0;

    World& world_;
    std::chrono::steady_clock::time_point not_before_{};
    bool busy_ = false;
};

class WorkerActor final : public Actor {
public:
    // Numbers are given to processes by `next_number`, growing over all workers.
    WorkerActor(World& world, Store& store, Broker& broker, Handler& handler, int& next_number,
                std::size_t fill_max)
        : Actor(world),
          store_(store),
          broker_(broker),
          handler_(handler),
          next_number_(next_number),
          fill_max_(fill_max) {}

    void stop() override;

private:
    struct Process;
    struct Deleter {
        void operator()(Process* process) const;
    };

    void do_step() override;
    void die() override;

    Store& store_;
    Broker& broker_;
    Handler& handler_;
    int& next_number_;
    const std::size_t fill_max_;
    std::unique_ptr<Process, Deleter> process_;
    std::optional<Fault> trouble_;  // to recover from
};

class RelayActor final : public Actor {
public:
    RelayActor(World& world, Store& store, Broker& broker, RelayRow& row, int& next_number,
               relay::Relay::Options options)
        : Actor(world), store_(store), broker_(broker), row_(row), next_number_(next_number), options_(options) {}

    void stop() override;

private:
    struct Process {
        Process(World& world, Store& store, Broker& broker, RelayRow& row, int number,
                relay::Relay::Options options)
            : source(world, store),
              leadership(world, row, store, broker, number),
              publisher(world, broker),
              relay(source, leadership, publisher, world.clock, options) {}

        SourcePort source;
        LeadershipPort leadership;
        PublisherPort publisher;
        relay::Relay relay;
    };

    void do_step() override;
    void die() override { process_.reset(); }

    Store& store_;
    Broker& broker_;
    RelayRow& row_;
    int& next_number_;
    const relay::Relay::Options options_;
    std::unique_ptr<Process> process_;
};

}  // namespace lantern::sim
