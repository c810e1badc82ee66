// lantern routes plan: what an edit would do before it is applied, with counts from the store.
#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <map>

#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/apps/routes/routes.hpp"
#include "host/apps/routes/routing_check.hpp"
#include "host/core/queues.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/routing/changes.hpp"
#include "host/settings/routing_file.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;

struct Added {
    routing::OpenRoute route;
    Start begins = Start::now;
    std::int64_t events_before = 0;  // in the store; they need a backfill when the route begins now
};

struct Requeued {
    HandlerName handler;
    std::string before, after;
};

struct Plan {
    std::int64_t revision = 0;  // in force
    bool same = false;
    routing::Changes changes;
    std::vector<Added> added;
    std::vector<HandlerName> replaced;  // workers that run with other settings
    std::vector<Requeued> requeued;
    std::vector<postgres::StoredType> unhandled;
};

const HandlerSettings* find(const Routing& routing, const HandlerName& name) {
    const auto found = std::find_if(routing.handlers.begin(), routing.handlers.end(),
                                    [&](const HandlerSettings& handler) { return handler.name == name; });
    return found == routing.handlers.end() ? nullptr : &*found;
}

void add_handlers(Plan& plan, const Routing& before, const Routing& next) {
    for (const auto& handler : next.handlers) {
        const auto* known = find(before, handler.name);
        if (!known) continue;
        auto as_before = handler;
        as_before.concurrency = known->concurrency;
        as_before.start = known->start;
        if (as_before != *known) plan.replaced.push_back(handler.name);
        const auto queues = queue_set(handler);
        const auto queues_before = queue_set(*known);
        if (queues != queues_before) plan.requeued.push_back({handler.name, queues_before, queues});
    }
}

void add_routes(Plan& plan, postgres::Catalog& catalog, const Routing& next,
                const plugin_loading::Directory& plugins) {
    std::map<std::string, postgres::StoredType> stored;
    for (auto& type : catalog.event_types()) stored.emplace(type.event_type, type);
    for (const auto& route : plan.changes.added) {
        const auto& handler = *find(next, route.handler);
        const Description* plugin = plugins.find(handler.plugin);
        const auto history =
            catalog.handler(route.handler) ? routing::Handlers::known : routing::Handlers::never_routed;
        const auto count = stored.contains(route.event_type) ? stored.at(route.event_type).events : 0;
        plan.added.push_back(
            {route, plugin ? routing::start_of(handler, plugin->kind, history) : Start::now, count});
    }
    for (const auto& entry : stored) {
        const auto& type = entry.second;
        const bool handled = std::any_of(next.handlers.begin(), next.handlers.end(), [&](const auto& handler) {
            return std::find(handler.event_types.begin(), handler.event_types.end(), type.event_type) !=
                   handler.event_types.end();
        });
        if (!handled) plan.unhandled.push_back(type);
    }
}

template <class Range, class Of>
json::array array_of(const Range& range, Of of) {
    json::array array;
    for (const auto& one : range) array.emplace_back(of(one));
    return array;
}

void print_json(const Plan& plan) {
    const auto name = [](const HandlerName& handler) { return json::value(handler.value); };
    std::cout
        << json::serialize(json::object{
               {"revision", plan.revision},
               {"same", plan.same},
               {"handlers_added", array_of(plan.changes.handlers_added, name)},
               {"handlers_removed", array_of(plan.changes.handlers_removed, name)},
               {"workers_replaced", array_of(plan.replaced, name)},
               {"added", array_of(plan.added,
                                  [](const Added& added) {
                                      return json::object{
                                          {"handler", added.route.handler.value},
                                          {"event_type", added.route.event_type},
                                          {"begins", added.begins == Start::now ? "now" : "beginning"},
                                          {"events_before", added.events_before}};
                                  })},
               {"ended",
                array_of(
                    plan.changes.ended,
                    [](const routing::OpenRoute& route) {
                        return json::object{{"handler", route.handler.value}, {"event_type", route.event_type}};
                    })},
               {"queues", array_of(plan.requeued,
                                   [](const Requeued& queues) {
                                       return json::object{{"handler", queues.handler.value},
                                                           {"before", queues.before},
                                                           {"after", queues.after}};
                                   })},
               {"unhandled",
                array_of(plan.unhandled,
                         [](const postgres::StoredType& type) {
                             return json::object{{"event_type", type.event_type}, {"events", type.events}};
                         })}})
        << std::endl;
}

void print(const Plan& plan) {
    std::cout << "against routing revision " << plan.revision << "\n";
    if (plan.same) std::cout << "  nothing: the file says the same\n";
    for (const auto& handler : plan.changes.handlers_added) std::cout << "  + handler " << handler.value << "\n";
    for (const auto& handler : plan.changes.handlers_removed)
        std::cout << "  - handler " << handler.value << ": its routes end here, its queues are deleted\n";
    for (const auto& added : plan.added) {
        std::cout << "  + " << added.route.event_type << " -> " << added.route.handler.value << ", from "
                  << (added.begins == Start::now ? "now" : "the beginning") << ", " << added.events_before
                  << " events before";
        if (added.begins == Start::now && added.events_before > 0) std::cout << " (a backfill would apply them)";
        std::cout << "\n";
    }
    for (const auto& route : plan.changes.ended)
        std::cout << "  - " << route.event_type << " -> " << route.handler.value << "\n";
    for (const auto& queues : plan.requeued)
        std::cout << "  ~ queues of " << queues.handler.value << ": " << queues.before << " -> " << queues.after
                  << "\n";
    for (const auto& handler : plan.replaced) std::cout << "  ~ workers of " << handler.value << " are replaced\n";
    for (const auto& type : plan.unhandled)
        std::cout << "  ? " << type.event_type << ": " << type.events
                  << " events in the store, nobody handles it\n";
    std::cout << std::flush;
}

}  // namespace

int plan_routes(const Instance& at, std::filesystem::path file, bool as_json) {
    const Settings settings = at.settings();
    if (file.empty()) file = settings.routing_file;
    const plugin_loading::Directory plugins(settings.plugin_directory, probe_options(at));
    const auto next = read_next(file, plugins);
    if (!next) return refuse(next.error());

    postgres::Catalog catalog(settings.postgres_url);
    Plan plan;
    plan.changes = routing::changes(catalog.open_routes(), next.value());
    if (const auto head = catalog.routing()) {
        plan.revision = head->number;
        plan.same = head->hash == next.value().hash;
        const auto before =
            settings::parse_routing(head->content, settings.routing_file, settings::process_environment());
        if (before) add_handlers(plan, before.value(), next.value());
    }
    add_routes(plan, catalog, next.value(), plugins);
    if (as_json)
        print_json(plan);
    else
        print(plan);
    return 0;
}

}  // namespace lantern::apps
