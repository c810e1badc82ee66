#include "host/postgres/operate/catalog.hpp"

#include <set>

#include "host/core/queues.hpp"
#include "host/postgres/delivery/leases.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/operate/catalog_lock.hpp"
#include "host/postgres/store/incarnation.hpp"
#include "host/postgres/tables/handler_schema.hpp"

namespace lantern::postgres {
namespace {

const Statement kRoutingHead = statement("routing_head");
const Statement kRoutingInsert = statement("routing_insert");
const Statement kOpenRoutes = statement("open_routes");
const Statement kEverRouted = statement("ever_routed");
const Statement kRouteBegin = statement("route_begin");
const Statement kRouteEnd = statement("route_end");
const Statement kHandler = statement("handler");
const Statement kHandlerWrite = statement("handler_write");
const Statement kHandlersRemoved = statement("handlers_removed");
const Statement kFence = statement("leases_fence");

const char* name_of(PluginKind kind) {
    return kind == PluginKind::projection ? "projection" : "side_effect";
}

std::map<std::string, Description> by_name(const std::vector<Description>& plugins) {
    std::map<std::string, Description> out;
    for (const auto& plugin : plugins) out.emplace(plugin.name, plugin);
    return out;
}

}  // namespace

std::optional<std::string> refusal_of(const RegisteredHandler& known, const Description& plugin) {
    const std::string here = "handler " + known.name.value + ": ";
    if (known.kind != plugin.kind)
        return here + "was a " + name_of(known.kind) + " and plugin " + plugin.name + " is a " +
               name_of(plugin.kind) + "; give the handler another name";
    if (plugin.kind != PluginKind::projection) return std::nullopt;
    if (plugin.schema_version > known.schema_version)
        return here + "plugin " + plugin.name + " has schema version " + std::to_string(plugin.schema_version) +
               ", the tables are of version " + std::to_string(known.schema_version) + ": they must be rebuilt";
    if (plugin.schema_version < known.schema_version)
        return here + "plugin " + plugin.name + " has schema version " + std::to_string(plugin.schema_version) +
               ", the tables are of the newer version " + std::to_string(known.schema_version) +
               "; install the newer build";
    if (plugin.declaration_hash != known.declaration_hash)
        return here + "plugin " + plugin.name + " declares other tables under the same schema version " +
               std::to_string(plugin.schema_version) + "; raise schema_version. Known: " + known.declaration +
               " Declared now: " + plugin.declaration;
    return std::nullopt;
}

Catalog::Catalog(const std::string& url)
    : connection_({.url = url, .application_name = "lantern catalog", .plans = Plans::estimated}) {}

Result<Applied, std::vector<std::string>> Catalog::apply(const Routing& wanted,
                                                         const std::vector<Description>& plugins,
                                                         const std::string& who, std::int64_t parent) {
    connection_.ensure();
    const auto known_plugins = by_name(plugins);
    Transaction transaction(connection_);
    // 1. One edit at a time, in the whole cluster.
    lock_catalog(connection_);
    const auto head = routing_of(connection_.exec(kRoutingHead));
    const std::int64_t number = head ? head->number : 0;
    const bool is_new = !head || head->hash != wanted.hash;
    if (is_new && number != parent)
        return failure(std::vector<std::string>{"routing revision " + std::to_string(number) + " by " +
                                                (head ? head->applied_by : "nobody") +
                                                " is in force, the edit was made on revision " +
                                                std::to_string(parent) + "; look at it and edit again"});
    // 2. Handlers, then their routes. What is refused keeps the routes that it has.
    Applied applied;
    applied.refused = register_handlers(wanted, known_plugins);
    Routing accepted = wanted;
    std::erase_if(accepted.handlers, [&](const auto& handler) { return applied.refused.contains(handler.name); });
    std::set<routing::OpenRoute> open;
    const auto rows = connection_.exec(kOpenRoutes);
    for (std::size_t row = 0; row < rows.size(); ++row)
        if (const HandlerName handler{rows.text(row, 0)}; !applied.refused.contains(handler))
            open.insert({handler, rows.text(row, 1)});
    applied.changes = routing::changes(open, accepted);
    write_routes(applied.changes, wanted, known_plugins);
    // 3. The numbered revision.
    if (is_new) {
        Params params;
        params.add(number + 1);
        if (head) {
            params.add(number);
        } else {
            params.add_null();
        }
        connection_.exec(kRoutingInsert, params.add(wanted.text).add(wanted.hash).add(who));
    }
    applied.revision = *routing_of(connection_.exec(kRoutingHead));
    applied.made_revision = is_new;
    transaction.commit();
    return applied;
}

std::map<HandlerName, std::string> Catalog::register_handlers(const Routing& wanted,
                                                              const std::map<std::string, Description>& plugins) {
    std::map<HandlerName, std::string> refused;
    for (const auto& settings : wanted.handlers) {
        const auto found = plugins.find(settings.plugin);
        if (found == plugins.end()) {
            refused[settings.name] = "plugin " + settings.plugin + " is not there";
            continue;
        }
        const auto& plugin = found->second;
        if (plugin.kind != PluginKind::projection && plugin.kind != PluginKind::side_effect) {
            refused[settings.name] = "plugin " + settings.plugin + " handles no events";
            continue;
        }
        if (auto refusal = register_handler(settings, plugin)) refused[settings.name] = *std::move(refusal);
    }
    return refused;
}

std::optional<std::string> Catalog::register_handler(const HandlerSettings& settings, const Description& plugin) {
    if (auto refusal = postgres::refusal_of(HandlerSchema{settings.name, 0, plugin.tables})) return refusal;
    if (const auto known = handler(settings.name))
        if (auto refusal = postgres::refusal_of(*known, plugin)) return refusal;
    Params params;
    params.add(settings.name.value).add(name_of(plugin.kind)).add(plugin.name).add(plugin.version);
    params.add(plugin.schema_version).add(plugin.declaration.empty() ? "null" : plugin.declaration);
    params.add(plugin.declaration_hash).add(settings.partitions);
    params.add(queue_set(settings));
    const auto id = connection_.exec(kHandlerWrite, params).integer(0, 0);
    create_handler_schema(connection_, {settings.name, static_cast<std::int32_t>(id), plugin.tables});
    return std::nullopt;
}

void Catalog::write_routes(const routing::Changes& changes, const Routing& wanted,
                           const std::map<std::string, Description>& plugins) {
    std::set<std::string> ever_routed;
    const auto rows = connection_.exec(kEverRouted);
    for (std::size_t row = 0; row < rows.size(); ++row) ever_routed.insert(rows.text(row, 0));
    std::map<HandlerName, const HandlerSettings*> settings;
    for (const auto& handler : wanted.handlers) settings[handler.name] = &handler;

    // Who applies by the routes as they were is fenced before these end, so that nothing behind the end is applied.
    std::set<HandlerName> ended;
    for (const auto& route : changes.ended) ended.insert(route.handler);
    for (const auto& handler : ended) connection_.exec(kFence, Params{}.add(handler.value));
    for (const auto& route : changes.ended)
        connection_.exec(kRouteEnd, Params{}.add(route.handler.value).add(route.event_type));
    for (const auto& route : changes.added) {
        const auto& handler = *settings.at(route.handler);
        const auto history =
            ever_routed.contains(route.handler.value) ? routing::Handlers::known : routing::Handlers::never_routed;
        Params params;
        params.add(route.handler.value).add(route.event_type);
        if (routing::start_of(handler, plugins.at(handler.plugin).kind, history) == Start::beginning) {
            params.add(std::int64_t{0});
        } else {
            params.add_null();  // noted once the queue is bound
        }
        connection_.exec(kRouteBegin, params);
    }
    std::string array = "{";
    for (const auto& [name, handler] : settings) array += (array.size() > 1 ? "," : "") + name.value;
    connection_.exec(kHandlersRemoved, Params{}.add(array + "}"));
}

std::optional<RegisteredHandler> Catalog::handler(const HandlerName& name) {
    connection_.ensure();
    const auto rows = connection_.exec(
        kHandler, Params{}.add(name.value).add(std::int64_t{Milliseconds(limits::kHeartbeatDead).count()}));
    if (rows.empty()) return std::nullopt;
    RegisteredHandler handler;
    handler.name = name;
    handler.id = static_cast<std::int32_t>(rows.integer(0, 0));
    handler.kind = rows.view(0, 1) == "projection" ? PluginKind::projection : PluginKind::side_effect;
    handler.plugin = rows.text(0, 2);
    handler.plugin_version = rows.text(0, 3);
    handler.schema_version = static_cast<int>(rows.integer(0, 4));
    handler.declaration = rows.view(0, 5) == "null" ? "" : rows.text(0, 5);
    handler.declaration_hash = rows.text(0, 6);
    handler.generation = Generation{rows.integer(0, 7)};
    handler.partitions = static_cast<int>(rows.integer(0, 8));
    handler.state = rows.text(0, 9);
    handler.state_reason = rows.text(0, 10);
    handler.state_since = rows.time(0, 11);
    handler.queues = rows.text(0, 12);
    handler.plugin_build = rows.text(0, 13);
    return handler;
}

Uuid Catalog::incarnation() {
    connection_.ensure();
    return read_incarnation(connection_);
}

void Catalog::forget_worker(const std::string& host, int pid) {
    connection_.ensure();
    postgres::forget_worker(connection_, host, pid);
}

}  // namespace lantern::postgres
