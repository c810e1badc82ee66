// Whether the query routes of lantern.yaml find what they ask for: their handlers in the routing, tables and
// columns in what those handlers' plugins declare, aggregates among the plugins.
#pragma once

#include "host/core/settings.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/settings/problem.hpp"

namespace lantern::apps {

settings::Problems query_problems(const Settings& settings, const Routing& routing,
                                  const plugin_loading::Directory& plugins);

}  // namespace lantern::apps
