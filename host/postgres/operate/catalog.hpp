// What all hosts of a cluster agree on, as rows: the applied routing, the handlers with their tables, routes,
// workers and leases. One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/result.hpp"
#include "host/core/settings.hpp"
#include "host/postgres/connection.hpp"
#include "host/routing/changes.hpp"

namespace lantern::postgres {

struct RoutingRevision {
    std::int64_t number = 0;  // 1, 2, 3 ...
    std::optional<std::int64_t> parent;
    std::string content, hash, applied_by;
    Timestamp applied_at;
};

struct Applied {
    RoutingRevision revision;    // the head, whether or not it was made now
    bool made_revision = false;  // false: the routing was that one already
    routing::Changes changes;
    // Handlers that cannot run with these plugins, and why: left as they were. Those that were registered keep
    // their routes, so that nothing is missed meanwhile; new ones are registered once their plugin is there.
    std::map<HandlerName, std::string> refused;
};

// As the handler was registered last.
struct RegisteredHandler {
    HandlerName name;
    std::int32_t id = 0;
    PluginKind kind = PluginKind::projection;
    std::string plugin, plugin_version;
    int schema_version = 1;
    std::string declaration;  // JSON of the tables; empty: none
    std::string declaration_hash;
    Generation generation;
    int partitions = 1;               // of the queues in force
    std::string queues;               // those, as core/queues.hpp names them
    std::string plugin_build;         // of the worker that got ready last
    std::string state, state_reason;  // as functions/state_now.sql tells it (core/state_words.hpp)
    Timestamp state_since;
};

// Why a plugin can't take over what the handler has: another kind, other tables, another schema version.
std::optional<std::string> refusal_of(const RegisteredHandler& known, const Description& plugin);

struct WorkerStatus {
    WorkerId id;
    std::string host;
    int pid = 0;
    std::string plugin_build, note;
    Timestamp started_at, heartbeat_at;
    Milliseconds silent{0};             // since its heartbeat, by the server's clock
    std::vector<Partition> partitions;  // held
};

struct HandlerStatus {
    RegisteredHandler handler;
    std::vector<std::string> event_types;  // of open routes
    std::vector<WorkerStatus> workers;     // by start
    std::int64_t lag_events = 0;           // routed, not applied, in streams that are not parked
    bool lag_is_more = false;              // lag_events is as far as was counted
    Milliseconds lag{0};                   // age of the oldest of them
    std::int64_t retrying = 0, dead = 0;   // parked streams
    int partitions_unheld = 0;
    int partitions_feeding = 0;  // still fed with history from the store, or not bound yet
};

struct RelayStatus {
    Epoch epoch;
    bool led = false;
    Uuid leader;  // when led
    Timestamp seen_at;
    Position floor;          // of its mark
    Position last_position;  // drawn in the store by anyone
    std::string note;        // what holds it up; empty: nothing
    Timestamp note_since;
};

// Messages that came back to the relay since no queue wanted them.
struct Unroutable {
    std::string event_type;
    std::int64_t messages = 0;
    Timestamp last_at;
};

struct StoredType {
    std::string event_type;
    std::int64_t events = 0;
    std::vector<std::string> handlers;  // routed to now
};

// A binding that nobody wants any more, or all of a handler's queues of that name (event_type empty).
struct RetiredBinding {
    HandlerName handler;
    std::string queues, event_type;
    bool operator==(const RetiredBinding&) const = default;
};

class Catalog {
public:
    // Of an operator, for the admin log.
    struct Action {
        std::string who, reason;
    };

    explicit Catalog(const std::string& url);

    // The routing in force; nothing: none was applied yet.
    std::optional<RoutingRevision> routing();
    std::optional<RoutingRevision> routing(std::int64_t number);
    std::vector<RoutingRevision> routings(std::size_t limit);  // newest first
    // An earlier routing becomes the next revision; its handlers are registered by the hosts that follow it. Error:
    // there is no such revision, or it says the same as the one in force.
    Result<RoutingRevision, std::string> revert(std::int64_t number, const Action& action);

    std::set<routing::OpenRoute> open_routes();
    // Every event type of the store: one look at all of its events.
    std::vector<StoredType> event_types();

    // What the relay has still to take away from the broker, and that it did.
    std::vector<RetiredBinding> retired_bindings();
    bool forget(const RetiredBinding& gone);  // false: it is wanted again

    // Makes `wanted` the routing in force, in one transaction: handlers registered, their schemas made, routes
    // begun and ended, a numbered revision written when the text is another than that in force. `parent`: the
    // number of the revision that the caller saw in force, 0 for none. Safe to repeat. A handler whose plugin is
    // missing or cannot take over its tables is refused alone (Applied::refused). Error: why nothing was changed
    // (someone applied another revision meanwhile).
    Result<Applied, std::vector<std::string>> apply(const Routing& wanted, const std::vector<Description>& plugins,
                                                    const std::string& who, std::int64_t parent);

    std::optional<RegisteredHandler> handler(const HandlerName& name);
    std::vector<HandlerStatus> handlers();  // by name, removed ones left out
    RelayStatus relay();
    std::vector<Unroutable> unroutable();  // by event type
    Uuid incarnation();

    // An operator stops a handler: its workers let go of every partition within a heartbeat and take nothing, its
    // queues fill. resume() lets it go on; what it missed comes from the store. Returns the state before: only an
    // attached or detached one is paused, only a paused or quarantined one goes on. Nothing: there is no such
    // handler.
    std::optional<std::string> pause(const HandlerName& handler, const Action& action);
    // Those that have no queues now: fed from the store, or taking nothing.
    std::set<HandlerName> unbound();
    std::optional<std::string> resume(const HandlerName& handler, const Action& action);

    // The supervisor saw the process end: its leases are free at once.
    void forget_worker(const std::string& host, int pid);

    const std::string& url() const { return connection_.session().url; }

private:
    std::map<HandlerName, std::string> register_handlers(const Routing& wanted,
                                                         const std::map<std::string, Description>& plugins);
    std::optional<std::string> register_handler(const HandlerSettings& settings, const Description& plugin);
    void write_routes(const routing::Changes& changes, const Routing& wanted,
                      const std::map<std::string, Description>& plugins);
    static std::optional<RoutingRevision> routing_of(const Rows& rows, std::size_t row = 0);
    void add_workers(std::vector<HandlerStatus>& handlers);
    void add_lag(HandlerStatus& status);

    Connection connection_;
};

}  // namespace lantern::postgres
