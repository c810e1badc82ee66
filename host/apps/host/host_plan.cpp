#include "host/apps/host/host_plan.hpp"

#include "host/plugin_loading/description_parser.hpp"
#include "host/routing/check.hpp"

namespace lantern::apps {
namespace {

// In words, when it is the tables that changed under one schema version.
std::optional<std::string> conflict(const postgres::RegisteredHandler& known, const Description& plugin) {
    if (known.kind == plugin.kind && !known.declaration.empty())
        if (auto why = plugin_loading::declaration_conflict(plugin, known.schema_version, known.declaration))
            return why;
    return postgres::refusal_of(known, plugin);
}

bool raises_schema(const postgres::RegisteredHandler& known, const Description& plugin) {
    return known.kind == PluginKind::projection && plugin.kind == PluginKind::projection &&
           plugin.schema_version > known.schema_version;
}

}  // namespace

// Empty: it can run.
std::string HostPlanner::why_not(const HandlerSettings& handler, const Description& plugin,
                                 const plugin_loading::Directory& plugins,
                                 const std::optional<postgres::RegisteredHandler>& known) {
    std::string why;
    for (const auto& misfit : routing::check({.handlers = {handler}, .text = {}, .hash = {}}, {plugin}))
        why += (why.empty() ? "" : "; ") + (misfit.event_type.empty() ? "" : misfit.event_type + ": ") + "found " +
               misfit.found + ", expected " + misfit.expected;
    if (!why.empty()) return why;
    if (known)
        if (auto other = conflict(*known, plugin)) return *other;
    if (fits_.contains({plugin.build, handler.settings})) return {};
    if (auto refusal = plugins.try_settings(plugin, handler.settings)) return *refusal;
    fits_.insert({plugin.build, handler.settings});
    return {};
}

HostPlan HostPlanner::plan(const Routing& routing, const plugin_loading::Directory& plugins,
                           const Registered& registered, const Choice& choice, const Rebuild& rebuild) {
    HostPlan plan;
    for (const auto& handler : routing.handlers) {
        const auto known = registered(handler.name);
        const Description* installed = plugins.find(handler.plugin);
        const bool raised = installed && known && raises_schema(*known, *installed);
        std::string why = installed ? why_not(handler, *installed, plugins, raised ? std::nullopt : known)
                                    : plugins.why_not(handler.plugin);
        // The build that got ready last goes on, from its private copy, when the installed one can't.
        std::optional<std::string> instead;
        if ((raised || !why.empty()) && known && !known->plugin_build.empty()) instead = known->plugin_build;
        if (raised && why.empty()) {
            why = rebuild(handler.name, *installed);
        } else if (why.empty()) {
            const auto chosen = choice(handler.name, *installed);
            if (chosen.build == installed->build) {
                plan.runnable.push_back({handler, *installed});
                continue;
            }
            why = chosen.why;
            instead = chosen.build;
            if (!instead) plan.quarantined.push_back({handler, *installed});
        }
        const auto before = instead ? plugins.recall(*instead) : Result<Description>(failure(why));
        if (before && before.value().name == handler.plugin &&
            why_not(handler, before.value(), plugins, known).empty()) {
            plan.runnable.push_back({handler, before.value()});
            plan.held_back.push_back({handler.name, why});
        } else {
            plan.refused.push_back({handler.name, why.empty() ? "waits for its first rebuild" : why});
        }
    }
    return plan;
}

}  // namespace lantern::apps
