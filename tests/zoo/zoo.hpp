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

inline constexpr lantern_projection kAppliesNothing = {sizeof(lantern_projection), nullptr, apply_nothing, nullptr};

// The table of a library that is built as it should be. Each kind has its own functions.
inline constexpr lantern_plugin_v1 plugin(lantern_kind kind, decltype(lantern_plugin_v1::describe) describe,
                                          decltype(lantern_plugin_v1::create) create = nullptr,
                                          decltype(lantern_plugin_v1::destroy) destroy = nullptr) {
    return {sizeof(lantern_plugin_v1),
            LANTERN_ABI_MAJOR,
            LANTERN_ABI_MINOR,
            kind,
            0,
            describe,
            create,
            destroy,
            nullptr,
            nullptr,
            nullptr,
            nullptr};
}
inline constexpr lantern_plugin_v1 aggregate(decltype(lantern_plugin_v1::describe) describe,
                                             const lantern_aggregate& functions) {
    auto made = plugin(LANTERN_KIND_AGGREGATE, describe);
    made.aggregate = &functions;
    return made;
}
inline constexpr lantern_plugin_v1 schema(decltype(lantern_plugin_v1::describe) describe,
                                          const lantern_schema& functions) {
    auto made = plugin(LANTERN_KIND_SCHEMA, describe);
    made.schema = &functions;
    return made;
}
inline constexpr lantern_plugin_v1 side_effect(decltype(lantern_plugin_v1::describe) describe,
                                               decltype(lantern_plugin_v1::create) create,
                                               decltype(lantern_plugin_v1::destroy) destroy,
                                               const lantern_side_effect& functions) {
    auto made = plugin(LANTERN_KIND_SIDE_EFFECT, describe, create, destroy);
    made.side_effect = &functions;
    return made;
}
inline constexpr lantern_plugin_v1 projection(decltype(lantern_plugin_v1::describe) describe,
                                              decltype(lantern_plugin_v1::create) create,
                                              decltype(lantern_plugin_v1::destroy) destroy,
                                              const lantern_projection& functions) {
    auto made = plugin(LANTERN_KIND_PROJECTION, describe, create, destroy);
    made.projection = &functions;
    return made;
}

}  // namespace zoo
