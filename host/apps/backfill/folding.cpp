#include "host/apps/backfill/folding.hpp"

#include "host/core/fault.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/file_hash.hpp"
#include "host/postgres/backfill/beside.hpp"
#include "host/postgres/backfill/swap.hpp"
#include "host/settings/routing_file.hpp"

namespace lantern::apps {
namespace {

[[noreturn]] void refuse(const HandlerName& handler, const std::string& why) {
    throw Fault(FaultKind::configuration, "handler " + handler.value, why);
}

}  // namespace

std::unique_ptr<worker::Projection> Folding::make_object() const {
    auto made = library->make_projection(handler.settings, {});
    if (!made) refuse(handler.name, made.error());
    return std::move(made.value());
}

namespace {

Routing routing_of(postgres::Catalog& catalog, const Settings& settings, const settings::Environment& environment) {
    const auto head = catalog.routing();
    if (!head)
        throw Fault(FaultKind::configuration, "routing",
                    "none is in force yet; a running host applies its routing file");
    auto routing = settings::parse_routing(head->content, settings.routing_file, environment);
    if (!routing)
        throw Fault(FaultKind::configuration, "routing",
                    "revision " + std::to_string(head->number) + " can't be read here:\n" +
                        settings::text(routing.error()));
    return std::move(routing.value());
}

HandlerSettings settings_of(postgres::Catalog& catalog, const Settings& settings, const HandlerName& name,
                            const settings::Environment& environment = settings::process_environment()) {
    const auto routing = routing_of(catalog, settings, environment);
    for (const auto& handler : routing.handlers)
        if (handler.name == name) return handler;
    refuse(name, "the routing in force has no such handler");
}

}  // namespace

std::string in_force(postgres::Catalog& catalog, const Settings& settings, const HandlerName& name,
                     const Routes& routes) {
    std::string text = "routes";
    for (const auto& route : routes.all()) {
        text.append(" ").append(route.event_type);
        if (!route.end) continue;
        text.append("(").append(std::to_string(route.begin.value)).append(",");
        text.append(std::to_string(route.end->value)).append("]");
    }
    // As they are written: what a host's environment says is neither the same everywhere nor to be told.
    const auto written = settings_of(catalog, settings, name, [](const std::string& variable) { return variable; });
    text.append("; settings ").append(plugin_loading::hex_hash(written.plugin + " " + written.settings));
    return text;
}

Folding folding_of(const Instance& at, const HandlerName& name, const std::string& build) {
    Folding folding;
    folding.settings = at.settings();
    postgres::Catalog catalog(folding.settings.postgres_url);
    folding.handler = settings_of(catalog, folding.settings, name);
    const auto registered = catalog.handler(name);
    if (!registered || registered->state == "removed")
        refuse(name, "is not registered yet; a running host registers what its routing file names");
    folding.registered = *registered;

    plugin_loading::ProbeOptions probing;
    probing.copies = at.cache_directory();
    const plugin_loading::Directory plugins(folding.settings.plugin_directory, probing);
    if (!build.empty() && !plugins.recall(build))
        throw Fault(
            FaultKind::outage, "handler " + name.value,
            "build " + build.substr(0, 12) + " of plugin " + folding.handler.plugin + " is not on this machine");
    auto library = build.empty() ? plugins.open(folding.handler.plugin) : plugins.open_build(build);
    if (!library) refuse(name, library.error());
    folding.library = library.value();
    if (folding.plugin().kind != PluginKind::projection)
        refuse(name, "is a side effect: it has no tables to rebuild, and never runs in a backfill");
    auto upcasters = plugin_loading::Upcasters::make(plugins.open_all(PluginKind::schema), folding.plugin());
    if (!upcasters) refuse(name, upcasters.error());
    folding.upcasters = upcasters.value();
    postgres::Connection connection(postgres::session_of_backfill(folding.settings.postgres_url));
    folding.routes = postgres::routes_from_start(connection, name);
    if (folding.routes.all().empty()) refuse(name, "has no routes: no event would be folded");
    folding.with = in_force(catalog, folding.settings, name, folding.routes);
    return folding;
}

Folding live_folding_of(const Instance& at, const HandlerName& name) {
    auto folding = folding_of(at, name);
    if (folding.registered.declaration_hash == folding.plugin().declaration_hash) return folding;
    return folding_of(at, name, folding.registered.plugin_build);
}

std::vector<HandlerName> routed_projections(const Instance& at) {
    const auto settings = at.settings();
    postgres::Catalog catalog(settings.postgres_url);
    const auto routing = routing_of(catalog, settings, settings::process_environment());
    std::vector<HandlerName> names;
    for (const auto& handler : routing.handlers) {
        const auto registered = catalog.handler(handler.name);
        if (registered && registered->state != "removed" && registered->kind == PluginKind::projection)
            names.push_back(handler.name);
    }
    return names;
}

}  // namespace lantern::apps
