// Knows nothing of workers and relays: only what was committed to the store, and what came of it.
#include "host/worker/effect_applier.hpp"
#include "tests/sim/schedule.hpp"

namespace lantern::sim {
namespace {

struct Fold {
    std::map<std::string, std::string> logs;
    std::map<std::string, Row> types;
    std::map<StreamId, Revision> reached;
    std::vector<const Event*> events;
};

Fold fold(const Store& store, const Routes& routes) {
    Fold fold;
    for (const Event* event : store.visible()) {
        if (!routes.want(event->type, event->position)) continue;
        fold.events.push_back(event);
        fold.logs[event->aggregate_id] += event->data;
        fold.reached[event->stream] = event->revision;
        Row& row =
            fold.types.try_emplace(event->type, Row{event->type, std::int64_t{0}, std::int64_t{0}, std::int64_t{0}})
                .first->second;
        ++std::get<std::int64_t>(row[1]);
        row[2] = std::max(std::get<std::int64_t>(row[2]), event->revision.value);
        row[3] = event->position.value;
    }
    return fold;
}

void check_projection(World& world, const Handler& handler, const Fold& expected) {
    for (const auto& [thing, log] : expected.logs) {
        const auto at = handler.tables.things.find(thing);
        const std::string found = at == handler.tables.things.end() ? "" : std::get<std::string>(at->second.at(1));
        if (found != log) world.violated(thing + " is \"" + found + "\", a fresh fold gives \"" + log + "\"");
    }
    if (handler.tables.things.size() != expected.logs.size()) world.violated("rows that no event made");
    if (handler.tables.types != expected.types) world.violated("the shared table differs from a fresh fold");
}

void check_effects(World& world, const Handler& handler, const Fold& expected) {
    for (const Event* event : expected.events) {
        const std::string name = "effect of position " + std::to_string(event->position.value);
        if (!handler.acts.succeeded(event->id)) world.violated(name + " was never done");
        const auto row = handler.tables.ledger.find(event->id);
        if (row == handler.tables.ledger.end() || row->second.state != worker::EffectState::done) {
            world.violated(name + " is not noted as done" +
                           (row == handler.tables.ledger.end()
                                ? ", but nowhere"
                                : ", but as state " + std::to_string(static_cast<int>(row->second.state)) +
                                      " of attempt " + std::to_string(row->second.attempt)));
        } else if (row->second.key != worker::EffectApplier::idempotency_key(handler.settings.name, event->id)) {
            world.violated(name + " has a key of its own");
        }
    }
    if (handler.tables.ledger.size() != expected.events.size()) world.violated("effects that no event asked for");
}

}  // namespace

std::string held_back(const Store& store, const Handler& handler) {
    for (const auto& [stream, revision] : fold(store, handler.leases.routes()).reached) {
        if (stream.value <= handler.poisoned_up_to) continue;
        const worker::StreamRow* row = handler.tables.stream(stream);
        if (row != nullptr && (row->state == worker::StreamState::dead || row->revision == revision)) continue;
        return handler.settings.name.value + ": stream " + std::to_string(stream.value) +
               " is held back by others that fail";
    }
    return {};
}

void check(World& world, const Store& store, const Handler& handler) {
    const Fold expected = fold(store, handler.leases.routes());
    for (const auto& [stream, revision] : expected.reached) {
        const worker::StreamRow* row = handler.tables.stream(stream);
        const Revision reached = row == nullptr ? Revision{} : row->revision;
        if (reached != revision) {
            world.violated(handler.settings.name.value + ": stream " + std::to_string(stream.value) + " ends at " +
                           std::to_string(reached.value) + ", not at " + std::to_string(revision.value));
        }
    }
    if (handler.kind == Kind::projection) {
        check_projection(world, handler, expected);
    } else {
        check_effects(world, handler, expected);
    }
}

}  // namespace lantern::sim
