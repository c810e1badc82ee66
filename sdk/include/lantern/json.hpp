// Boost.JSON is the plugins' JSON. Fields are read by name, with an error that says which one is wrong.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <lantern/values.hpp>

namespace lantern {
inline namespace sdk_v1 {

namespace json = boost::json;

inline json::string_view to_json(std::string_view text) {
    return {text.data(), text.size()};
}
inline std::string_view from_json(const json::string& text) {
    return {text.data(), text.size()};
}

// Absent and null are the same to a reader.
inline const json::value* find(const json::object& in, std::string_view field) {
    const json::value* found = in.if_contains(to_json(field));
    return found && !found->is_null() ? found : nullptr;
}

inline std::optional<std::string_view> find_text(const json::object& in, std::string_view field) {
    const json::value* found = find(in, field);
    if (!found) return std::nullopt;
    if (const json::string* text = found->if_string()) return from_json(*text);
    throw std::invalid_argument("field " + std::string(field) + " is no text");
}

inline std::string_view text(const json::object& in, std::string_view field) {
    if (auto found = find_text(in, field)) return *found;
    throw std::invalid_argument("field " + std::string(field) + " is missing");
}

inline std::optional<std::int64_t> find_integer(const json::object& in, std::string_view field) {
    const json::value* found = find(in, field);
    if (!found) return std::nullopt;
    json::error_code error;
    const auto number = found->to_number<std::int64_t>(error);
    if (error) throw std::invalid_argument("field " + std::string(field) + " is no integer");
    return number;
}

inline std::int64_t integer(const json::object& in, std::string_view field) {
    if (auto found = find_integer(in, field)) return *found;
    throw std::invalid_argument("field " + std::string(field) + " is missing");
}

inline bool boolean_or(const json::object& in, std::string_view field, bool otherwise) {
    const json::value* found = find(in, field);
    if (!found) return otherwise;
    if (const bool* value = found->if_bool()) return *value;
    throw std::invalid_argument("field " + std::string(field) + " is neither true nor false");
}

// An object; null becomes an empty one. Throws on anything else.
inline json::object parse_object(std::string_view from, json::storage_ptr storage = {}) {
    json::value parsed = json::parse(to_json(from), storage);
    if (parsed.is_null()) return json::object(std::move(storage));
    if (json::object* object = parsed.if_object()) return std::move(*object);
    throw std::invalid_argument("JSON is no object");
}

}  // namespace sdk_v1
}  // namespace lantern
