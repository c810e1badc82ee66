// The swap of a schema that was built beside a handler's own, and what has to be known before it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/handler.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/tables/handler_schema.hpp"

namespace lantern::postgres {

// How long live batches may wait for a swap that waits for them.
inline constexpr Milliseconds kBarrierWait{60};

// Inside a transaction of the caller's. False: it was not free in time; the transaction is of no use any more.
bool take_barrier(Connection& connection, std::int32_t handler_id);

struct SwapOrder {
    HandlerSchema schema;  // the one beside
    std::string kept;      // name of the old one from then on
    Description plugin;
    enum class Dependents { stop, move } dependents = Dependents::stop;
    std::vector<StreamId> watched{};  // streams_ahead, before the barrier was taken
    Milliseconds keep{0};             // how long the old one is kept; 0: until someone drops it
};
// Inside the transaction that holds the barrier. Fault configuration: readers would go back (LN031), or others hang
// on the old tables (LN032).
void swap_schemas(Connection& connection, const SwapOrder& order);

// Streams that the live model has applied more of than the one beside: at most so many. Reads all stream rows.
std::vector<StreamId> streams_ahead(Connection& connection, const HandlerSchema& beside, std::size_t limit);

// A transaction that began before history was loaded, and would find the new tables empty. Nothing: there is none.
std::optional<std::string> transaction_in_the_way(Connection& connection, std::int64_t job);
void note_loaded(Connection& connection, std::int64_t job);

// Streams with more than so many events.
std::vector<StreamId> long_streams(Connection& connection, std::int64_t events);

// So many streams, chosen by chance: the same ones for the same seed.
std::vector<StreamId> sample_streams(Connection& connection, std::int64_t count, std::int64_t seed);

// Streams that a schema of this handler is behind in; parked ones are not.
std::vector<StreamId> streams_behind(Connection& connection, const HandlerName& handler, const std::string& schema);

// The handler's routes as they are once its tables hold all of history, by event type.
Routes routes_from_start(Connection& connection, const HandlerName& handler);

Routes routes_now(Connection& connection, const HandlerName& handler);
// An operator had chosen streams folded anew; kept in the admin log.
void note_replay(Connection& connection, const HandlerName& handler, const std::string& who, std::size_t streams);

// What a rebuild would have to do.
struct Estimate {
    std::int64_t events = 0, streams = 0, live_bytes = 0;
    std::vector<std::pair<std::string, std::int64_t>> by_type;
};
Estimate estimate(Connection& connection, const HandlerName& handler, const Routes& routes);

// What a swap replaced last; nothing: nothing is kept.
struct KeptSchema {
    HandlerName handler;
    std::string schema, plugin, plugin_version, plugin_build;
    int schema_version = 1;
    std::string declaration_hash;
    Timestamp kept_at;
    std::optional<Timestamp> drop_after;  // nothing: it is kept for good
};
std::vector<KeptSchema> kept_schemas(Connection& connection);  // by handler, the newest first
std::optional<KeptSchema> newest_kept(Connection& connection, const HandlerName& handler);
// For a rollback that is running: who drops expired ones has done so, or leaves it alone.
std::optional<KeptSchema> taken_up(Connection& connection, const HandlerName& handler);

// Drops kept schemas whose time is over. Returns their names.
std::vector<std::string> drop_expired(Connection& connection);

}  // namespace lantern::postgres
