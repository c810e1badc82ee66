// Values of in-memory tables and how they read: times as 2026-11-23T15:47:00.000000Z, dates as 2026-11-23.
// Needs abi.h and Boost.JSON only.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <lantern/abi.h>

namespace lantern::testing {

namespace json = boost::json;

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

inline std::string date_text(std::int64_t days) {
    const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{days}}};
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", int(day.year()), unsigned(day.month()), unsigned(day.day()));
    return text;
}

inline std::string time_text(std::int64_t microseconds) {
    const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds{microseconds}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::int64_t rest = (time - day).count();
    char text[40];
    std::snprintf(text, sizeof text, "T%02d:%02d:%02d.%06dZ", int(rest / 3'600'000'000),
                  int(rest / 60'000'000 % 60), int(rest / 1'000'000 % 60), int(rest % 1'000'000));
    return date_text(day.time_since_epoch().count()) + text;
}

// RFC 3339 with zone Z or an offset, fraction of up to six digits.
inline std::optional<std::int64_t> parse_time(std::string_view from) {
    const std::string text(from);
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
                    &used) != 6)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(unsigned(month)),
                                           std::chrono::day(unsigned(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    std::int64_t micros = 0;
    std::size_t at = std::size_t(used);
    if (at < text.size() && text[at] == '.') {
        std::int64_t unit = 100'000;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
            micros += unit * (text[at] - '0');
    }
    int offset = 0;
    const std::string zone = text.substr(at);
    int zone_hours = 0, zone_minutes = 0;
    char sign = '+';
    if (zone != "Z") {
        if (std::sscanf(zone.c_str(), "%c%2d:%2d", &sign, &zone_hours, &zone_minutes) != 3) return std::nullopt;
        if (sign != '+' && sign != '-') return std::nullopt;
        offset = (zone_hours * 60 + zone_minutes) * (sign == '-' ? -1 : 1);
    }
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    return ((days * 24 + hour) * 60 + minute - offset) * 60'000'000 + second * std::int64_t{1'000'000} + micros;
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
    if (type == LANTERN_TIME) return json::string(time_text(integer));
    if (type == LANTERN_DATE) return json::string(date_text(integer));
    return integer;
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
