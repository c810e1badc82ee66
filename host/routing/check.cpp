#include "host/routing/check.hpp"

#include <algorithm>

namespace lantern::routing {
namespace {

bool takes_events(PluginKind kind) {
    return kind == PluginKind::projection || kind == PluginKind::side_effect;
}

std::string article(PluginKind kind) {
    switch (kind) {
        case PluginKind::aggregate:
            return "an aggregate";
        case PluginKind::schema:
            return "a schema";
        case PluginKind::projection:
            return "a projection";
        case PluginKind::side_effect:
            return "a side effect";
    }
    return "";
}

std::string listed(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

void check_types(const HandlerSettings& handler, const Description& plugin, std::vector<Misfit>& misfits) {
    std::vector<std::string> understood;
    for (const auto& [type, version] : plugin.events) understood.push_back(type);
    for (const auto& type : handler.event_types) {
        if (plugin.events.contains(type)) continue;
        misfits.push_back(
            {handler.name, type, "",
             "the event type \"" + type + "\" routed to \"" + handler.name.value + "\", whose plugin \"" +
                 plugin.name + "\" does not understand it",
             understood.empty() ? "no route: it understands no event type" : "one of " + listed(understood),
             understood});
    }
}

// A projection acts on nothing outside.
void check_projection(const HandlerSettings& handler, std::vector<Misfit>& misfits) {
    const auto refuse = [&](const std::string& key) {
        misfits.push_back({handler.name,
                           "",
                           key,
                           "\"" + key + "\" for the handler \"" + handler.name.value + "\", a projection",
                           "\"" + key + "\" for side effects alone",
                           {}});
    };
    if (handler.rate) refuse("rate");
    if (handler.on_interrupted != OnInterrupted::repeat) refuse("on_interrupted");
}

}  // namespace

std::vector<Misfit> check(const Routing& routing, const std::vector<Description>& plugins) {
    std::vector<std::string> names;
    for (const auto& plugin : plugins) {
        if (takes_events(plugin.kind)) names.push_back(plugin.name);
    }
    std::sort(names.begin(), names.end());

    std::vector<Misfit> misfits;
    for (const auto& handler : routing.handlers) {
        const auto plugin = std::find_if(plugins.begin(), plugins.end(), [&](const Description& candidate) {
            return candidate.name == handler.plugin;
        });
        if (plugin == plugins.end()) {
            misfits.push_back(
                {handler.name, "", "plugin",
                 "the handler \"" + handler.name.value + "\" of an unknown plugin \"" + handler.plugin + "\"",
                 names.empty() ? "a plugin; there is none in the plugin directory" : "one of " + listed(names),
                 names});
        } else if (!takes_events(plugin->kind)) {
            misfits.push_back({handler.name, "", "plugin",
                               "the handler \"" + handler.name.value + "\" of the plugin \"" + plugin->name +
                                   "\", " + article(plugin->kind),
                               "a projection or a side effect", names});
        } else {
            check_types(handler, *plugin, misfits);
            if (plugin->kind == PluginKind::projection) check_projection(handler, misfits);
        }
    }
    return misfits;
}

}  // namespace lantern::routing
