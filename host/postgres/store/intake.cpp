#include "host/postgres/store/intake.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/store/copy_text.hpp"
#include "host/postgres/store/event_rows.hpp"
#include "host/postgres/store/key_moves.hpp"

namespace lantern::postgres {
namespace {

const Statement kKnown = statement("import_known");
const Statement kHeads = statement("import_heads");
const Statement kHistory = statement("import_history");
const Statement kChunk = statement("import_chunk");
const Statement kSnapshots = statement("import_snapshots");

constexpr auto kChunkTimeout = std::chrono::minutes(5);

constexpr const char* kStaging = R"(
create temporary table if not exists lantern_import (
    line bigint primary key, source text, id text, event_id uuid, aggregate_type text, aggregate_id text, type text,
    schema_version integer, recorded_at timestamptz, revision bigint, data json, metadata json) on commit delete rows;
create temporary table if not exists lantern_import_streams (
    stream_id bigint, aggregate_type text, aggregate_id text, head bigint,
    primary key (aggregate_type, aggregate_id)) on commit delete rows;
create temporary table if not exists lantern_import_events (
    line bigint primary key, stream_id bigint, revision bigint) on commit delete rows;
)";

void add_line(std::string& out, const backfill::ImportLine& line) {
    const auto field = [&](std::string_view text, char end = '\t') {
        append_copied(out, text);
        out.push_back(end);
    };
    field(std::to_string(line.number));
    field(line.source);
    field(line.id);
    field(line.event_id->text());
    field(line.aggregate_type);
    field(line.aggregate_id);
    field(line.type);
    field(std::to_string(line.schema_version));
    append_copied(out, ColumnType::time, Value{line.recorded_at->time_since_epoch().count()});
    out.push_back('\t');
    append_copied(out, ColumnType::integer, line.revision ? Value{line.revision->value} : Value{});
    out.push_back('\t');
    if (line.data == "null") {
        out += kCopiedNull;
        out.push_back('\t');
    } else {
        field(line.data);
    }
    field(line.metadata, '\n');
}

}  // namespace

Intake::Intake(const std::string& url)
    : connection_({.url = url,
                   .application_name = "lantern import",
                   .statement_timeout = kChunkTimeout,
                   .lock_timeout = kChunkTimeout}) {
    connection_.script(kStaging);
}

void Intake::ready() {
    if (connection_.ensure()) connection_.script(kStaging);
}

std::vector<bool> Intake::known(std::span<const backfill::ImportLine> lines) {
    using Line = backfill::ImportLine;
    ready();
    Params params;
    params.add(array_of(lines, [](const Line& line) { return std::string_view(line.source); }));
    params.add(array_of(lines, [](const Line& line) { return std::string_view(line.id); }));
    ArrayLiteral ids;  // of stores of ours: the event may be here without having been imported
    for (const auto& line : lines) {
        if (line.event_id && line.source.starts_with(backfill::kStoreSource)) {
            ids.add(*line.event_id);
        } else {
            ids.add_null();
        }
    }
    params.add(std::move(ids).take());
    const auto rows = connection_.exec(kKnown, params);
    std::vector<bool> known(lines.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
        known[static_cast<std::size_t>(rows.integer(row, 0)) - 1] = true;
    return known;
}

std::vector<Revision> Intake::heads(std::span<const backfill::StreamName> streams) {
    using Stream = backfill::StreamName;
    std::vector<Revision> heads(streams.size());
    if (streams.empty()) return heads;
    ready();
    Params params;
    params.add(array_of(streams, [](const Stream& stream) { return std::string_view(stream.aggregate_type); }));
    params.add(array_of(streams, [](const Stream& stream) { return std::string_view(stream.aggregate_id); }));
    const auto rows = connection_.exec(kHeads, params);
    for (std::size_t row = 0; row < rows.size(); ++row)
        heads[static_cast<std::size_t>(rows.integer(row, 0)) - 1] = Revision{rows.integer(row, 1)};
    return heads;
}

std::vector<Event> Intake::history(const backfill::StreamName& stream) {
    ready();
    return read_events(connection_.exec(kHistory, Params{}.add(stream.aggregate_type).add(stream.aggregate_id)));
}

Result<void, backfill::Refusal> Intake::append(const backfill::Chunk& chunk) {
    using Head = std::pair<backfill::StreamName, Revision>;
    ready();
    std::string lines;
    for (const auto& line : chunk.lines) add_line(lines, line);
    Params params;
    params.add(chunk.effects == backfill::Effects::delivered ? "true" : "false");
    params.add(array_of(chunk.heads, [](const Head& head) { return std::string_view(head.first.aggregate_type); }));
    params.add(array_of(chunk.heads, [](const Head& head) { return std::string_view(head.first.aggregate_id); }));
    params.add(array_of(chunk.heads, [](const Head& head) { return head.second.value; }));
    add_moves(params, chunk.held);
    add_moves(params, chunk.freed);
    add_counters(params, chunk.counters);
    try {
        Transaction transaction(connection_);
        connection_.copy_in("pg_temp.lantern_import", lines);
        connection_.exec(kChunk, params);
        if (!chunk.snapshots.empty()) connection_.exec(kSnapshots, parameters_of(chunk.snapshots));
        transaction.commit();
        return boost::outcome_v2::success();
    } catch (const Fault& fault) {
        if (auto refusal = refusal_of(fault, "line ")) return failure(*std::move(refusal));
        throw;
    }
}

}  // namespace lantern::postgres
