// A JSON document against a JSON Schema (draft 7), with all errors, in words for whoever wrote the document. What
// was found is told by its kind and size, never by its value: it may be a secret.
//
// Of a document for a schema with patterns, no text may have more than kPatternTextBytesMax bytes: matching takes a
// stack in proportion to it.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/result.hpp"

namespace lantern::schemas {

inline constexpr std::size_t kPatternTextBytesMax = 2048;

struct Violation {
    std::string pointer;  // JSON pointer into the document; "" is the whole of it
    std::string message;
    bool operator==(const Violation&) const = default;
};

// Read once, then immutable; any thread.
class Schema {
public:
    // Error: why `text` is none, with its place: line and column, or the JSON pointer of the part.
    static Result<Schema> parse(std::string_view text);

    Schema(Schema&&) noexcept;
    Schema& operator=(Schema&&) noexcept;
    ~Schema();

    const boost::json::value& document() const;

    // Empty: it fits. Text that is not JSON is a violation that says so.
    std::vector<Violation> check(std::string_view document) const;

private:
    struct Compiled;
    explicit Schema(std::unique_ptr<Compiled> compiled);

    std::unique_ptr<Compiled> compiled_;
};

// The same at once, also of a schema that is none. A plugin's settings are checked with its description's
// settings_schema.  [any thread]
std::vector<Violation> validate(std::string_view schema, std::string_view document);

// Why `text` is no JSON Schema; nothing when it is one.
std::optional<std::string> refuse_schema(std::string_view text);

}  // namespace lantern::schemas
