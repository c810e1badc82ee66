// Values of in-memory tables and how they read: times as 2026-11-23T15:47:00.000000Z, dates as 2026-11-23.
// Needs abi.h and Boost.JSON only.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <lantern/abi.h>
#include <lantern/time_text.hpp>

namespace lantern::testing {

namespace json = boost::json;
using time_text::date_text;
using time_text::parse_time;

// integer: also boolean, time and date; text: also uuid and json.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Value>;  // all columns in declared order
using Key = std::vector<Value>;

inline std::string_view view(lantern_str text) {
    return {text.data, text.size};
}
inline lantern_str borrow(std::string_view text) {
    return {text.data(), text.size()};
}
inline std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

inline Value from_abi(const lantern_value& value) {
    switch (value.type) {
        case LANTERN_NULL:
            return {};
        case LANTERN_DOUBLE:
            return value.as.real;
        case LANTERN_TEXT:
        case LANTERN_UUID:
        case LANTERN_JSON:
            return std::string(view(value.as.text));
        default:
            return value.as.integer;
    }
}

// Borrows text from `value`.
inline lantern_value to_abi(const Value& value, std::int32_t type) {
    lantern_value out{};
    if (std::holds_alternative<std::monostate>(value)) return out;
    out.type = type;
    if (auto* integer = std::get_if<std::int64_t>(&value)) out.as.integer = *integer;
    if (auto* real = std::get_if<double>(&value)) out.as.real = *real;
    if (auto* text = std::get_if<std::string>(&value)) out.as.text = borrow(*text);
    return out;
}

// As people read it, and as tests expect it.
inline json::value to_json(const Value& value, std::int32_t type) {
    if (std::holds_alternative<std::monostate>(value)) return nullptr;
    if (auto* real = std::get_if<double>(&value)) return *real;
    if (auto* text = std::get_if<std::string>(&value)) {
        if (type != LANTERN_JSON) return json::string(*text);
        json::error_code error;
        json::value parsed = json::parse(*text, error);
        return error ? json::value(json::string(*text)) : parsed;
    }
    const std::int64_t integer = std::get<std::int64_t>(value);
    if (type == LANTERN_BOOL) return integer != 0;
    if (type == LANTERN_TIME) return json::string(time_text::text(integer));
    if (type == LANTERN_DATE) return json::string(date_text(integer));
    return integer;
}

// The inverse. Throws std::invalid_argument when the column takes no such value.
inline Value from_json(const json::value& value, std::int32_t type) {
    if (value.is_null()) return {};
    if (type == LANTERN_JSON) return json::serialize(value);
    if (type == LANTERN_DOUBLE) return value.to_number<double>();
    if (type == LANTERN_INTEGER) return value.to_number<std::int64_t>();
    if (type == LANTERN_BOOL) return std::int64_t{value.as_bool()};
    const std::string text(view(value.as_string()));
    if (type != LANTERN_TIME && type != LANTERN_DATE) return text;
    const auto time = parse_time(type == LANTERN_DATE ? text + "T00:00:00Z" : text);
    if (!time) throw std::invalid_argument(text + " is no time");
    return type == LANTERN_DATE ? *time / 86'400'000'000 : *time;
}

// Equal as a test means it: sums of doubles may differ in their last digits, a time may be written with an offset.
inline bool alike(const json::value& left, const json::value& right, std::int32_t type) {
    if (left.is_number() && right.is_number() && (left.is_double() || right.is_double())) {
        const double a = left.to_number<double>(), b = right.to_number<double>();
        return std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)});
    }
    if (type == LANTERN_TIME && left.is_string() && right.is_string())
        return parse_time(view(left.as_string())) == parse_time(view(right.as_string()));
    return left == right;
}

}  // namespace lantern::testing
