#include "host/postgres/store/reads.hpp"

#include <algorithm>
#include <charconv>

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/operate/deliveries.hpp"
#include "host/postgres/store/event_rows.hpp"
#include "host/postgres/store/page_cursor.hpp"
#include "host/postgres/store/shown_row.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

const Statement kColumns = statement("read_columns");
const Statement kDeclarations = statement("declarations");
const Statement kHead = statement("stream_head");
const Statement kHistory = statement("stream_history");
const Statement kIndexes = statement("read_indexes");
const Statement kPing = statement("ping");

// An event above the checkpoint is looked for only where the stream's head is another revision.
constexpr const char* kRowFrame = R"(
select asked.place, stream.revision,
       case when checkpoint.revision is distinct from stream.revision then (
            select i.revision from lantern.events i
             where i.stream_id = stream.stream_id and i.revision > coalesce(checkpoint.revision, 0)
               and exists (select from lantern.routes r
                            where r.handler = $3 and r.event_type = i.type and i.position > r.begin_position
                              and (r.end_position is null or i.position <= r.end_position))
             order by i.revision limit 1) end,
       checkpoint.state, '$TABLE$'::regclass::bigint, $COLUMNS$
  from unnest($2::text[]) with ordinality asked (id, place)
  left join lateral (select s.stream_id, s.revision from lantern.streams s
                      where s.aggregate_type = $1 and s.aggregate_id = asked.id limit 1) stream on true
  left join lateral (select c.revision, c.state from $STREAMS$ c
                      where c.stream_id = stream.stream_id limit 1) checkpoint on true
  left join lateral (select t.* from $TABLE$ t where $WHERE$ limit 1) t on true)";
constexpr int kRowColumn = 5;  // the first of $COLUMNS$

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
    std::string where = "t." + sql_name(key->name) + " = asked.id::" + key->type;
    if (!query.absent_when.empty() && table.column(query.absent_when))
        where += " and t." + sql_name(query.absent_when) + " is null";
    std::string sql = kRowFrame;
    replace_all(sql, "$STREAMS$", sql_name(query.handler) + ".lantern_streams");
    replace_all(sql, "$COLUMNS$", shown_columns(table));
    replace_all(sql, "$TABLE$", table.qualified);
    replace_all(sql, "$WHERE$", where);
    return sql;
}

http::RowsAnswer page_of(const ReadTable& table, const Rows& rows, const http::RowsQuery& query,
                         const RowsStatement& statement) {
    http::RowsAnswer answer;
    const auto count = std::min(rows.size(), query.limit);
    if (count == 0) return answer;
    const bool more = rows.size() > query.limit;
    const ShownRow shown(table, 0);
    for (std::size_t row = 0; row < count; ++row)
        answer.rows.push_back(shown.text(rows, statement.backwards ? count - 1 - row : row));
    // To the rows on that side of this one.
    const auto cursor = [&](const std::string& side, std::size_t row) {
        CursorValues values{side};
        for (const int column : statement.cursor_columns)
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

// The row itself is left out.
http::RowAnswer revisions_of(const Rows& rows, std::size_t row) {
    http::RowAnswer answer;
    if (!rows.null(row, 1)) answer.head = Revision{rows.integer(row, 1)};
    answer.as_of = answer.head;
    if (rows.null(row, 2)) return answer;
    answer.as_of = Revision{rows.integer(row, 2) - 1};
    const auto state = rows.maybe_integer(row, 3).value_or(0);
    answer.pending = state == 2   ? http::Pending::dead
                     : state == 1 ? http::Pending::retrying
                                  : http::Pending::lagging;
    return answer;
}

std::string short_name(const std::string& prefix, const std::string& sql) {
    return prefix + std::to_string(std::hash<std::string>{}(sql));
}

}  // namespace

Reads::Reads(const std::string& url) : connection_({.url = url, .application_name = "lantern reads"}) {}

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

std::vector<http::RowAnswer> Reads::row(const http::RowQuery& query) {
    connection_.ensure();
    try {
        return row_now(query);
    } catch (const Fault& fault) {
        if (!table_changed(fault)) throw;
        forget_tables();
        return row_now(query);
    }
}

std::vector<http::RowAnswer> Reads::row_without_table(const http::RowQuery& query) {
    std::vector<http::RowAnswer> answers;
    for (const auto& id : query.aggregate_ids) {
        const auto rows = connection_.exec(kHead, Params{}.add(query.aggregate_type).add(id));
        auto& answer = answers.emplace_back();
        if (!rows.empty()) answer.head = Revision{rows.integer(0, 0)};
        if (answer.head.value > 0) answer.pending = http::Pending::lagging;
    }
    return answers;
}

std::vector<http::RowAnswer> Reads::row_now(const http::RowQuery& query) {
    const bool fresh = !is_known(query.handler, query.table);
    const auto* table = this->table(query.handler, query.table);
    if (!table) return row_without_table(query);
    const auto* key = table->column(table->key.at(0));
    std::vector<http::RowAnswer> answers(query.aggregate_ids.size());
    std::vector<http::RowAnswer*> asked;
    ArrayLiteral ids;
    for (std::size_t n = 0; n < answers.size(); ++n) {
        if (!may_be(key->type, query.aggregate_ids[n])) continue;
        ids.add(std::string_view(query.aggregate_ids[n]));
        asked.push_back(&answers[n]);
    }
    if (asked.empty()) return answers;

    const auto sql = row_statement(*table, query);
    const auto rows =
        connection_.exec({short_name("row_", sql), sql},
                         Params{}.add(query.aggregate_type).add(std::move(ids).take()).add(query.handler));
    if (!fresh && rows.integer(0, 4) != table->oid) {  // swapped: other columns may be there
        tables_.erase(qualified_name(query.handler, query.table));
        return row_now(query);
    }
    const ShownRow shown(*table, kRowColumn);
    const int key_column = kRowColumn + static_cast<int>(key - table->columns.data());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto& answer = *asked[static_cast<std::size_t>(rows.integer(row, 0) - 1)];
        answer = revisions_of(rows, row);
        if (!rows.null(row, key_column)) answer.row = shown.text(rows, row);
    }
    return answers;
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
            const auto oid = static_cast<int>(table->columns.size());
            if (fresh || rows.empty() || rows.integer(0, oid) == table->oid)
                return page_of(*table, rows, query, made.value());
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
