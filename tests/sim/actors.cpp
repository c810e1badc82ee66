#include "tests/sim/actors.hpp"

namespace lantern::sim {

void Actor::step() {
    if (busy_ || world_.clock.steady() < not_before_) return;
    busy_ = true;
    try {
        do_step();
    } catch (const Crash&) {
        die();
    }
    busy_ = false;
}

void Actor::crash() {
    if (!busy_) die();
}

// Everything of one worker process, in the order in which it is made.
struct WorkerActor::Process {
    Process(World& world, Store& store, Broker& broker, Handler& handler, int number, std::size_t fill_max)
        : number(number),
          deliveries(world, broker, handler.number,
                     [&handler](const Event& event) { return may_go(handler, event); }),
          leases(world, handler.leases, number,
                 [&handler, number](Partition partition) { handler.acts.looked(number, partition); }),
          history(world, store, fill_max),
          model(world, handler.tables, number),
          rows(model),
          upcasts(world),
          applier(make_applier(world, handler)),
          worker({handler.settings, deliveries, leases, history, model, *applier, rows, watch, world.clock,
                  world.chance, static_cast<std::uint64_t>(handler.queue_events_max)}) {}

    static bool may_go(Handler& handler, const Event& event) {
        return !handler.leases.routes().want(event.type, event.position) || handler.tables.has_outcome(event);
    }

    std::unique_ptr<worker::Applier> make_applier(World& world, Handler& handler) {
        const worker::Parking parking(handler.settings.retry, world.clock, world.chance);
        if (handler.kind == Kind::projection) {
            return std::make_unique<worker::ProjectionApplier>(worker::ProjectionApplier::Parts{
                .tables = declared_tables(),
                .make_object = [&handler] { return make_projection(handler); },
                .model = model,
                .rows = rows,
                .upcasts = upcasts,
                .watch = watch,
                .clock = world.clock,
                .parking = parking,
            });
        }
        return std::make_unique<worker::EffectApplier>(worker::EffectApplier::Parts{
            .handler = handler.settings.name,
            .partitions = handler.settings.partitions,
            .make_object = [&handler, number = number] { return make_side_effect(handler, number); },
            .model = model,
            .ledger = model,
            .leases = leases,
            .rows = rows,
            .upcasts = upcasts,
            .watch = watch,
            .clock = world.clock,
            .parking = parking,
        });
    }

    const int number;
    DeliveriesPort deliveries;
    LeasesPort leases;
    HistoryPort history;
    ModelPort model;
    worker::Rows rows;
    Upcasts upcasts;
    Unwatched watch;
    std::unique_ptr<worker::Applier> applier;
    worker::Worker worker;
};

void WorkerActor::Deleter::operator()(Process* process) const {
    delete process;
}

// As Worker::run(), with the waiting left to the schedule.
void WorkerActor::do_step() {
    if (!process_) {
        process_.reset(new Process(world_, store_, broker_, handler_, ++next_number_, fill_max_));
    }
    try {
        if (trouble_) {
            const Fault trouble = *trouble_;
            trouble_.reset();
            process_->worker.recover(trouble);
        } else {
            process_->worker.turn(Milliseconds(0));
        }
    } catch (const Fault& fault) {
        handler_.acts.interrupted(process_->number);
        trouble_ = fault;
        freeze(std::chrono::milliseconds(world_.chance.between(0, 500)));
    }
}

void WorkerActor::die() {
    trouble_.reset();
    if (!process_) return;
    handler_.acts.interrupted(process_->number);
    // The host that reaps it says that it is gone; a lost host says nothing.
    if (world_.chance.permille(600)) handler_.leases.forget(process_->number);
    process_.reset();
    freeze(std::chrono::milliseconds(world_.chance.between(0, 2000)));
}

void WorkerActor::stop() {
    if (busy_ || !process_) return;
    busy_ = true;
    try {
        process_->worker.leave();
    } catch (const Crash&) {
        // It was ending anyhow.
    }
    busy_ = false;
    die();
}

void RelayActor::do_step() {
    if (!process_) {
        process_ = std::make_unique<Process>(world_, store_, broker_, row_, ++next_number_, options_);
    }
    const relay::Step step = process_->relay.step();
    freeze(step.wait);
}

void RelayActor::stop() {
    if (busy_ || !process_) return;
    busy_ = true;
    try {
        process_->relay.stop();
    } catch (const Crash&) {
        // It was ending anyhow.
    }
    busy_ = false;
    die();
}

}  // namespace lantern::sim
