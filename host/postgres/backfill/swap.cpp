#include "host/postgres/backfill/swap.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/operate/catalog_lock.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {

namespace {

std::string literal_of(const std::vector<StreamId>& streams) {
    return array_of(streams, [](StreamId stream) { return stream.value; });
}

}  // namespace

bool take_barrier(Connection& connection, std::int32_t handler_id) {
    try {
        connection.query("set local lock_timeout = " + std::to_string(kBarrierWait.count()));
        lock_catalog(connection);  // first, as an edit takes them
        connection.query("select pg_advisory_xact_lock(x'4c42'::integer, $1::integer)", Params{}.add(handler_id));
        return true;
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::conflict) throw;
        return false;
    }
}

void swap_schemas(Connection& connection, const SwapOrder& order) {
    Params params;
    params.add(order.schema.handler.value).add(order.schema.beside).add(order.kept);
    params.add(order.plugin.name)
        .add(order.plugin.version)
        .add(order.plugin.build)
        .add(order.plugin.schema_version);
    params.add(order.plugin.declaration.empty() ? "null" : order.plugin.declaration)
        .add(order.plugin.declaration_hash);
    params.add(order.dependents == SwapOrder::Dependents::move ? "true" : "false");
    params.add(std::int64_t{order.keep.count()}).add(literal_of(order.watched));
    connection.query(
        "select lantern.swap_schemas($1, $2, $3, $4, $5, $6, $7::integer, $8::json, $9, $10::boolean, $11::bigint,"
        " $12::bigint[])",
        params);
}

std::optional<std::string> transaction_in_the_way(Connection& connection, std::int64_t job) {
    // When the transaction of another role began is not shown to everybody; that it is the same one as then, is.
    const auto rows = connection.query(
        "select a.pid, a.application_name, a.usename, extract(epoch from clock_timestamp() - a.xact_start)::bigint"
        "  from lantern.jobs j join pg_locks k on k.locktype = 'virtualxid' and k.granted"
        "                                     and k.virtualtransaction = any (j.open_then)"
        "  join pg_stat_activity a on a.pid = k.pid"
        " where j.job_id = $1::bigint and a.datname = current_database() and a.usename is not null"
        "   and coalesce(a.backend_type, 'client backend') = 'client backend'"
        "   and a.pid <> pg_backend_pid() and a.backend_xmin is not null"
        "   and coalesce(a.xact_start < j.loaded_at, true)"
        " order by a.xact_start nulls last limit 1",
        Params{}.add(job));
    if (rows.empty()) return std::nullopt;
    return "a transaction of " + rows.text(0, 2) + " (" + rows.text(0, 1) + ", process " + rows.text(0, 0) +
           ") is open " + (rows.null(0, 3) ? "since before history was loaded" : "for " + rows.text(0, 3) + " s") +
           " and would find the new model empty";
}

void note_loaded(Connection& connection, std::int64_t job) {
    connection.query(
        "update lantern.jobs set loaded_at = clock_timestamp(), open_then = array("
        "  select virtualtransaction from pg_locks where locktype = 'virtualxid' and granted)"
        " where job_id = $1::bigint",
        Params{}.add(job), Commits::here);
}

namespace {

std::vector<StreamId> read_streams(const Rows& rows) {
    std::vector<StreamId> streams;
    for (std::size_t row = 0; row < rows.size(); ++row) streams.push_back(StreamId{rows.integer(row, 0)});
    return streams;
}

}  // namespace

std::vector<StreamId> long_streams(Connection& connection, std::int64_t events) {
    return read_streams(
        connection.query("select stream_id from lantern.streams where revision > $1::bigint order by stream_id",
                         Params{}.add(events)));
}

std::vector<StreamId> sample_streams(Connection& connection, std::int64_t count, std::int64_t seed) {
    return read_streams(
        connection.query("select stream_id from lantern.streams"
                         " order by hashint8extended(stream_id, $2::bigint) limit $1::bigint",
                         Params{}.add(count).add(seed)));
}

std::vector<StreamId> streams_ahead(Connection& connection, const HandlerSchema& beside, std::size_t limit) {
    Params params;
    params.add(beside.handler.value).add(beside.beside).add(static_cast<std::int64_t>(limit));
    return read_streams(connection.query("select lantern.streams_ahead($1, $2, null, $3::bigint)", params));
}

std::vector<StreamId> streams_behind(Connection& connection, const HandlerName& handler,
                                     const std::string& schema) {
    return read_streams(
        connection.query("select lantern.streams_behind($1, $2)", Params{}.add(handler.value).add(schema)));
}

namespace {

Routes read_routes(const Rows& rows) {
    std::vector<Route> routes;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Route route{rows.text(row, 0), Position{rows.integer(row, 1)}, std::nullopt};
        if (!rows.null(row, 2)) route.end = Position{rows.integer(row, 2)};
        routes.push_back(std::move(route));
    }
    return Routes(std::move(routes));
}

}  // namespace

Routes routes_from_start(Connection& connection, const HandlerName& handler) {
    return read_routes(connection.query(
        "select r.event_type, case when r.end_position is null then 0 else r.begin_position end, r.end_position"
        "  from lantern.routes r"
        " where r.handler = $1 and (r.end_position is null or (r.begin_position is not null"
        "       and not exists (select from lantern.routes o where o.handler = r.handler"
        "                          and o.event_type = r.event_type and o.end_position is null)))"
        " order by r.event_type, r.begin_position",
        Params{}.add(handler.value)));
}

Routes routes_now(Connection& connection, const HandlerName& handler) {
    return read_routes(
        connection.query("select event_type, begin_position, end_position from lantern.routes"
                         " where handler = $1 and begin_position is not null",
                         Params{}.add(handler.value)));
}

void note_replay(Connection& connection, const HandlerName& handler, const std::string& who, std::size_t streams) {
    connection.query(
        "insert into lantern.admin_log (who, action, subject, detail)"
        " values ($1, 'replay', $2, json_build_object('streams', $3::bigint))",
        Params{}.add(who).add(handler.value).add(static_cast<std::int64_t>(streams)), Commits::here);
}

Estimate estimate(Connection& connection, const HandlerName& handler, const Routes& routes) {
    Estimate estimate;
    const auto types = routes.event_types();
    const auto counts = connection.query(
        "select type, count(*) from lantern.events where type = any ($1::text[]) group by type order by type",
        Params{}.add(array_of(types, [](const std::string& type) { return std::string_view(type); })));
    for (std::size_t row = 0; row < counts.size(); ++row) {
        estimate.by_type.emplace_back(counts.text(row, 0), counts.integer(row, 1));
        estimate.events += counts.integer(row, 1);
    }
    estimate.streams = connection.query("select count(*) from lantern.streams").integer(0, 0);
    estimate.live_bytes =
        connection
            .query(
                "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c"
                "  join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r'",
                Params{}.add(handler.value))
            .integer(0, 0);
    return estimate;
}

std::vector<KeptSchema> kept_schemas(Connection& connection) {
    const auto rows = connection.query(
        "select handler, schema_name, plugin, plugin_version, plugin_build, schema_version, declaration_hash, "
        "kept_at,"
        " drop_after from lantern.kept_schemas order by handler, generation desc");
    std::vector<KeptSchema> found;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        found.push_back({HandlerName{rows.text(row, 0)}, rows.text(row, 1), rows.text(row, 2), rows.text(row, 3),
                         rows.text(row, 4), static_cast<int>(rows.integer(row, 5)), rows.text(row, 6),
                         rows.time(row, 7), std::nullopt});
        if (!rows.null(row, 8)) found.back().drop_after = rows.time(row, 8);
    }
    return found;
}

std::optional<KeptSchema> newest_kept(Connection& connection, const HandlerName& handler) {
    for (auto& kept : kept_schemas(connection))
        if (kept.handler == handler) return std::move(kept);
    return std::nullopt;
}

std::optional<KeptSchema> taken_up(Connection& connection, const HandlerName& handler) {
    connection.query("select from lantern.kept_schemas where handler = $1 for key share",
                     Params{}.add(handler.value));
    return newest_kept(connection, handler);
}

std::vector<std::string> drop_expired(Connection& connection) {
    const auto rows =
        connection.query("select schema_name from lantern.kept_schemas where drop_after < clock_timestamp()");
    std::vector<std::string> dropped;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Transaction transaction(connection);
        // Once it is locked no rollback takes it up; one that did so before is seen, by a statement of its own.
        connection.query("select from lantern.kept_schemas where schema_name = $1 for update",
                         Params{}.add(rows.view(row, 0)));
        if (connection
                .query(
                    "select from lantern.kept_schemas k where schema_name = $1 and drop_after < clock_timestamp()"
                    "   and not exists (select from lantern.jobs j where j.handler = k.handler"
                    "                      and j.kind = 'rollback' and j.ended_at is null)",
                    Params{}.add(rows.view(row, 0)))
                .empty())
            continue;
        connection.query("drop schema if exists " + sql_name(rows.view(row, 0)) + " cascade");
        connection.query("delete from lantern.kept_schemas where schema_name = $1",
                         Params{}.add(rows.view(row, 0)));
        transaction.commit();
        dropped.push_back(rows.text(row, 0));
    }
    return dropped;
}

}  // namespace lantern::postgres
