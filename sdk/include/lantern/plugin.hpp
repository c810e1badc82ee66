// The C++ layer over abi.h: include this one, derive from Projection, SideEffect, Aggregate or Schema, and end the
// file with LANTERN_PLUGIN(YourClass) outside any namespace. What each kind must offer stands in its own header.
#pragma once

#include <lantern/aggregate.hpp>
#include <lantern/projection.hpp>
#include <lantern/schema.hpp>
#include <lantern/side_effect.hpp>

namespace lantern {
inline namespace sdk_v1 {
namespace border {

template <class Plugin>
constexpr lantern_plugin_v1 plugin() {
    lantern_plugin_v1 table{};
    table.size = sizeof table;
    table.abi_major = LANTERN_ABI_MAJOR;
    table.abi_minor = LANTERN_ABI_MINOR;
    table.kind = Plugin::kKind;
    table.describe = &describe<Plugin>;
    if constexpr (Plugin::kKind == LANTERN_KIND_AGGREGATE) table.aggregate = &kAggregate<Plugin>;
    if constexpr (Plugin::kKind == LANTERN_KIND_SCHEMA) table.schema = &kSchema<Plugin>;
    if constexpr (Plugin::kKind == LANTERN_KIND_PROJECTION) table.projection = &kProjection<Plugin>;
    if constexpr (Plugin::kKind == LANTERN_KIND_SIDE_EFFECT) table.side_effect = &kSideEffect<Plugin>;
    if constexpr (Plugin::kKind == LANTERN_KIND_PROJECTION || Plugin::kKind == LANTERN_KIND_SIDE_EFFECT) {
        table.create = &Held<Plugin>::create;
        table.destroy = &Held<Plugin>::destroy;
    }
    return table;
}

}  // namespace border
}  // namespace sdk_v1
}  // namespace lantern

// The one exported symbol, made at compile time: nothing of the plugin runs before the host has looked at it.
#define LANTERN_PLUGIN(Class) \
    constinit const lantern_plugin_v1 lantern_plugin = ::lantern::sdk_v1::border::plugin<Class>();
