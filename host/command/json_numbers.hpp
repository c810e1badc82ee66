// Which numbers of JSON text can be kept.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

namespace lantern::command {

// A number like 1e400: JSON has it, whoever computes with it has not, and it could not be written again.
inline bool is_beyond(const boost::json::value& value) {
    if (const auto* number = value.if_double()) return !std::isfinite(*number);
    if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), is_beyond);
    const auto* object = value.if_object();
    return object &&
           std::any_of(object->begin(), object->end(), [](const auto& of) { return is_beyond(of.value()); });
}

}  // namespace lantern::command
