// What an edit of the routing file means for the routes that are applied. Pure: the caller has read the applied
// state and writes the next one.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/settings.hpp"

namespace lantern::routing {

// A route without an end.
struct OpenRoute {
    HandlerName handler;
    std::string event_type;
    auto operator<=>(const OpenRoute&) const = default;
};

struct Changes {
    std::vector<OpenRoute> added;               // sorted
    std::vector<OpenRoute> ended;               // sorted; they end at the position of the edit
    std::vector<HandlerName> handlers_added;    // sorted; had no open route before
    std::vector<HandlerName> handlers_removed;  // sorted; have none any more
    std::vector<HandlerName> handlers_rebound;  // sorted; were and are routed, but to other types
    bool empty() const { return added.empty() && ended.empty(); }
};

Changes changes(const std::set<OpenRoute>& applied, const Routing& wanted);

// Where a new route begins. A handler that was never routed begins as its settings say, or by its kind:
// projections at the beginning, side effects now. A type added to a known handler begins now.
enum class Handlers { never_routed, known };
Start start_of(const HandlerSettings& handler, PluginKind kind, Handlers history);

}  // namespace lantern::routing
