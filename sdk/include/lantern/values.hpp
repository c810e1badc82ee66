// Values as tables hold them. A Value borrows text: it lives as long as the text it was made of, which within one
// call such as changes.upsert(...) is always long enough.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <lantern/abi.h>
#include <lantern/time_text.hpp>

namespace lantern {
inline namespace sdk_v1 {

using Time = std::chrono::sys_time<std::chrono::microseconds>;
using Date = std::chrono::sys_days;

enum class Type : std::int32_t {
    boolean = LANTERN_BOOL,
    integer = LANTERN_INTEGER,
    real = LANTERN_DOUBLE,
    text = LANTERN_TEXT,
    time = LANTERN_TIME,
    uuid = LANTERN_UUID,
    json = LANTERN_JSON,
    date = LANTERN_DATE
};

// The word for a type in the description.
constexpr std::string_view name_of(Type type) {
    switch (type) {
        case Type::boolean:
            return "boolean";
        case Type::integer:
            return "integer";
        case Type::real:
            return "double";
        case Type::text:
            return "text";
        case Type::time:
            return "time";
        case Type::uuid:
            return "uuid";
        case Type::json:
            return "json";
        case Type::date:
            return "date";
    }
    return "unknown";
}

inline std::string_view view(lantern_str text) {
    return {text.data, text.size};
}
inline lantern_str borrow(std::string_view text) {
    return {text.data(), text.size()};
}
inline Time time_of(std::int64_t microseconds) {
    return Time{std::chrono::microseconds{microseconds}};
}
inline std::string text_of(Time time) {
    return time_text::text(time.time_since_epoch().count());
}
inline std::optional<Time> parse_time(std::string_view text) {
    const auto microseconds = time_text::parse_time(text);
    return microseconds ? std::optional(time_of(*microseconds)) : std::nullopt;
}
inline Date day_of(Time time) {
    return std::chrono::floor<std::chrono::days>(time);
}

template <class T>
concept TextLike = requires(const T& text) {
    { text.data() } -> std::convertible_to<const char*>;
    { text.size() } -> std::convertible_to<std::size_t>;
};

class Value {
public:
    Value() = default;
    Value(std::nullptr_t) {}
    Value(std::nullopt_t) {}
    template <std::same_as<bool> T>
    Value(T from) : Value(LANTERN_BOOL, from ? 1 : 0) {}
    template <std::integral T>
    requires(!std::same_as<T, bool>) Value(T from) : Value(LANTERN_INTEGER, static_cast<std::int64_t>(from)) {}
    template <std::floating_point T>
    Value(T from) {
        abi_.type = LANTERN_DOUBLE;
        abi_.as.real = from;
    }
    Value(Time from) : Value(LANTERN_TIME, from.time_since_epoch().count()) {}
    Value(Date from) : Value(LANTERN_DATE, from.time_since_epoch().count()) {}
    Value(const char* from) : Value(std::string_view(from)) {}
    template <TextLike T>
    Value(const T& from) {
        abi_.type = LANTERN_TEXT;
        abi_.as.text = {from.data(), from.size()};
    }
    template <class T>
    requires std::constructible_from<Value, const T&> Value(const std::optional<T>& from) {
        if (from) *this = Value(*from);
    }

    // As a column of this type takes it: text also becomes uuid or json, an integer also a double. Anything else
    // is a defect of the plugin and throws std::invalid_argument.
    lantern_value as(Type type, std::string_view column) const {
        lantern_value fitted = abi_;
        if (fitted.type == LANTERN_NULL || fitted.type == static_cast<std::int32_t>(type)) return fitted;
        if (fitted.type == LANTERN_TEXT && (type == Type::uuid || type == Type::json)) {
            fitted.type = static_cast<std::int32_t>(type);
            return fitted;
        }
        if (fitted.type == LANTERN_INTEGER && type == Type::real) {
            fitted.type = LANTERN_DOUBLE;
            fitted.as.real = static_cast<double>(abi_.as.integer);
            return fitted;
        }
        throw std::invalid_argument("column " + std::string(column) + " is of type " + std::string(name_of(type)) +
                                    ", the value is a " + std::string(name_of(static_cast<Type>(fitted.type))));
    }

private:
    Value(lantern_type type, std::int64_t integer) {
        abi_.type = type;
        abi_.as.integer = integer;
    }

    lantern_value abi_{};
};

}  // namespace sdk_v1
}  // namespace lantern
