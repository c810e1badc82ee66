// Values of columns as plugins see them. Inline: find makes some for every event.
#pragma once

#include <array>

#include "host/core/tables.hpp"
#include "host/plugin_loading/abi_text.hpp"
#include "sdk/include/lantern/abi.h"

namespace lantern::plugin_loading {

inline std::int32_t abi_type(ColumnType type) {
    static constexpr std::array<std::int32_t, 8> kTypes = {LANTERN_BOOL, LANTERN_INTEGER, LANTERN_DOUBLE,
                                                           LANTERN_TEXT, LANTERN_TIME,    LANTERN_UUID,
                                                           LANTERN_JSON, LANTERN_DATE};
    return kTypes[static_cast<std::size_t>(type)];
}

// Borrows the text of `value`.
inline lantern_value abi_value(const Value& value, ColumnType type) {
    lantern_value out{};
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        out.as.integer = *integer;
    } else if (const auto* real = std::get_if<double>(&value)) {
        out.as.real = *real;
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        out.as.text = borrow(*text);
    } else {
        return out;  // LANTERN_NULL
    }
    out.type = abi_type(type);
    return out;
}

}  // namespace lantern::plugin_loading
