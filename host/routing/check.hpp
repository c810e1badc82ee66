// Whether a routing can run with the plugins that are there. Pure.
#pragma once

#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/settings.hpp"

namespace lantern::routing {

struct Misfit {
    HandlerName handler;
    std::string event_type;  // empty: the handler itself
    std::string key;         // of the handler's settings, "plugin" for instance; may be empty
    std::string found;
    std::string expected;
    std::vector<std::string> candidates;  // names that may have been meant
};

// Every misfit of every handler: unknown plugin, a plugin of a kind that takes no events, an event type that
// the plugin does not understand.
std::vector<Misfit> check(const Routing& routing, const std::vector<Description>& plugins);

}  // namespace lantern::routing
