#include "host/apps/serve/api_description.hpp"

#include <boost/json.hpp>

#include "host/core/fault.hpp"
#include "host/openapi/document.hpp"
#include "host/plugin_loading/tables_parser.hpp"

namespace lantern::apps {

std::string api_description(const Settings& settings, const ServedSchemas& schemas,
                            const std::vector<Description>& plugins, const DeclaredTables& tables) {
    openapi::Source source{
        .http = settings.http, .version = LANTERN_VERSION, .intake = &settings.intake, .tables = tables};
    for (const auto& plugin : plugins)
        if (plugin.kind == PluginKind::aggregate) source.aggregates[plugin.aggregate_type] = plugin;
    for (const auto& route : settings.http.commands)
        if (const auto* schema = schemas.requests.find(route))
            source.requests[route.request_schema] = boost::json::serialize(schema->document());
    source.events = schemas.events.texts();
    return openapi::document(source);
}

std::string LiveDescription::text(http::Reads& reads) {
    std::optional<Declarations> declarations;
    try {
        declarations = reads.declarations();
    } catch (const Fault&) {
        std::lock_guard lock(mutex_);
        if (text_.empty()) throw;
        return text_;
    }
    std::lock_guard lock(mutex_);
    if (text_.empty() || declarations_ != *declarations) {
        text_ = api_description(settings_, schemas_, plugins_, tables_of(*declarations));
        declarations_ = std::move(*declarations);
    }
    return text_;
}

// A handler that never ran has the tables of the plugin of its name, if there is one.
DeclaredTables LiveDescription::tables_of(const Declarations& declarations) const {
    DeclaredTables tables;
    for (const auto& plugin : plugins_)
        if (plugin.kind == PluginKind::projection) tables[plugin.name] = plugin.tables;
    for (const auto& [handler, declaration] : declarations) {
        std::vector<std::string> ignored;  // it was checked before it was noted
        tables[handler] = plugin_loading::parse_tables(boost::json::parse(declaration).as_array(), ignored);
    }
    return tables;
}

}  // namespace lantern::apps
