#include "host/routing/changes.hpp"

#include <algorithm>
#include <iterator>

namespace lantern::routing {
namespace {

std::set<HandlerName> handlers_of(const std::set<OpenRoute>& routes) {
    std::set<HandlerName> names;
    for (const auto& route : routes) names.insert(route.handler);
    return names;
}

}  // namespace

Changes changes(const std::set<OpenRoute>& applied, const Routing& wanted) {
    std::set<OpenRoute> next;
    for (const auto& handler : wanted.handlers) {
        for (const auto& type : handler.event_types) next.insert({handler.name, type});
    }
    Changes out;
    std::set_difference(next.begin(), next.end(), applied.begin(), applied.end(), std::back_inserter(out.added));
    std::set_difference(applied.begin(), applied.end(), next.begin(), next.end(), std::back_inserter(out.ended));

    const auto before = handlers_of(applied);
    const auto after = handlers_of(next);
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(out.handlers_added));
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(out.handlers_removed));
    std::set<HandlerName> touched;
    for (const auto& route : out.added) touched.insert(route.handler);
    for (const auto& route : out.ended) touched.insert(route.handler);
    std::copy_if(touched.begin(), touched.end(), std::back_inserter(out.handlers_rebound),
                 [&](const HandlerName& name) { return before.contains(name) && after.contains(name); });
    return out;
}

Start start_of(const HandlerSettings& handler, PluginKind kind, Handlers history) {
    if (history == Handlers::known) return Start::now;
    if (handler.start) return *handler.start;
    return kind == PluginKind::projection ? Start::beginning : Start::now;
}

}  // namespace lantern::routing
