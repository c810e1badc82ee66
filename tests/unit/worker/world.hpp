// A projection worker in the fake world, ready to turn.
#pragma once

#include "host/worker/projection_applier.hpp"
#include "host/worker/worker.hpp"
#include "tests/unit/worker/fakes.hpp"

namespace lantern::worker::fake {

inline constexpr int kPartitions = 4;

struct World {
    explicit World(const Backoff& backoff = {}) : backoff_(backoff) {}

    const Backoff backoff_;
    Routes routes{{{"NOTED", Position{0}, std::nullopt}}};
    Trouble trouble;
    ManualClock clock;
    SystemRandom random{7};
    Store store{trouble};
    Queue queue{trouble, kPartitions};
    LeaseTable leases{trouble, kPartitions, routes};
    Model model{trouble, leases};
    Rows rows{model};
    NoUpcasts upcasts;
    Notes notes;
    Appender::Script script;
    int objects = 0;
    ProjectionApplier applier{{
        .tables = {Table{
            "notes", Ownership::owned, {{"id", ColumnType::text}, {"value", ColumnType::text}}, 1, {}}},
        .make_object =
            [this] {
                ++objects;
                return std::make_unique<Appender>(
                    [this](const Event& event) { return script ? script(event) : Outcome{}; });
            },
        .model = model,
        .rows = rows,
        .upcasts = upcasts,
        .watch = notes,
        .clock = clock,
        .parking = {backoff_, clock, random},
    }};
    Worker worker{{
        .handler =
            [] {
                HandlerSettings settings;
                settings.name = HandlerName{"notes"};
                settings.partitions = kPartitions;
                return settings;
            }(),
        .deliveries = queue,
        .leases = leases,
        .history = store,
        .model = model,
        .applier = applier,
        .rows = rows,
        .watch = notes,
        .clock = clock,
        .random = random,
    }};

    Event append(std::int64_t stream, const std::string& data) { return store.append(stream, "NOTED", data); }
    void append_and_deliver(std::int64_t stream, const std::string& data) { queue.deliver(append(stream, data)); }

    // As its first event left it, which failed before; due now.
    void park(std::int64_t stream) {
        StreamRow& row = model.stream(stream);
        row.stream = StreamId{stream};
        row.state = StreamState::retrying;
        row.seen = Revision{1};
        row.next_attempt_at = clock.now();
    }

    // Turns of the worker, with recovery as run() does it.
    void settle(int turns = 200) { settle(worker, turns); }
    void settle(Worker& driven, int turns) {
        for (int turn = 0; turn < turns; ++turn) {
            try {
                driven.turn(Milliseconds(0));
            } catch (const Fault& fault) {
                try {
                    driven.recover(fault);
                } catch (const Fault&) {
                    // tried again by the next turn's own failure
                }
            }
            clock.advance(std::chrono::milliseconds(600));
        }
    }
    std::string value(std::int64_t stream) {
        const auto at = model.table.find("thing-" + std::to_string(stream));
        return at == model.table.end() ? "" : std::get<std::string>(at->second.at(1));
    }
};

inline Outcome retry(const std::string& why) {
    return {Outcome::Kind::retry, why, {}, {}};
}

}  // namespace lantern::worker::fake
