#include "host/apps/serve/event_intake.hpp"

namespace lantern::apps {

std::set<std::string> owned_types(const Settings& settings, const std::vector<Description>& plugins) {
    std::set<std::string> types;
    for (const auto& plugin : plugins)
        if (plugin.kind == PluginKind::aggregate) types.insert(plugin.aggregate_type);
    for (const auto& route : settings.http.commands) types.insert(route.aggregate);
    for (const auto& verb : settings.verbs) types.insert(verb.aggregate);
    types.insert(settings.http.auth.aggregate);
    types.erase("");
    return types;
}

intake::Intake::World intake_world(const Settings& settings, const ServedSchemas& schemas,
                                   const std::set<std::string>& owned, const command::Aggregates& aggregates,
                                   command::Heads& heads, Clock& clock, command::Calls* calls) {
    return {settings.intake,
            owned,
            aggregates,
            [&schemas](const std::string& type, int version) { return schemas.events.knows(type, version); },
            [&schemas](const intake::Arrival& event) {
                return rejections_of(schemas.events.check(event.type, event.schema_version, event.data));
            },
            heads,
            clock,
            calls};
}

}  // namespace lantern::apps
