#include "tests/sim/acts.hpp"

namespace lantern::sim {
namespace {

std::string name_of(const Event& event) {
    return "stream " + std::to_string(event.stream.value) + " revision " + std::to_string(event.revision.value);
}

}  // namespace

void Acts::act(int worker, const Event& event, const Uuid& key, bool succeeded) {
    ++count_;
    if (!keys_.try_emplace(event.id, key).second && keys_.at(event.id) != key) {
        world_.violated("the idempotency key changed: " + name_of(event));
    }
    check_order(event);
    const Look& look = looks_[worker];
    if (const auto done = clean_.find(event.id); done != clean_.end() && done->second < look.moment) {
        world_.violated("acted though it had been recorded as done: " + name_of(event));
    }
    open_[worker] = {event, look, succeeded};
    if (succeeded) succeeded_.insert(event.id);
}

void Acts::check_order(const Event& event) const {
    const Routes routes = leases_.routes();
    if (!routes.want(event.type, event.position)) world_.violated("acted on an unwanted event: " + name_of(event));
    for (const Event* earlier : store_.visible()) {
        if (earlier->stream == event.stream && earlier->revision < event.revision &&
            routes.want(earlier->type, earlier->position) && !succeeded_.contains(earlier->id)) {
            world_.violated("acted out of order: " + name_of(event) + " before " + name_of(*earlier));
        }
    }
}

void Acts::committing(int worker, const EventId& event) {
    const auto at = open_.find(worker);
    if (at == open_.end() || at->second.event.id != event) return;
    const Open act = at->second;
    open_.erase(at);
    if (!act.succeeded || leases_.epoch(partition_of_event(act.event)) != act.look.epoch) return;
    if (!clean_.try_emplace(event, ++moment_).second) {
        world_.violated("acted twice though nothing fell between: " + name_of(act.event));
    }
}

}  // namespace lantern::sim
