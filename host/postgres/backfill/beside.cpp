#include "host/postgres/backfill/beside.hpp"

#include <future>

#include "host/core/assert.hpp"
#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/operate/catalog_lock.hpp"
#include "host/postgres/store/copied_event.hpp"
#include "host/postgres/tables/flush_functions.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

const Statement kNames = statement("backfill_names");
const Statement kDone = statement("job_slot_done");

constexpr std::size_t kNamesAtOnce = 5000;
constexpr std::size_t kRowReserve = 8u << 20;
constexpr int kKeysAtOnce = 2;

std::string partial_of(std::size_t number) {
    return "lantern_partial_" + std::to_string(number);
}

bool shared(const Table& table) {
    return table.ownership == Ownership::shared;
}

std::string columns_of(const Table& table) {
    return names_of(table, 0, table.columns.size()) + (has_newest(table) ? ", lantern_position" : "");
}

// The order in which partial results are merged never matters: sums, extremes, and the newest by position.
std::string merged(const Column& column) {
    const auto name = sql_name(column.name);
    switch (column.merge) {
        case Merge::add:
            return "sum(p." + name + ")::" + std::string(sql_type(column.type));
        case Merge::least:
            return "(array_agg(p." + name + " order by p." + name + " nulls last))[1]";
        case Merge::greatest:
            return "(array_agg(p." + name + " order by p." + name + " desc nulls last))[1]";
        case Merge::newest:
            return "(array_agg(p." + name + " order by p.lantern_position desc))[1]";
        case Merge::none:
            break;
    }
    return "p." + name;
}

std::string merge_sql(const HandlerSchema& schema, std::size_t number) {
    const Table& table = schema.tables[number];
    const std::string place = sql_name(schema.name()) + ".";
    std::string values = "", key;
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        values += (at ? ", " : "") + merged(table.columns[at]);
        if (at < table.key_columns) key += (at ? ", p." : "p.") + sql_name(table.columns[at].name);
    }
    if (has_newest(table)) values += ", max(p.lantern_position)";
    return "insert into " + place + sql_name(table.name) + " (" + columns_of(table) + ") select " + values +
           " from " + place + partial_of(number) + " p group by " + key;
}

// Makes those of `keys` that nobody else makes, until none is left. Who waits for another one's lock on the table
// waits as long as an index takes.
void make_keys(const Session& session, const std::string& keys) {
    Connection connection(session);
    connection.script("set maintenance_work_mem = '256MB'; set lock_timeout = 0");
    for (;;) {
        Transaction transaction(connection);
        const auto next = connection.query("delete from " + keys + " where place = (select place from " + keys +
                                           " order by place limit 1 for update skip locked) returning ddl");
        if (next.empty()) return;
        connection.script(next.text(0, 0), Commits::nothing);
        transaction.commit();
    }
}

}  // namespace

Session session_of_backfill(const std::string& url, const std::string& search_path) {
    return {.url = url,
            .application_name = "lantern backfill",
            .search_path = search_path,
            .plans = Plans::estimated,
            .statement_timeout = Milliseconds{0},
            .lock_timeout = std::chrono::minutes(1),
            .idle_in_transaction_timeout = std::chrono::minutes(5)};
}

void create_beside(Connection& connection, const HandlerSchema& schema) {
    LANTERN_ASSERT(!schema.beside.empty(), "a schema beside has a name of its own");
    drop_beside(connection, schema.beside);
    Transaction transaction(connection);
    lock_catalog(connection);
    create_handler_schema(connection, schema);
    const std::string place = sql_name(schema.beside) + ".";
    for (std::size_t number = 0; number < schema.tables.size(); ++number)
        if (shared(schema.tables[number]))
            connection.query("create table " + place + partial_of(number) + " (like " + place +
                             sql_name(schema.tables[number].name) + ")");
    connection.query("select lantern.strip_keys($1)", Params{}.add(schema.beside));
    transaction.commit();
}

void drop_beside(Connection& connection, const std::string& name) {
    connection.script("drop schema if exists " + sql_name(name) + " cascade");
}

void drop_beside_of(Connection& connection, std::int64_t job) {
    Transaction transaction(connection);
    // While its row is locked no other job claims the schema. Jobs of before versions claimed nothing.
    const auto rows = connection.query(
        "select schema_name from lantern.jobs j"
        " where job_id = $1::bigint and kind = 'rebuild' and schema_name <> '' and ended_at is not null"
        "   and not exists (select from lantern.jobs o where o.schema_name = j.schema_name and o.job_id > j.job_id)"
        "   and not exists (select from lantern.kept_schemas k where k.schema_name = j.schema_name)"
        "   for no key update",
        Params{}.add(job));
    if (rows.empty()) return;
    drop_beside(connection, rows.text(0, 0));
    connection.query("update lantern.jobs set schema_name = '' where job_id = $1::bigint", Params{}.add(job));
    transaction.commit();
}

void build_keys(Connection& connection, const HandlerSchema& schema) {
    const std::string place = sql_name(schema.name()) + ".";
    connection.script("set work_mem = '256MB'");
    // 1. Shared tables, while they have no keys.
    for (std::size_t number = 0; number < schema.tables.size(); ++number) {
        if (!shared(schema.tables[number])) continue;
        const std::string partial = place + partial_of(number);
        if (connection.query("select to_regclass($1)", Params{}.add(partial)).null(0, 0)) continue;
        Transaction transaction(connection);
        connection.query(merge_sql(schema, number));
        connection.query("drop table " + partial);
        transaction.commit();
    }
    // 2. Keys and indexes, some at a time.
    const std::string keys = place + "lantern_keys";
    if (!connection.query("select to_regclass($1)", Params{}.add(keys)).null(0, 0)) {
        std::vector<std::future<void>> builders;
        for (int at_once = 0; at_once < kKeysAtOnce; ++at_once)
            builders.push_back(std::async(std::launch::async, make_keys, connection.session(), keys));
        for (auto& builder : builders) builder.wait();
        for (auto& builder : builders) builder.get();
        connection.script("drop table " + keys);
    }
    // 3. What the planner should know before readers come.
    connection.script("analyze " + place + "lantern_streams");
    for (const auto& table : schema.tables) connection.script("analyze " + place + sql_name(table.name));
}

// ---- scan

namespace {

std::string scan_query(const SlotLease& slot, const std::vector<std::string>& event_types) {
    std::string types;
    for (const auto& type : event_types) types += (types.empty() ? "" : ", ") + sql_literal(type);
    return "select " + std::string(kCopiedEventColumns) + " from lantern.events e where e.stream_id > " +
           std::to_string(slot.after.value) + " and e.stream_id <= " + std::to_string(slot.until.value) +
           " and e.type in (" + types + ") order by e.stream_id, e.revision";
}

}  // namespace

Scan::Scan(Connection& reader, Connection& names, const SlotLease& slot,
           const std::vector<std::string>& event_types)
    : names_(names), until_(slot.until), copy_(reader, scan_query(slot, event_types)), named_(slot.after) {}

bool Scan::next(backfill::Scanned& into) {
    if (!copy_.next(line_)) return false;
    fields_.read(line_, kCopiedEventFields);
    read_copied_event(fields_, into.event);
    if (into.event.stream == current_) return true;
    current_ = into.event.stream;
    for (;;) {
        while (row_ < page_.size() && page_.integer(row_, 0) < current_.value) ++row_;
        if (row_ < page_.size()) break;
        read_names();
    }
    LANTERN_ASSERT(page_.integer(row_, 0) == current_.value, "an event's stream is known");
    into.event.aggregate_type = page_.view(row_, 1);
    into.event.aggregate_id = page_.view(row_, 2);
    into.head = Revision{page_.integer(row_, 3)};
    return true;
}

void Scan::read_names() {
    Params params;
    params.add(named_.value).add(until_.value).add(static_cast<std::int64_t>(kNamesAtOnce));
    page_ = names_.exec(kNames, params);
    LANTERN_ASSERT(!page_.empty(), "an event's stream is known");
    row_ = 0;
    named_ = StreamId{page_.integer(page_.size() - 1, 0)};
}

// ---- load

Load::Load(Connection& connection, const HandlerSchema& schema, const SlotLease& slot)
    : connection_(connection), tables_(schema.tables), slot_(slot), lines_(schema.tables.size() + 1) {
    const std::string place = sql_name(schema.name()) + ".";
    for (std::size_t number = 0; number < tables_.size(); ++number) {
        const auto& table = tables_[number];
        targets_.push_back(place + (shared(table) ? partial_of(number) : sql_name(table.name)) + " (" +
                           columns_of(table) + ")");
    }
    targets_.push_back(place +
                       "lantern_streams (stream_id, revision, state, seen, attempts, next_attempt_at, last_error)");
    for (auto& lines : lines_) lines.reserve(kRowReserve);
}

void Load::add(std::uint32_t table, const Row& row) {
    auto& out = lines_[table];
    const auto& columns = tables_[table].columns;
    for (std::size_t at = 0; at < row.size(); ++at) {
        if (at > 0) out.push_back('\t');
        append_copied(out, columns[at].type, row[at]);
    }
    out.push_back('\n');
}

void Load::add_partial(std::uint32_t number, const std::vector<Value>& key, const std::vector<Cell>& cells,
                       Position newest) {
    auto& out = lines_[number];
    const auto& table = tables_[number];
    auto cell = cells.begin();
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        const auto& column = table.columns[at];
        if (at > 0) out.push_back('\t');
        if (at < key.size()) {
            append_copied(out, column.type, key[at]);
        } else if (cell != cells.end() && cell->column == at) {
            append_copied(out, column.type, (cell++)->value);
        } else {
            out += column.merge == Merge::add ? std::string_view("0") : kCopiedNull;
        }
    }
    if (has_newest(table)) {
        out.push_back('\t');
        append_integer(out, newest.value);
    }
    out.push_back('\n');
}

void Load::add(const worker::StreamRow& row) {
    auto& out = lines_.back();
    const auto number = [&](std::int64_t value) {
        append_integer(out, value);
        out.push_back('\t');
    };
    number(row.stream.value);
    number(row.revision.value);
    number(static_cast<int>(row.state));
    number(row.seen.value);
    number(row.attempts);
    append_copied(out, ColumnType::time,
                  row.next_attempt_at ? Value{row.next_attempt_at->time_since_epoch().count()} : Value{});
    out.push_back('\t');
    append_copied(out, row.last_error);
    out.push_back('\n');
}

std::size_t Load::bytes() const {
    std::size_t bytes = 0;
    for (const auto& lines : lines_) bytes += lines.size();
    return bytes;
}

bool Load::commit(StreamId done, const backfill::Tally& tally) {
    Transaction transaction(connection_);
    // 1. The slot is still ours. 2. Rows. 3. Both become true together.
    Params params;
    params.add(slot_.job)
        .add(slot_.slot)
        .add(slot_.epoch.value)
        .add(done.value)
        .add(tally.events)
        .add(tally.parked);
    if (connection_.exec(kDone, params).empty()) return false;
    for (std::size_t at = 0; at < lines_.size(); ++at) connection_.copy_in(targets_[at], lines_[at]);
    transaction.commit();
    for (auto& lines : lines_) lines.clear();
    return true;
}

}  // namespace lantern::postgres
