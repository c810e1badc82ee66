#include "host/postgres/store/reads.hpp"

#include <algorithm>
#include <charconv>

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/operate/deliveries.hpp"
#include "host/postgres/store/event_rows.hpp"
#include "host/postgres/store/page_cursor.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

const Statement kColumns = statement("read_columns");
const Statement kDeclarations = statement("declarations");
const Statement kHead = statement("stream_head");
const Statement kHistory = statement("stream_history");
const Statement kIndexes = statement("read_indexes");
const Statement kPing = statement("ping");

constexpr const char* kRowFrame = R"(
with stream as (
    select stream_id, revision from lantern.streams where aggregate_type = $1 and aggregate_id = $2::text
), checkpoint as (
    select c.revision, c.state from stream join $STREAMS$ c on c.stream_id = stream.stream_id
)
select (select to_json(shown) from (select $COLUMNS$ from $TABLE$ t where $WHERE$ limit 1) shown),
       (select revision from stream),
       (select e.revision from stream, lateral (
            select i.revision from lantern.events i
             where i.stream_id = stream.stream_id and i.revision > coalesce((select revision from checkpoint), 0)
               and exists (select from lantern.routes r
                            where r.handler = $3 and r.event_type = i.type and i.position > r.begin_position
                              and (r.end_position is null or i.position <= r.end_position))
             order by i.revision limit 1) e),
       (select state from checkpoint), '$TABLE$'::regclass::bigint)";

void replace_all(std::string& text, std::string_view from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

// An id that can't be a key of this type names no row.
bool may_be(const std::string& type, const std::string& id) {
    if (type == "uuid") return Uuid::parse(id).has_value();
    if (type != "bigint") return true;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), value);
    return error == std::errc{} && end == id.data() + id.size();
}

// A statement that no longer fits its table: it was swapped for another.
bool table_changed(const Fault& fault) {
    return fault.code() == "42703" || fault.code() == "42P01" || fault.code() == "0A000" || fault.code() == "3F000";
}

std::string qualified_name(const std::string& handler, const std::string& table) {
    return sql_name(handler) + "." + sql_name(table);
}

std::string row_statement(const ReadTable& table, const http::RowQuery& query) {
    const auto* key = table.column(table.key.at(0));
    std::string where = "t." + sql_name(key->name) + " = $2::text::" + key->type;
    if (!query.absent_when.empty() && table.column(query.absent_when))
        where += " and t." + sql_name(query.absent_when) + " is null";
    std::string sql = kRowFrame;
    replace_all(sql, "$STREAMS$", sql_name(query.handler) + ".lantern_streams");
    replace_all(sql, "$COLUMNS$", table.column_list());
    replace_all(sql, "$TABLE$", table.qualified);
    replace_all(sql, "$WHERE$", where);
    return sql;
}

http::RowsAnswer page_of(const Rows& rows, const http::RowsQuery& query, const RowsStatement& statement) {
    http::RowsAnswer answer;
    const auto count = std::min(rows.size(), query.limit);
    if (count == 0) return answer;
    const bool more = rows.size() > query.limit;
    for (std::size_t row = 0; row < count; ++row)
        answer.rows.push_back(rows.text(statement.backwards ? count - 1 - row : row, 0));
    // To the rows on that side of this one.
    const auto cursor = [&](const std::string& side, std::size_t row) {
        CursorValues values{side};
        for (int column = 2; column < rows.columns(); ++column)
            values.push_back(rows.null(row, column) ? std::nullopt
                                                    : std::optional<std::string>(rows.text(row, column)));
        return cursor_text(values);
    };
    const std::size_t first = statement.backwards ? count - 1 : 0, last = statement.backwards ? 0 : count - 1;
    // On the side that the page came from there is at least the row where it began.
    if (more || statement.backwards) answer.next = cursor(statement.cursors[0], last);
    if (statement.backwards ? more : !query.cursor.empty()) answer.previous = cursor(statement.cursors[1], first);
    return answer;
}

std::string short_name(const std::string& prefix, const std::string& sql) {
    return prefix + std::to_string(std::hash<std::string>{}(sql));
}

}  // namespace

Reads::Reads(const std::string& url)
    : connection_({.url = url, .application_name = "lantern reads", .plans = Plans::estimated}) {}

void Reads::ping() {
    connection_.ensure();
    connection_.exec(kPing);
}

std::map<std::string, std::string> Reads::declarations() {
    connection_.ensure();
    const auto rows = connection_.exec(kDeclarations);
    std::map<std::string, std::string> declarations;
    for (std::size_t row = 0; row < rows.size(); ++row) declarations[rows.text(row, 0)] = rows.text(row, 1);
    return declarations;
}

bool Reads::is_known(const std::string& handler, const std::string& table) const {
    return tables_.contains(qualified_name(handler, table));
}

const ReadTable* Reads::table(const std::string& handler, const std::string& name) {
    const auto qualified = qualified_name(handler, name);
    if (const auto known = tables_.find(qualified); known != tables_.end()) return &known->second;
    const auto rows = connection_.exec(kColumns, Params{}.add(qualified));
    if (rows.empty()) return nullptr;
    ReadTable table{qualified, {}, {}, {}, rows.integer(0, 3)};
    for (std::size_t row = 0; row < rows.size(); ++row) {
        table.columns.push_back({rows.text(row, 0), rows.text(row, 1)});
        if (rows.boolean(row, 2)) table.key.push_back(rows.text(row, 0));
    }
    const auto indexed = connection_.exec(kIndexes, Params{}.add(qualified).add(handler).add(name));
    for (std::size_t row = 0; row < indexed.size(); ++row) {
        if (indexed.integer(row, 1) == 1) table.indexes.emplace_back();
        table.indexes.back().push_back(indexed.text(row, 2));
    }
    return &tables_.emplace(qualified, std::move(table)).first->second;
}

void Reads::forget_tables() {
    tables_.clear();
    connection_.forget_statements();
}

Result<http::RowAnswer> Reads::row(const http::RowQuery& query) {
    connection_.ensure();
    try {
        return row_now(query);
    } catch (const Fault& fault) {
        if (!table_changed(fault)) throw;
        forget_tables();
        return row_now(query);
    }
}

http::RowAnswer Reads::row_without_table(const http::RowQuery& query) {
    const auto rows = connection_.exec(kHead, Params{}.add(query.aggregate_type).add(query.aggregate_id));
    http::RowAnswer answer;
    if (!rows.empty()) answer.head = Revision{rows.integer(0, 0)};
    if (answer.head.value > 0) answer.pending = http::Pending::lagging;
    return answer;
}

http::RowAnswer Reads::row_now(const http::RowQuery& query) {
    const bool fresh = !is_known(query.handler, query.table);
    const auto* table = this->table(query.handler, query.table);
    if (!table) return row_without_table(query);
    const auto* key = table->column(table->key.at(0));
    if (!may_be(key->type, query.aggregate_id)) return {};

    const auto sql = row_statement(*table, query);
    const auto rows =
        connection_.exec({short_name("row_", sql), sql},
                         Params{}.add(query.aggregate_type).add(query.aggregate_id).add(query.handler));
    if (!fresh && rows.integer(0, 4) != table->oid) {  // swapped: other columns may be there
        tables_.erase(qualified_name(query.handler, query.table));
        return row_now(query);
    }
    http::RowAnswer answer;
    if (!rows.null(0, 0)) answer.row = rows.text(0, 0);
    if (!rows.null(0, 1)) answer.head = Revision{rows.integer(0, 1)};
    answer.as_of = answer.head;
    if (rows.null(0, 2)) return answer;
    answer.as_of = Revision{rows.integer(0, 2) - 1};
    const auto state = rows.maybe_integer(0, 3).value_or(0);
    answer.pending = state == 2   ? http::Pending::dead
                     : state == 1 ? http::Pending::retrying
                                  : http::Pending::lagging;
    return answer;
}

Result<http::RowsAnswer> Reads::rows(const http::RowsQuery& query) {
    connection_.ensure();
    try {
        return rows_now(query);
    } catch (const Fault& fault) {
        if (fault.kind() == FaultKind::data)
            return failure("a parameter does not fit its column: " + std::string(fault.what()));
        if (!table_changed(fault)) throw;
        forget_tables();
        return rows_now(query);
    }
}

// What is known of the table may be of before a swap: then the answer comes from another one, or the question is
// refused for want of an index that is there now. Both are found out by looking at the table once more.
Result<http::RowsAnswer> Reads::rows_now(const http::RowsQuery& query) {
    for (bool fresh = !is_known(query.handler, query.table);; fresh = true) {
        const auto* table = this->table(query.handler, query.table);
        if (!table) return http::RowsAnswer{};
        const auto made = rows_statement(*table, query);
        if (!made && fresh) return failure(made.error());
        if (made) {
            const auto& sql = made.value().sql;
            const auto rows = connection_.exec({short_name("rows_", sql), sql}, made.value().params);
            if (fresh || rows.empty() || rows.integer(0, 1) == table->oid)
                return page_of(rows, query, made.value());
        }
        tables_.erase(qualified_name(query.handler, query.table));
    }
}

std::optional<http::DeliveriesAnswer> Reads::deliveries(EventId event) {
    connection_.ensure();
    return deliveries_of(connection_, event);
}

http::HistoryAnswer Reads::history(const http::HistoryQuery& query) {
    connection_.ensure();
    Params params;
    params.add(query.aggregate_type).add(query.aggregate_id).add(query.after.value);
    if (query.types.empty()) {
        params.add_null();
    } else {
        params.add(array_of(query.types, [](const std::string& type) { return std::string_view(type); }));
    }
    params.add(query.from).add(query.to).add(static_cast<std::int64_t>(query.limit) + 1);
    const auto rows = connection_.exec(kHistory, params);
    http::HistoryAnswer answer;
    if (rows.empty()) return answer;
    answer.head = Revision{rows.integer(0, 0)};
    for (std::size_t row = 0; row < rows.size() && !rows.null(row, 1); ++row) {
        if (answer.events.size() == query.limit) {
            answer.more = true;
            break;
        }
        auto& event = answer.events.emplace_back(read_event(rows, row, 1));
        event.aggregate_type = query.aggregate_type;
        event.aggregate_id = query.aggregate_id;
    }
    return answer;
}

}  // namespace lantern::postgres
