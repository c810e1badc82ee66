// How callers of the HTTP API prove who they are, as data. Private to this room.
#pragma once

#include "host/core/auth_settings.hpp"
#include "host/settings/reading.hpp"

namespace lantern::settings {

void read_auth(Reading& reading, const YAML::Node& node, AuthSettings& auth);

}  // namespace lantern::settings
