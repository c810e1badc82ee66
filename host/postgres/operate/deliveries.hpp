// Where an event stands in the handlers that want it: what lantern explain event tells, in the api's words.
#pragma once

#include "host/http/ports.hpp"
#include "host/postgres/operate/explain.hpp"

namespace lantern::postgres {

http::Delivery delivery_of(const ExplainedEvent& event, const Explained& handler);

// Nothing: there is no such event.
std::optional<http::DeliveriesAnswer> deliveries_of(Connection& connection, EventId id);

}  // namespace lantern::postgres
