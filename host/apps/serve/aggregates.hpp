// The aggregates of the plugin directory, as a command path takes them.
#pragma once

#include <filesystem>

#include "host/command/command_path.hpp"
#include "host/core/settings.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {

// Every one, with its settings and the upcasts towards what it understands. Throws Fault (configuration) when
// settings are not as a plugin says, or upcasters are in each other's way.
command::Aggregates load_aggregates(const Settings& settings, const std::filesystem::path& copies,
                                    const telemetry::Log& log);

}  // namespace lantern::apps
