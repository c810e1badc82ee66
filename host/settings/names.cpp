#include "host/settings/names.hpp"

#include <algorithm>

#include "host/core/limits.hpp"

namespace lantern::settings {
namespace {

bool lower(char character) {
    return character >= 'a' && character <= 'z';
}

bool word(const std::string& text, std::size_t bytes_max) {
    if (text.empty() || text.size() > bytes_max || !lower(text[0])) return false;
    return std::all_of(text.begin(), text.end(), [](char character) {
        return lower(character) || (character >= '0' && character <= '9') || character == '_';
    });
}

}  // namespace

std::string refuse_name(const std::string& name) {
    if (word(name, limits::kNameBytesMax)) return {};
    return "a name of at most 40 characters a-z, 0-9 and _ that begins with a letter";
}

std::string refuse_handler_name(const std::string& name) {
    // A handler's tables live in a schema of its name.
    const bool taken =
        name == "lantern" || name == "public" || name == "information_schema" || name.starts_with("pg_");
    if (taken) return "another name: this one is a schema of Lantern's or of PostgreSQL's";
    return refuse_name(name);
}

std::string refuse_event_type(const std::string& type) {
    const bool sound =
        !type.empty() && type.size() <= limits::kEventTypeBytesMax &&
        std::none_of(type.begin(), type.end(), [](char character) {
            const auto byte = static_cast<unsigned char>(character);
            return character == '*' || character == '#' || character == '.' || byte <= 0x20 || byte == 0x7f;
        });
    return sound ? "" : "an event type of at most 150 bytes, without \"*\", \"#\", \".\" and spaces";
}

std::string refuse_column(const std::string& column) {
    constexpr std::size_t kColumnBytesMax = 63;
    if (word(column, kColumnBytesMax)) return {};
    return "a column or table name: at most 63 characters a-z, 0-9 and _, beginning with a letter";
}

}  // namespace lantern::settings
