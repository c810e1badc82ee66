#include "host/apps/host_plan.hpp"

#include "host/routing/check.hpp"

namespace lantern::apps {
namespace {

// Empty: it can run.
std::string why_not(const HandlerSettings& handler, const plugin_loading::Directory& plugins) {
    const Description* plugin = plugins.find(handler.plugin);
    if (!plugin) return plugins.why_not(handler.plugin);
    std::string why;
    for (const auto& misfit : routing::check({.handlers = {handler}, .text = {}, .hash = {}}, {*plugin}))
        why += (why.empty() ? "" : "; ") + (misfit.event_type.empty() ? "" : misfit.event_type + ": ") + "found " +
               misfit.found + ", expected " + misfit.expected;
    if (!why.empty()) return why;
    return plugins.try_settings(handler.plugin, handler.settings).value_or("");
}

}  // namespace

HostPlan plan_host(const Routing& routing, const plugin_loading::Directory& plugins) {
    HostPlan plan;
    for (const auto& handler : routing.handlers) {
        const std::string why = why_not(handler, plugins);
        if (why.empty())
            plan.runnable.push_back({handler, *plugins.find(handler.plugin)});
        else
            plan.refused.push_back({handler.name, why});
    }
    return plan;
}

}  // namespace lantern::apps
