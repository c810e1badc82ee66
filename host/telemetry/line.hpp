// A log line as text, made safe: one line, valid UTF-8, no control characters. Private to this room.
//
// JSON: {"time":"2026-11-21T03:33:26.000123Z","level":"info","message":"...", then the fields in their order}.
// A field named like one of these three comes later and is renamed with a leading underscore.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/core/identifiers.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::telemetry {

struct Line {
    Timestamp time;
    Level level = Level::info;
    std::string_view message;
    std::vector<const Field*> fields;
};

std::string as_json(const Line& line);
// 03:33:26.000 info  message  handler=a attempt=2
std::string as_text(const Line& line);

// Quoted JSON string; what is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

}  // namespace lantern::telemetry
