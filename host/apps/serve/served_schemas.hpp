// The JSON Schemas that a Lantern serves with: of event types, and of command routes' requests.
#pragma once

#include <vector>

#include "host/command/ports.hpp"
#include "host/core/settings.hpp"
#include "host/schemas/event_schemas.hpp"
#include "host/schemas/request_schemas.hpp"

namespace lantern::apps {

struct ServedSchemas {
    schemas::EventSchemas events;
    schemas::RequestSchemas requests;
};

// Error: all problems of all files.
Result<ServedSchemas, std::vector<std::string>> read_schemas(const Settings& settings);
// Fault(configuration) with all problems.
ServedSchemas load_schemas(const Settings& settings);

// For whoever sent the document: "/a/b" is the field "a.b", and breaks the rule "valid_a".
std::vector<command::Rejection> rejections_of(const std::vector<schemas::Violation>& violations);

}  // namespace lantern::apps
