// Which numbers of JSON text can be kept.
#pragma once

#include <algorithm>
#include <cmath>

namespace lantern {

// A number like 1e400 somewhere in it: JSON has it, whoever computes with it has not, and it could not be written
// again. `Value` is Boost's value.
template <class Value>
bool is_beyond(const Value& value) {
    if (const auto* number = value.if_double()) return !std::isfinite(*number);
    if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), is_beyond<Value>);
    const auto* object = value.if_object();
    return object &&
           std::any_of(object->begin(), object->end(), [](const auto& of) { return is_beyond(of.value()); });
}

}  // namespace lantern
