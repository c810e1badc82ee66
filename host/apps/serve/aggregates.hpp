// The aggregates of the plugin directory, as a command path takes them.
#pragma once

#include <filesystem>

#include "host/command/command_path.hpp"
#include "host/core/settings.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {

// The directory, its refusals in the log.
plugin_loading::Directory plugins_of(const Settings& settings, const std::filesystem::path& copies,
                                     const telemetry::Log& log);

// Every one, with its settings and the upcasts towards what it understands. Throws Fault (configuration) when
// settings are not as a plugin says, or upcasters are in each other's way.
command::Aggregates load_aggregates(const plugin_loading::Directory& plugins, const Settings& settings,
                                    const telemetry::Log& log);

}  // namespace lantern::apps
