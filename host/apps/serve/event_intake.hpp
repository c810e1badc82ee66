// The intake of events from outside, as the api and the queue's process make it of settings, schemas and plugins.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host/apps/serve/served_schemas.hpp"
#include "host/core/description.hpp"
#include "host/intake/intake.hpp"

namespace lantern::apps {

// Stream types that an aggregate writes: of the plugins that are there, and of commands, login and verbs, since a
// plugin that is away or refused owns its streams all the same.
std::set<std::string> owned_types(const Settings& settings, const std::vector<Description>& plugins);

// All that is referred to outlives it.
intake::Intake::World intake_world(const Settings& settings, const ServedSchemas& schemas,
                                   const std::set<std::string>& owned, const command::Aggregates& aggregates,
                                   command::Heads& heads, Clock& clock, command::Calls* calls);

}  // namespace lantern::apps
