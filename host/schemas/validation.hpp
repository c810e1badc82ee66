// A JSON document against a JSON Schema (draft 7), with all errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lantern::schemas {

struct Violation {
    std::string pointer;  // JSON pointer into the document; "" is the whole of it
    std::string message;
    bool operator==(const Violation&) const = default;
};

// Empty: the document fits. A schema or document that does not parse is a violation that says so. A plugin's
// settings are checked with its description's settings_schema.  [any thread]
std::vector<Violation> validate(std::string_view schema, std::string_view document);

// Why `text` is no JSON Schema; nothing when it is one.
std::optional<std::string> refuse_schema(std::string_view text);

}  // namespace lantern::schemas
