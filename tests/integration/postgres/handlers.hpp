// Handlers for the tests of host/postgres: a projection with an owned and a shared table, and a side effect.
#pragma once

#include "host/postgres/operate/catalog.hpp"
#include "tests/integration/postgres/fixture.hpp"

namespace lantern::test {

inline Description projection_plugin() {
    Description plugin;
    plugin.name = "people";
    plugin.version = "1.0.0";
    plugin.kind = PluginKind::projection;
    plugin.events = {{"MADE", 1}, {"CHANGED", 1}};
    plugin.tables = {
        {"people",
         Ownership::owned,
         {{"id", ColumnType::uuid},
          {"name", ColumnType::text},
          {"age", ColumnType::integer},
          {"weight", ColumnType::real},
          {"active", ColumnType::boolean},
          {"made_at", ColumnType::time},
          {"born", ColumnType::date},
          {"extra", ColumnType::json}},
         1,
         {{"name"}}},
        {"per_day",
         Ownership::shared,
         {{"day", ColumnType::date},
          {"country", ColumnType::text},
          {"made", ColumnType::integer, Merge::add},
          {"sum", ColumnType::real, Merge::add},
          {"first", ColumnType::time, Merge::least},
          {"last", ColumnType::time, Merge::greatest},
          {"newest_name", ColumnType::text, Merge::newest},
          {"newest_age", ColumnType::integer, Merge::newest}},
         2,
         {}},
    };
    plugin.declaration = R"([{"name":"people"}])";
    plugin.declaration_hash = "h1";
    return plugin;
}

inline Description effect_plugin() {
    Description plugin;
    plugin.name = "mail";
    plugin.version = "1.0.0";
    plugin.kind = PluginKind::side_effect;
    plugin.events = {{"MADE", 1}};
    return plugin;
}

inline HandlerSettings routed(const std::string& name, const std::string& plugin, std::vector<std::string> types) {
    HandlerSettings settings;
    settings.name = HandlerName{name};
    settings.plugin = plugin;
    settings.event_types = std::move(types);
    return settings;
}

inline Routing routing_of(std::vector<HandlerSettings> handlers, const std::string& hash) {
    return {std::move(handlers), "text of " + hash, hash};
}

// people <- MADE, CHANGED; mail <- MADE.
inline Routing usual_routing() {
    return routing_of({routed("mail", "mail", {"MADE"}), routed("people", "people", {"CHANGED", "MADE"})}, "r1");
}

}  // namespace lantern::test
