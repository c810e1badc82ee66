// Commands on the command line, as data. Private to this room.
#pragma once

#include <vector>

#include "host/core/settings.hpp"
#include "host/settings/reading.hpp"

namespace lantern::settings {

void read_verbs(Reading& reading, const YAML::Node& node, std::vector<CommandVerb>& verbs);

}  // namespace lantern::settings
