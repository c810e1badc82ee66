#pragma once

#include <string>

#include "host/core/settings.hpp"
#include "host/schemas/event_schemas.hpp"

namespace lantern::apps {

// Fault(configuration), in the name of the verb, with all problems of all files.
schemas::EventSchemas event_schemas(const Settings& settings, const std::string& verb);

}  // namespace lantern::apps
