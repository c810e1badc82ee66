#include "host/postgres/backfill/refold.hpp"

#include "host/core/assert.hpp"
#include "host/postgres/delivery/history.hpp"
#include "host/postgres/store/copy_text.hpp"
#include "host/postgres/tables/flush_functions.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

std::string time_literal(Timestamp time) {
    std::string text;
    append_time(text, time.time_since_epoch());
    return sql_literal(text) + "::timestamptz";
}

}  // namespace

std::string stream_condition(const StreamSelection& selection) {
    std::string sql;
    if (selection.stream)
        sql += " and s.aggregate_type = " + sql_literal(selection.stream->first) +
               " and s.aggregate_id = " + sql_literal(selection.stream->second);
    if (!selection.aggregate_type.empty())
        sql += " and s.aggregate_type = " + sql_literal(selection.aggregate_type);
    return sql;
}

std::string event_condition(const StreamSelection& selection) {
    std::string event;
    if (!selection.event_type.empty()) event += " and e.type = " + sql_literal(selection.event_type);
    if (selection.from_position) event += " and e.position >= " + std::to_string(selection.from_position->value);
    if (selection.to_position) event += " and e.position <= " + std::to_string(selection.to_position->value);
    if (selection.from) event += " and e.recorded_at >= " + time_literal(*selection.from);
    if (selection.to) event += " and e.recorded_at < " + time_literal(*selection.to);
    return event;
}

std::vector<StreamId> select_streams(Connection& connection, const StreamSelection& selection) {
    std::string sql = "select s.stream_id from lantern.streams s where true" + stream_condition(selection);
    const auto event = event_condition(selection);
    if (!event.empty())
        sql += " and exists (select from lantern.events e where e.stream_id = s.stream_id" + event + ")";
    const auto rows = connection.query(sql + " order by s.stream_id");
    std::vector<StreamId> streams;
    for (std::size_t row = 0; row < rows.size(); ++row) streams.push_back(StreamId{rows.integer(row, 0)});
    return streams;
}

StreamRefold::StreamRefold(Connection& connection, const HandlerSchema& schema, const Routes& routes,
                           Generation generation)
    : connection_(connection),
      schema_(schema),
      routes_(routes),
      generation_(generation),
      lines_(schema.tables.size()) {
    for (const auto& table : schema.tables)
        LANTERN_ASSERT(table.ownership == Ownership::owned, "a stream is refolded alone in owned tables only");
}

StreamRefold::Begun StreamRefold::begin(StreamId stream, std::int64_t events_max) {
    events_.clear();
    at_ = 0;
    error_.clear();
    for (auto& lines : lines_) lines.clear();
    const auto not_this = [&](Begun why) {
        connection_.rollback();
        return why;
    };
    connection_.begin();
    // 1. The barrier, shared: a swap takes it exclusively. 2. The tables are those. 3. The stream row.
    connection_.query("select pg_advisory_xact_lock_shared(x'4c42'::integer, $1::integer)",
                      Params{}.add(schema_.handler_id));
    const auto tables = connection_.query("select generation from lantern.handlers where handler_id = $1::integer",
                                          Params{}.add(schema_.handler_id));
    if (tables.empty() || tables.integer(0, 0) != generation_.value) return not_this(Begun::regenerated);
    const auto row = connection_.query("select l.revision, s.aggregate_id from " + sql_name(schema_.name()) +
                                           ".lantern_streams l join lantern.streams s on s.stream_id = l.stream_id"
                                           " where l.stream_id = $1::bigint for update of l",
                                       Params{}.add(stream.value));
    if (row.empty() || row.integer(0, 0) == 0) return not_this(Begun::nothing_applied);
    aggregate_id_ = row.text(0, 1);
    const worker::Gap all{stream, Revision{0}, Revision{row.integer(0, 0) + 1}};
    auto filled = History(connection_).between(std::span(&all, 1), routes_, static_cast<std::size_t>(events_max));
    if (!filled.complete) return not_this(Begun::too_long);
    events_ = std::move(filled.events);
    return Begun::ready;
}

// Type by type, since streams are found by type and id.
bool StreamRefold::shares_its_id(StreamId stream) const {
    return connection_
        .query(
            "with recursive types (name) as ("
            " select min(aggregate_type) from lantern.streams"
            " union all"
            " select (select min(s.aggregate_type) from lantern.streams s where s.aggregate_type > t.name)"
            "   from types t where t.name is not null)"
            " select exists (select from types t"
            "                  join lantern.streams s on s.aggregate_type = t.name and s.aggregate_id = $2"
            "                  join " +
                sql_name(schema_.name()) +
                ".lantern_streams l on l.stream_id = s.stream_id"
                "                 where s.stream_id <> $1::bigint and l.revision > 0)",
            Params{}.add(stream.value).add(aggregate_id_))
        .boolean(0, 0);
}

bool StreamRefold::next(backfill::Scanned& into) {
    if (at_ == events_.size()) return false;
    into.event = std::move(events_[at_++]);
    into.head = into.event.revision;
    return true;
}

void StreamRefold::add(std::uint32_t table, const Row& row) {
    for (std::size_t at = 0; at < row.size(); ++at) {
        if (at > 0) lines_[table].push_back('\t');
        append_copied(lines_[table], schema_.tables[table].columns[at].type, row[at]);
    }
    lines_[table].push_back('\n');
}

void StreamRefold::add_partial(std::uint32_t, const std::vector<Value>&, const std::vector<Cell>&, Position) {
    LANTERN_ASSERT(false, "a stream is refolded alone in owned tables only");
}

void StreamRefold::add(const worker::StreamRow& row) {
    if (row.state != worker::StreamState::live) error_ = row.last_error;
}

bool StreamRefold::commit(StreamId done, const backfill::Tally&) {
    if (!error_.empty()) {
        connection_.rollback();
        return false;
    }
    const std::string place = sql_name(schema_.name()) + ".";
    for (std::size_t number = 0; number < schema_.tables.size(); ++number) {
        const auto& table = schema_.tables[number];
        connection_.query("delete from " + place + sql_name(table.name) + " where " +
                              sql_name(table.columns[0].name) +
                              " = $1::" + std::string(sql_type(table.columns[0].type)),
                          Params{}.add(aggregate_id_));
        connection_.copy_in(place + sql_name(table.name) + " (" + names_of(table, 0, table.columns.size()) + ")",
                            lines_[number]);
    }
    // What a worker has read is no longer so: its compare-and-set shall miss. Of a live stream that looks at
    // `seen`, and to the worker a number below zero says why; of a parked one at the due time.
    connection_.query("update " + place +
                          "lantern_streams set seen = case state when 0 then least(seen, 0) - 1 else seen end,"
                          " next_attempt_at = coalesce(next_attempt_at, clock_timestamp())"
                          " + interval '1 microsecond' where stream_id = $1::bigint",
                      Params{}.add(done.value));
    // After the rows are gone: one that came meanwhile has been seen by then.
    if (shares_its_id(done)) {
        error_ =
            "a stream of another type has the same id, and their rows can't be told apart; `lantern backfill " +
            schema_.handler.value + "` rebuilds both";
        connection_.rollback();
        return false;
    }
    connection_.commit();
    return true;
}

}  // namespace lantern::postgres
