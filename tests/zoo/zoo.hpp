// What the libraries of the zoo share.
#pragma once

#include <lantern/abi.h>

#include <string_view>

namespace zoo {

inline lantern_str text(std::string_view from) {
    return {from.data(), from.size()};
}
inline std::string_view view(lantern_str from) {
    return {from.data, from.size};
}

inline int32_t create_nothing(const lantern_host*, lantern_str, void** object, const lantern_sink*) {
    *object = nullptr;
    return 0;
}
inline void destroy_nothing(void*) {}

inline void apply_nothing(void*, const lantern_event*, const lantern_recorder*, lantern_outcome*) {}

inline constexpr lantern_projection kAppliesNothing = {sizeof(lantern_projection), nullptr, apply_nothing};

}  // namespace zoo
