#include "host/postgres/operate/deliveries.hpp"

namespace lantern::postgres {
namespace {

using State = http::Delivery::State;

bool effect_is(const Explained& handler, const std::string& state) {
    return handler.effect && handler.effect->state == state;
}

State state_of(const Explained& handler) {
    const auto& verdict = handler.verdict;
    if (verdict == "skipped" || effect_is(handler, "suppressed")) return State::suppressed;
    if (verdict == "applied") return State::applied;
    if (verdict == "retrying") return State::retrying;
    if (verdict == "dead") return State::dead;
    const bool acts = verdict == "pending" && effect_is(handler, "pending");
    return acts ? State::processing : State::pending;
}

std::string reason_of(const Explained& handler) {
    if (handler.verdict == "skipped") return "an operator passed over it";
    if (effect_is(handler, "suppressed")) return "it came with an import";
    if (effect_is(handler, "held"))
        return "its act was interrupted, and an operator decides whether it is repeated";
    if (handler.verdict == "behind" && handler.first)
        return "an earlier event of its stream, " + handler.first->type + " " + handler.first->id.text() + ", is " +
               (handler.next_attempt_at ? "retrying" : "dead");
    if (handler.verdict != "pending") return {};
    if (handler.state != "attached" && handler.state != "detached")  // else its workers read, the one or other way
        return "the handler is " + handler.state +
               (handler.state_reason.empty() ? "" : ": " + handler.state_reason);
    return handler.worker && handler.worker->alive ? handler.worker->note : "no worker holds its partition";
}

}  // namespace

http::Delivery delivery_of(const ExplainedEvent& event, const Explained& handler) {
    http::Delivery delivery;
    delivery.handler = handler.handler.value;
    delivery.kind = handler.kind;
    delivery.state = state_of(handler);
    delivery.reason = reason_of(handler);
    delivery.plugin = handler.plugin;
    delivery.plugin_version = handler.plugin_version;
    if (handler.worker) delivery.plugin_build = handler.worker->plugin_build;
    if (handler.effect) delivery.attempts = handler.effect->attempt;
    switch (delivery.state) {
        case State::retrying:
        case State::dead:
            delivery.attempts = handler.attempts;
            delivery.error = handler.error;
            delivery.next_attempt_at = handler.next_attempt_at;
            delivery.since = handler.failed_since;
            break;
        case State::pending:
        case State::processing:
            delivery.since = event.recorded_at;
            break;
        case State::applied:
        case State::suppressed:
            break;  // when is not kept
    }
    return delivery;
}

std::optional<http::DeliveriesAnswer> deliveries_of(Connection& connection, EventId id) {
    const auto found = explained_event(connection, id);
    if (!found) return std::nullopt;
    http::DeliveriesAnswer answer;
    auto& event = answer.event;
    event.id = found->id;
    event.aggregate_type = found->aggregate_type;
    event.aggregate_id = found->aggregate_id;
    event.revision = found->revision;
    event.type = found->type;
    event.schema_version = found->schema_version;
    event.recorded_at = found->recorded_at;
    event.data = found->data;
    answer.published = found->published;
    for (const auto& handler : explained_handlers(connection, found->stream, found->revision))
        if (handler.verdict != "not_routed") answer.deliveries.push_back(delivery_of(*found, handler));
    return answer;
}

}  // namespace lantern::postgres
