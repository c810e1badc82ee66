// From a private copy to a checked plugin table: load, symbol, version, functions, description.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/core/description.hpp"
#include "host/core/result.hpp"
#include "host/plugin_loading/plugin_file.hpp"
#include "sdk/include/lantern/abi.h"

namespace lantern::plugin_loading {

// Told before each step that runs the plugin's code.
using Stage = std::function<void(std::string_view name)>;

// Loads the copy, now-binding and local, never to be unloaded.
Result<const lantern_plugin_v1*> load_table(const PluginFile& file);

// The text that describe() gave, the same twice.
Result<std::string> described_text(const lantern_plugin_v1& table, const PluginFile& file);

// Parses it, with file and build filled in, and holds it against the table.
Result<Description> checked_description(const lantern_plugin_v1& table, const PluginFile& file,
                                        const std::string& text);

// The description alone; the refusal lists all problems.
Result<Description> parsed_description(const std::filesystem::path& file, const std::string& build,
                                       const std::string& text);

// An object made, and given back. The library's kind is projection or side effect.
Result<void*> create_object(const lantern_plugin_v1& table, const lantern_host* host, const std::string& settings);

}  // namespace lantern::plugin_loading
