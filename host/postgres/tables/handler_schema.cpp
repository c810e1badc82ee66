// lantern_streams, in each handler's schema:
//   stream_id bigint primary key, revision bigint     the checkpoint: last revision applied
//   state smallint                                    0 live, 1 retrying, 2 dead
//   seen bigint                                       highest revision delivered while parked; when live, 0,
//                                                     or less since a replay folded the stream's rows anew
//   attempts, last_error                              of the failing event
//   next_attempt_at                                   due then: when retrying; when live, a note that it is behind
#include "host/postgres/tables/handler_schema.hpp"

#include <array>

#include "host/postgres/tables/flush_functions.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

constexpr std::size_t kColumnsMax = 60;  // a patch names its columns in one 64-bit mask

std::string default_of(const Column& column) {
    if (column.merge != Merge::add) return {};
    return " not null default 0";
}

std::string table_ddl(const Table& table) {
    std::string sql = "create table " + sql_name(table.name) + " (\n";
    bool has_newest = false;
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        const auto& column = table.columns[at];
        sql += "    " + sql_name(column.name) + " " + std::string(sql_type(column.type));
        sql += (at < table.key_columns ? " not null" : default_of(column)) + ",\n";
        has_newest = has_newest || column.merge == Merge::newest;
    }
    if (has_newest) sql += "    lantern_position bigint not null default 0,\n";
    sql += "    primary key (" + names_of(table, 0, table.key_columns) + ")\n) with (fillfactor = 85);\n";
    for (const auto& index : table.indexes) {
        sql += "create index on " + sql_name(table.name) + " (";
        for (std::size_t at = 0; at < index.size(); ++at) sql += (at ? ", " : "") + sql_name(index[at]);
        sql += ");\n";
    }
    return sql;
}

constexpr const char* kStreamsDdl = R"(create table lantern_streams (
    stream_id       bigint   primary key,
    revision        bigint   not null,
    state           smallint not null default 0,
    seen            bigint   not null default 0,
    attempts        integer  not null default 0,
    next_attempt_at timestamptz,
    last_error      text     not null default ''
) with (fillfactor = 70);
create index lantern_streams_due on lantern_streams (next_attempt_at) where next_attempt_at is not null;
create index lantern_streams_parked on lantern_streams (state, stream_id) where state <> 0;
)";

}  // namespace

std::optional<std::string> refusal_of(const HandlerSchema& schema) {
    const auto& name = schema.handler.value;
    static constexpr std::array kTaken = {"lantern", "public", "information_schema"};
    for (const char* taken : kTaken)
        if (name == taken) return "a handler can't be named " + name + ": the database has a schema of that name";
    if (name.rfind("pg_", 0) == 0)
        return "a handler can't be named " + name + ": names that begin with pg_ belong to PostgreSQL";
    for (const auto& table : schema.tables) {
        if (table.columns.size() > kColumnsMax)
            return "table " + table.name + " has " + std::to_string(table.columns.size()) + " columns, at most " +
                   std::to_string(kColumnsMax) + " are possible";
        if (table.name.rfind("lantern_", 0) == 0)
            return "table " + table.name + ": names that begin with lantern_ belong to Lantern";
        for (const auto& column : table.columns)
            if (column.name.rfind("lantern_", 0) == 0)
                return "column " + table.name + "." + column.name +
                       ": names that begin with lantern_ belong to Lantern";
    }
    return std::nullopt;
}

std::string tables_ddl(const HandlerSchema& schema) {
    std::string sql = kStreamsDdl;
    for (const auto& table : schema.tables) sql += table_ddl(table);
    return sql;
}

std::string functions_ddl(const HandlerSchema& schema) {
    std::string sql = enter_function(schema);
    for (std::size_t number = 0; number < schema.tables.size(); ++number)
        sql += write_functions(schema.tables[number], number);
    return sql;
}

void create_handler_schema(Connection& connection, const HandlerSchema& schema) {
    if (auto refusal = refusal_of(schema)) throw Fault(FaultKind::configuration, "postgres", *refusal);
    const auto& name = schema.name();
    const bool exists =
        !connection.query("select to_regclass($1)", Params{}.add(sql_name(name) + ".lantern_streams")).null(0, 0);
    const auto before = connection.query("show search_path").text(0, 0);
    std::string sql = exists ? "" : "create schema " + sql_name(name) + ";\n";
    sql += "set local search_path = " + sql_name(name) + ";\n";
    if (!exists) sql += tables_ddl(schema);
    sql += functions_ddl(schema);
    sql += "set local search_path = " + before + ";\n";
    connection.script(sql, Commits::nothing);
    connection.query("select lantern.admit_handler($1, $2)", Params{}.add(schema.handler.value).add(name));
}

}  // namespace lantern::postgres
