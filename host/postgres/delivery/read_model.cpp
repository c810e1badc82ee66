#include "host/postgres/delivery/read_model.hpp"

#include "host/core/assert.hpp"
#include "host/postgres/array_literal.hpp"
#include "host/postgres/delivery/stream_rows.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/store/incarnation.hpp"
#include "host/postgres/tables/entry_parameters.hpp"
#include "host/postgres/tables/flush_functions.hpp"
#include "host/postgres/tables/row_of.hpp"
#include "host/postgres/tables/table_parameters.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

const Statement kGeneration = statement("generation");
const Statement kStreamRows = statement("stream_rows");
const Statement kStreamRowsDue = statement("stream_rows_due");

// Rows of one table by keys given as arrays; column 0 is the place in the arrays.
Statement find_statement(const HandlerName& handler, const Table& table, std::size_t number) {
    std::string arrays, names, where, columns;
    for (std::size_t at = 0; at < table.key_columns; ++at) {
        const auto key = "k" + std::to_string(at);
        arrays += (at ? ", $" : "$") + std::to_string(at + 1) +
                  "::" + std::string(sql_type(table.columns[at].type)) + "[]";
        names += key + ", ";
        where += (at ? " and t." : "t.") + sql_name(table.columns[at].name) + " = k." + key;
    }
    for (const auto& column : table.columns) columns += ", t." + sql_name(column.name);
    return {"find_" + handler.value + "_" + std::to_string(number),
            "select k.ord" + columns + " from unnest(" + arrays + ") with ordinality k (" + names + "ord) join " +
                sql_name(table.name) + " t on " + where};
}

}  // namespace

ReadModel::ReadModel(Connection& connection, HandlerName handler, std::vector<Table> tables,
                     std::string plugin_build, std::optional<Declared> declared)
    : connection_(connection),
      handler_(std::move(handler)),
      tables_(std::move(tables)),
      plugin_build_(std::move(plugin_build)),
      declared_(std::move(declared)) {
    for (std::size_t number = 0; number < tables_.size(); ++number)
        finds_.push_back(find_statement(handler_, tables_[number], number));
}

Generation ReadModel::generation() {
    const auto rows = connection_.exec(kGeneration, Params{}.add(handler_.value));
    if (rows.empty())
        throw Fault(FaultKind::configuration, "postgres", "handler " + handler_.value + " is not registered");
    // An older build's writes would fit tables whose columns only have other meanings.
    if (declared_ && (rows.integer(0, 1) != declared_->schema_version || rows.text(0, 2) != declared_->hash))
        throw Fault(FaultKind::configuration, "postgres",
                    "handler " + handler_.value + ": its tables are of schema version " + rows.text(0, 1) +
                        " since they were swapped, this build writes those of version " +
                        std::to_string(declared_->schema_version) + "; a worker with another build takes over");
    return Generation{rows.integer(0, 0)};
}

std::vector<worker::StreamRow> ReadModel::rows(std::span<const StreamId> streams) {
    if (streams.empty()) return {};
    return read_stream_rows(connection_.exec(
        kStreamRows, Params{}.add(array_of(streams, [](const StreamId& stream) { return stream.value; }))));
}

std::vector<std::optional<Row>> ReadModel::find(std::span<const worker::TableKey> keys) {
    std::vector<std::optional<Row>> found(keys.size());
    for (std::size_t number = 0; number < tables_.size(); ++number) {
        const auto& table = tables_[number];
        std::vector<std::size_t> places;  // in keys, of this table's
        std::vector<ArrayLiteral> arrays(table.key_columns);
        for (std::size_t at = 0; at < keys.size(); ++at) {
            if (keys[at].table != number) continue;
            LANTERN_ASSERT(keys[at].key.size() == table.key_columns, "find has a full key");
            places.push_back(at);
            for (std::size_t column = 0; column < table.key_columns; ++column)
                arrays[column].add(table.columns[column].type, keys[at].key[column]);
        }
        if (places.empty()) continue;
        Params params;
        for (auto& array : arrays) params.add(std::move(array).take());
        const auto rows = connection_.exec(finds_[number], params);
        for (std::size_t at = 0; at < rows.size(); ++at)
            found[places[static_cast<std::size_t>(rows.integer(at, 0)) - 1]] = row_of(table, rows, at, 1);
    }
    return found;
}

const Statement& ReadModel::flush_statement(const std::vector<worker::TableWrites>& tables) {
    std::string shape;
    for (const auto& writes : tables) {
        shape += std::to_string(writes.table);
        if (!writes.removes.empty()) shape += 'r';
        if (!writes.upserts.empty()) shape += 'u';
        if (!writes.patches.empty()) shape += 'p';
        if (!writes.merges.empty()) shape += 'm';
    }
    const auto [at, fresh] = flushes_.try_emplace(shape);
    if (!fresh) return at->second;
    std::size_t first = 1;
    std::string sql = "select " + enter_call(first);
    for (const auto& writes : tables) {
        const auto& table = tables_[writes.table];
        const auto add = [&](WriteKind kind, bool some) {
            if (some) sql += ", " + write_call(table, writes.table, kind, first);
        };
        add(WriteKind::remove, !writes.removes.empty());
        add(WriteKind::put, !writes.upserts.empty());
        add(WriteKind::patch, !writes.patches.empty());
        add(WriteKind::merge, !writes.merges.empty());
    }
    at->second = {"flush_" + handler_.value + "_" + shape, sql};
    return at->second;
}

worker::Flushed ReadModel::flush(const worker::Flush& flush) {
    Params params;
    add_entry(params, flush.entry, flush.streams, flush.attempts, plugin_build_);
    for (const auto& writes : flush.tables) {
        LANTERN_ASSERT(writes.table < tables_.size(), "a write names a declared table");
        const auto& table = tables_[writes.table];
        if (!writes.removes.empty()) add_removes(params, table, writes.removes);
        if (!writes.upserts.empty()) add_upserts(params, table, writes.upserts);
        if (!writes.patches.empty()) add_patches(params, table, writes.patches);
        if (!writes.merges.empty()) add_merges(params, table, writes.merges);
    }
    try {
        connection_.exec(flush_statement(flush.tables), params, Commits::here);
        return worker::Flushed::committed;
    } catch (const Fault& fault) {
        const auto refused = flushed_of(fault);
        if (!refused) throw;
        if (*refused == worker::Flushed::regenerated) connection_.forget_statements();
        return *refused;
    }
}

std::vector<worker::StreamRow> ReadModel::due(std::span<const Partition> partitions, int partitions_total,
                                              Timestamp now, std::size_t limit) {
    if (partitions.empty()) return {};
    Params params;
    params.add(now).add(partitions_total);
    params.add(array_of(partitions, [](const Partition& partition) { return std::int64_t{partition.value}; }));
    params.add(static_cast<std::int64_t>(limit));
    return read_stream_rows(connection_.exec(kStreamRowsDue, params));
}

void ReadModel::reconnect() {
    connection_.reconnect();
}

Session session_of(const std::string& url, const HandlerName& handler) {
    return {.url = url,
            .application_name = "lantern worker " + handler.value,
            .search_path = sql_name(handler.value),
            .once_connected = check_incarnation};
}

}  // namespace lantern::postgres
