#include "host/postgres/tables/owned_rows.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/tables/row_of.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

constexpr std::size_t kPortionIds = 500;
constexpr std::size_t kFetchRows = 1000;

std::string place_of(const HandlerSchema& schema, const std::string& table) {
    return sql_name(schema.name()) + "." + sql_name(table);
}

// Streams that the handler knows, with `condition` on their id.
std::string streams_of(const HandlerSchema& schema, const std::string& condition) {
    return " from " + place_of(schema, "lantern_streams") +
           " l join lantern.streams s on s.stream_id = l.stream_id where " + condition;
}

// Aggregate ids in rows of which the handler knows no stream.
std::string strangers_in(const HandlerSchema& schema, const Table& table,
                         const std::optional<std::string>& aggregate_id) {
    const std::string key = "t." + sql_name(table.columns[0].name) + "::text";
    const std::string id = table.columns[0].type == ColumnType::uuid ? "lower(s.aggregate_id)" : "s.aggregate_id";
    return "select " + key + " as id from " + place_of(schema, table.name) + " t where not exists (select" +
           streams_of(schema, id + " = " + key) + ")" +
           (aggregate_id ? " and " + key + " = " + sql_literal(*aggregate_id) : "");
}

// Every aggregate id with its streams, those of one id together.
std::string ids_of(const HandlerSchema& schema, const std::optional<std::string>& aggregate_id) {
    const std::string only = aggregate_id ? "s.aggregate_id = " + sql_literal(*aggregate_id) : "true";
    std::string sql =
        "select s.aggregate_id as id, s.aggregate_type as type, l.revision" + streams_of(schema, only);
    for (const auto& table : schema.tables)
        if (table.ownership == Ownership::owned)
            sql += " union select o.id, null, null from (" + strangers_in(schema, table, aggregate_id) + ") o";
    return sql + " order by 1, 2";
}

}  // namespace

// Rows of a query, fetched as they are asked for.
class OwnedRowsReader::Cursor {
public:
    Cursor(Connection& connection, const std::string& name, const std::string& query)
        : connection_(connection), name_(sql_name(name)) {
        connection_.query("declare " + name_ + " no scroll cursor for " + query);
        fetch();
    }
    void close() { connection_.query("close " + name_); }

    bool ended() const { return row_ == page_.size(); }
    // The row in hand; there is one.
    const Rows& page() const { return page_; }
    std::size_t row() const { return row_; }
    void advance() {
        if (++row_ == page_.size() && page_.size() == kFetchRows) fetch();
    }

private:
    void fetch() {
        page_ = connection_.query("fetch " + std::to_string(kFetchRows) + " from " + name_);
        row_ = 0;
    }

    Connection& connection_;
    const std::string name_;
    Rows page_;
    std::size_t row_ = 0;
};

// The rows of one table for a portion of aggregate ids, in the order of the portion, then of the key.
class OwnedRowsReader::TableRows {
public:
    TableRows(Connection& connection, const HandlerSchema& schema, std::size_t number,
              const std::vector<OwnedRows>& portion)
        : table_(schema.tables[number]),
          cursor_(connection, "rows_" + std::to_string(number), query(schema, table_, portion)) {}
    void close() { cursor_.close(); }

    // Of the ids of the portion in turn.
    std::vector<Row> of(std::size_t place) {
        std::vector<Row> rows;
        for (; !cursor_.ended() && cursor_.page().integer(cursor_.row(), 0) == static_cast<std::int64_t>(place);
             cursor_.advance())
            rows.push_back(row_of(table_, cursor_.page(), cursor_.row(), 1));
        return rows;
    }

private:
    static std::string query(const HandlerSchema& schema, const Table& table,
                             const std::vector<OwnedRows>& portion) {
        ArrayLiteral places, keys;
        for (std::size_t at = 0; at < portion.size(); ++at) {
            const auto uuid = Uuid::parse(portion[at].aggregate_id);
            if (table.columns[0].type == ColumnType::uuid && !uuid) continue;
            places.add(static_cast<std::int64_t>(at));
            keys.add(table.columns[0].type == ColumnType::uuid ? uuid->text() : portion[at].aggregate_id);
        }
        std::string columns, order;
        for (std::size_t at = 0; at < table.columns.size(); ++at) {
            const std::string name = ", t." + sql_name(table.columns[at].name);
            columns += name;
            if (at < table.key_columns) order += name;
        }
        return "select k.place" + columns + " from unnest(" + sql_literal(std::move(places).take()) +
               "::bigint[], " + sql_literal(std::move(keys).take()) +
               "::" + std::string(sql_type(table.columns[0].type)) + "[]) k (place, id) join " +
               place_of(schema, table.name) + " t on t." + sql_name(table.columns[0].name) +
               " = k.id order by k.place" + order;
    }

    const Table& table_;
    Cursor cursor_;
};

OwnedRowsReader::OwnedRowsReader(Connection& connection, const HandlerSchema& schema,
                                 const std::optional<std::string>& aggregate_id)
    : connection_(connection), schema_(schema) {
    connection_.begin();
    try {
        connection_.query("set transaction isolation level repeatable read, read only");
        const std::string only = aggregate_id ? "s.aggregate_id = " + sql_literal(*aggregate_id) : "true";
        streams_ = connection_.query("select count(*)" + streams_of(schema_, only)).integer(0, 0);
        ids_ = std::make_unique<Cursor>(connection_, "ids", ids_of(schema_, aggregate_id));
        // From here on along the keys: the tables may never have been analysed.
        connection_.script(
            "set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off",
            Commits::nothing);
    } catch (...) {
        connection_.rollback();
        throw;
    }
}

OwnedRowsReader::~OwnedRowsReader() {
    connection_.rollback();
}

void OwnedRowsReader::read_portion() {
    for (const auto& table : tables_)
        if (table) table->close();
    tables_.clear();
    portion_.clear();
    at_ = 0;
    for (; !ids_->ended(); ids_->advance()) {
        const Rows& page = ids_->page();
        const std::size_t row = ids_->row();
        const auto id = page.view(row, 0);
        if (portion_.empty() || portion_.back().aggregate_id != id) {
            if (portion_.size() == kPortionIds) break;
            portion_.emplace_back().aggregate_id = id;
        }
        if (!page.null(row, 1))
            portion_.back().streams.push_back({page.text(row, 1), Revision{page.integer(row, 2)}});
    }
    if (portion_.empty()) return;
    for (std::size_t number = 0; number < schema_.tables.size(); ++number)
        tables_.push_back(schema_.tables[number].ownership == Ownership::owned
                              ? std::make_unique<TableRows>(connection_, schema_, number, portion_)
                              : nullptr);
}

bool OwnedRowsReader::next(OwnedRows& into) {
    if (at_ == portion_.size()) read_portion();
    if (portion_.empty()) return false;
    into = std::move(portion_[at_]);
    into.tables.clear();
    for (const auto& table : tables_) into.tables.push_back(table ? table->of(at_) : std::vector<Row>{});
    ++at_;
    return true;
}

}  // namespace lantern::postgres
