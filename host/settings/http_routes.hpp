// The routes of the HTTP API: commands and queries, as data. Private to this room.
#pragma once

#include "host/core/settings.hpp"
#include "host/settings/reading.hpp"

namespace lantern::settings {

void read_commands(Reading& reading, const YAML::Node& node, std::vector<CommandRoute>& commands);
void read_queries(Reading& reading, const YAML::Node& node, std::vector<QueryRoute>& queries);

}  // namespace lantern::settings
