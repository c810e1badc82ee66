#include "host/apps/serve/aggregates.hpp"

#include "host/core/fault.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "host/schemas/validation.hpp"

namespace lantern::apps {
namespace {

std::string settings_for(const Description& described, const Settings& settings) {
    const auto given = settings.aggregate_settings.find(described.aggregate_type);
    const std::string text = given == settings.aggregate_settings.end() ? "{}" : given->second;
    std::string problems;
    for (const auto& violation : schemas::validate(described.settings_schema, text))
        problems += "\n  " + (violation.pointer.empty() ? "/" : violation.pointer) + ": " + violation.message;
    if (problems.empty()) return text;
    throw Fault(FaultKind::configuration, "aggregates." + described.aggregate_type,
                "settings that its plugin does not take:" + problems);
}

}  // namespace

plugin_loading::Directory plugins_of(const Settings& settings, const std::filesystem::path& copies,
                                     const telemetry::Log& log) {
    plugin_loading::ProbeOptions probing;
    probing.copies = copies;
    plugin_loading::Directory plugins(settings.plugin_directory, std::move(probing));
    for (const auto& found : plugins.found())
        if (!found.refusal.empty()) log.warn("plugin refused", {{"why", found.refusal}});
    return plugins;
}

command::Aggregates load_aggregates(const plugin_loading::Directory& plugins, const Settings& settings,
                                    const telemetry::Log& log) {
    command::Aggregates aggregates;
    const auto schema_plugins = plugins.open_all(PluginKind::schema);
    for (const auto& library : plugins.open_all(PluginKind::aggregate)) {
        const auto& described = library->description();
        auto upcasters = plugin_loading::Upcasters::make(schema_plugins, described);
        if (!upcasters) throw Fault(FaultKind::configuration, "plugin " + described.name, upcasters.error());
        aggregates[described.aggregate_type] = {library->aggregate(), std::move(upcasters.value()),
                                                settings_for(described, settings)};
        log.info("aggregate loaded", {{"aggregate", described.aggregate_type},
                                      {"plugin", described.name},
                                      {"version", described.version},
                                      {"build", described.build.substr(0, 12)}});
    }
    return aggregates;
}

}  // namespace lantern::apps
