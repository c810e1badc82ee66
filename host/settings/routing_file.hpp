// config/routing.yaml as a Routing: which handler gets which event types, and how it runs. The same text is
// what a routing revision in PostgreSQL holds, so a secret in it is a reference, never its value.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/core/result.hpp"
#include "host/core/settings.hpp"
#include "host/settings/problem.hpp"

namespace lantern::settings {

Result<Routing, Problems> read_routing(const std::filesystem::path& file, const Environment& environment);

// The same from text; `file` names it in problems, and relative {file: PATH} start there.
Result<Routing, Problems> parse_routing(const std::string& text, const std::filesystem::path& file,
                                        const Environment& environment);

// Where the text says it: `handler` under `event_type`, or, without an event type, the handler's own settings
// (its `key` of them, if given), or its first mention. For problems that only the plugins' descriptions show.
struct RoutingPlace {
    std::string handler;
    std::string event_type;
    std::string key;
};
Problem problem_at(const std::string& text, const std::filesystem::path& file, const RoutingPlace& place);

}  // namespace lantern::settings
