#include "host/postgres/backfill/swap.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/operate/catalog_lock.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {

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
    params.add(std::int64_t{order.keep.count()});
    connection.query(
        "select lantern.swap_schemas($1, $2, $3, $4, $5, $6, $7::integer, $8::json, $9, $10::boolean, $11::bigint)",
        params);
}

std::optional<std::string> transaction_in_the_way(Connection& connection, std::int64_t job) {
    const auto rows = connection.query(
        "select a.pid, a.application_name, a.usename, extract(epoch from clock_timestamp() - a.xact_start)::bigint"
        "  from pg_stat_activity a, lantern.jobs j"
        " where j.job_id = $1::bigint and a.datname = current_database() and a.backend_type = 'client backend'"
        "   and a.pid <> pg_backend_pid() and a.backend_xmin is not null and a.xact_start < j.loaded_at"
        " order by a.xact_start limit 1",
        Params{}.add(job));
    if (rows.empty()) return std::nullopt;
    return "a transaction of " + rows.text(0, 2) + " (" + rows.text(0, 1) + ", process " + rows.text(0, 0) +
           ") is open for " + rows.text(0, 3) + " s and would find the new model empty";
}

void note_loaded(Connection& connection, std::int64_t job) {
    connection.query("update lantern.jobs set loaded_at = clock_timestamp() where job_id = $1::bigint",
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
        "select event_type, case when end_position is null then 0 else begin_position end, end_position"
        "  from lantern.routes where handler = $1 and (end_position is null or begin_position is not null)",
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

std::vector<std::string> drop_expired(Connection& connection) {
    const auto rows =
        connection.query("select schema_name from lantern.kept_schemas where drop_after < clock_timestamp()");
    std::vector<std::string> dropped;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Transaction transaction(connection);
        connection.query("drop schema if exists " + sql_name(rows.view(row, 0)) + " cascade");
        connection.query("delete from lantern.kept_schemas where schema_name = $1",
                         Params{}.add(rows.view(row, 0)));
        transaction.commit();
        dropped.push_back(rows.text(row, 0));
    }
    return dropped;
}

}  // namespace lantern::postgres
