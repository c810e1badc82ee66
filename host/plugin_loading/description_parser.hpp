// The description that a plugin gives of itself: JSON text to a checked Description, all problems at once.
// The format is told in docs/descriptor.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/result.hpp"

namespace lantern::plugin_loading {

// `file` and `build` of the result are left empty. Each problem says where, what was found and what was expected.
Result<Description, std::vector<std::string>> parse_description(std::string_view json);

// A plugin may change its tables only with a higher schema version. Nothing, or the difference in words when
// `now` declares other tables than the ones known under the same version. A lower version than known is refused
// too.
std::optional<std::string> declaration_conflict(const Description& now, int known_schema_version,
                                                const std::string& known_declaration);

// The description as JSON for people and programs, with file and build.
std::string description_json(const Description& description);

std::string_view kind_name(PluginKind kind);

}  // namespace lantern::plugin_loading
