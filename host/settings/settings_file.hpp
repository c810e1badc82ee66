// config/lantern.yaml as Settings: servers, directories, HTTP with its routes, logging. What is left out has a
// default; every key is described in config/lantern.yaml itself.
//
// Any scalar may be written {env: NAME}, {env: NAME, default: TEXT} or {file: PATH} instead; ${...} is left as
// it stands. Relative paths count from the file's own directory. These variables, when set, win over the file:
// LANTERN_POSTGRES_URL, LANTERN_AMQP_URL, LANTERN_HTTP_ADDRESS, LANTERN_HTTP_PORT, LANTERN_ADMIN_TOKEN,
// LANTERN_PLUGIN_DIR, LANTERN_LOG_LEVEL, LANTERN_LOG_FORMAT.
#pragma once

#include <filesystem>
#include <string>

#include "host/core/result.hpp"
#include "host/core/settings.hpp"
#include "host/settings/problem.hpp"

namespace lantern::settings {

// The default of Settings::plugin_directory, when neither the file nor the environment names one, is empty:
// the caller knows where it is installed.
Result<Settings, Problems> read_settings(const std::filesystem::path& file, const Environment& environment);

// The same from text; `file` names it in problems and is where relative paths start.
Result<Settings, Problems> parse_settings(const std::string& text, const std::filesystem::path& file,
                                          const Environment& environment);

}  // namespace lantern::settings
