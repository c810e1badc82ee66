#include "host/postgres/tables/flush_functions.hpp"

#include <array>
#include <string_view>
#include <vector>

#include "host/postgres/tables/handler_schema.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

struct Parameter {
    std::string name;
    std::string type;
};

// u_: rows that exist, with what they were believed to be; n_: rows of which nothing is known; a_: failed attempts.
constexpr std::array<std::array<const char*, 2>, kEnterParameters> kEnter = {{
    {"in_generation", "bigint"}, {"in_partitions", "integer[]"},  {"in_epochs", "bigint[]"},
    {"u_stream", "bigint[]"},    {"u_was_revision", "bigint[]"},  {"u_was_state", "smallint[]"},
    {"u_was_seen", "bigint[]"},  {"u_was_next", "timestamptz[]"}, {"u_revision", "bigint[]"},
    {"u_state", "smallint[]"},   {"u_seen", "bigint[]"},          {"u_attempts", "integer[]"},
    {"u_next", "timestamptz[]"}, {"u_error", "text[]"},           {"n_stream", "bigint[]"},
    {"n_revision", "bigint[]"},  {"n_state", "smallint[]"},       {"n_seen", "bigint[]"},
    {"n_attempts", "integer[]"}, {"n_next", "timestamptz[]"},     {"n_error", "text[]"},
    {"a_stream", "bigint[]"},    {"a_revision", "bigint[]"},      {"a_event", "uuid[]"},
    {"a_attempt", "integer[]"},  {"a_outcome", "text[]"},         {"a_error", "text[]"},
    {"a_build", "text"},
}};

constexpr std::string_view kEnterBody = R"(declare
    written bigint;
begin
    -- 1. The barrier, shared: a swap of this handler's tables takes it exclusively.
    perform pg_advisory_xact_lock_shared(x'4c42'::integer, $HANDLER_ID$);
    -- 2. Generation and epochs are as believed, or nothing is written.
    if not exists (select from lantern.handlers h where h.handler_id = $HANDLER_ID$ and h.generation = in_generation) then
        raise exception 'the tables are of another generation' using errcode = 'LN012';
    end if;
    -- A partition is not handed on while someone is in here for it: shared by all that write under its lease, tried
    -- exclusively by whoever takes it over (lantern.lease_tick). In memory, so it costs no write.
    perform pg_advisory_xact_lock_shared(x'4c43'::integer, $HANDLER_ID$ * 32 + p) from unnest(in_partitions) p;
    if (select count(*) from lantern.leases l, unnest(in_partitions, in_epochs) b (partition, epoch)
         where l.handler = $HANDLER$ and l.partition = b.partition and l.epoch = b.epoch)
       <> cardinality(in_partitions) then
        raise exception 'a lease was lost' using errcode = 'LN011';
    end if;
    -- 3. Stream rows by compare-and-set. Of a parked stream the due time is compared too: a note that an operator left
    -- there meanwhile (try again now) must not be written over. A note that a live stream got meanwhile is kept.
    if cardinality(u_stream) > 0 then
        update lantern_streams s
           set revision = u.revision, state = u.state, seen = u.seen, attempts = u.attempts,
               next_attempt_at = case when s.state = 0 and u.state = 0 and u.was_next is null
                                      then coalesce(s.next_attempt_at, u.next) else u.next end,
               last_error = u.error
          from unnest(u_stream, u_was_revision, u_was_state, u_was_seen, u_was_next, u_revision, u_state, u_seen,
                      u_attempts, u_next, u_error)
               u (stream, was_revision, was_state, was_seen, was_next, revision, state, seen, attempts, next, error)
         where s.stream_id = u.stream and s.revision = u.was_revision and s.state = u.was_state
           and s.seen = u.was_seen and (s.state = 0 or s.next_attempt_at is not distinct from u.was_next);
        get diagnostics written = row_count;
        if written <> cardinality(u_stream) then
            raise exception 'a stream row was not as believed' using errcode = 'LN010';
        end if;
    end if;
    if cardinality(n_stream) > 0 then
        insert into lantern_streams as s (stream_id, revision, state, seen, attempts, next_attempt_at, last_error)
        select * from unnest(n_stream, n_revision, n_state, n_seen, n_attempts, n_next, n_error)
        on conflict (stream_id) do update
           set revision = excluded.revision, state = excluded.state, seen = excluded.seen,
               attempts = excluded.attempts,
               next_attempt_at = coalesce(excluded.next_attempt_at, s.next_attempt_at),
               last_error = excluded.last_error
         where s.revision = 0 and s.state = 0 and s.seen = 0;
        get diagnostics written = row_count;
        if written <> cardinality(n_stream) then
            raise exception 'a stream row was not as believed' using errcode = 'LN010';
        end if;
    end if;
    -- 4. Failed attempts.
    if cardinality(a_stream) > 0 then
        insert into lantern.attempts (handler, stream_id, revision, event_id, attempt, at, outcome, error,
                                      fingerprint, plugin_build)
        select $HANDLER$, a.stream, a.revision, a.event, a.attempt, clock_timestamp(), a.outcome, a.error,
               lantern.error_fingerprint(a.error), a_build
          from unnest(a_stream, a_revision, a_event, a_attempt, a_outcome, a_error)
               a (stream, revision, event, attempt, outcome, error);
    end if;
end)";

void replace_all(std::string& text, std::string_view from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

std::string function(const std::string& name, const std::vector<Parameter>& parameters, const std::string& body) {
    std::string sql = "create or replace function " + name + "(";
    for (std::size_t at = 0; at < parameters.size(); ++at)
        sql += (at ? ", " : "") + parameters[at].name + " " + parameters[at].type;
    return sql + ") returns void language plpgsql as $lantern$\n" + body + " $lantern$;\n";
}

std::string argument(std::size_t column) {
    return "in_" + std::to_string(column);
}

// One array for each column, and what the kind needs beside them, in the caller's order.
std::vector<Parameter> parameters_of(const Table& table, WriteKind kind) {
    std::vector<Parameter> parameters;
    const auto columns = kind == WriteKind::remove ? table.key_columns : table.columns.size();
    for (std::size_t at = 0; at < columns; ++at)
        parameters.push_back({argument(at), std::string(sql_type(table.columns[at].type)) + "[]"});
    if (kind == WriteKind::patch) parameters.push_back({"in_mask", "bigint[]"});
    if (kind == WriteKind::merge && has_newest(table)) parameters.push_back({"in_position", "bigint[]"});
    return parameters;
}

std::string joined(const std::vector<Parameter>& parameters) {
    std::string out;
    for (const auto& parameter : parameters) out += (out.empty() ? "" : ", ") + parameter.name;
    return out;
}

std::string same_key(const Table& table) {
    std::string out;
    for (std::size_t at = 0; at < table.key_columns; ++at)
        out += (at ? " and t." : "t.") + sql_name(table.columns[at].name) + " = p." + argument(at);
    return out;
}

std::string put_body(const Table& table) {
    std::string sql = "begin\n    insert into " + sql_name(table.name) + " (" +
                      names_of(table, 0, table.columns.size()) + ")\n    select * from unnest(" +
                      joined(parameters_of(table, WriteKind::put)) + ")\n    on conflict (" +
                      names_of(table, 0, table.key_columns) + ") do ";
    if (table.columns.size() == table.key_columns) return sql + "nothing;\nend";
    sql += "update set ";
    for (std::size_t at = table.key_columns; at < table.columns.size(); ++at) {
        const auto name = sql_name(table.columns[at].name);
        sql += (at > table.key_columns ? ", " : "") + name + " = excluded." + name;
    }
    return sql + ";\nend";
}

std::string patch_body(const Table& table) {
    const auto parameters = joined(parameters_of(table, WriteKind::patch));
    std::string sql = "begin\n    update " + sql_name(table.name) + " t set ";
    for (std::size_t at = table.key_columns; at < table.columns.size(); ++at) {
        const auto name = sql_name(table.columns[at].name);
        sql += (at > table.key_columns ? ", " : "") + name + " = case when p.in_mask & " +
               std::to_string(std::int64_t{1} << at) + " <> 0 then p." + argument(at) + " else t." + name + " end";
    }
    return sql + "\n      from unnest(" + parameters + ") p (" + parameters + ")\n     where " + same_key(table) +
           ";\nend";
}

std::string remove_body(const Table& table) {
    const auto parameters = joined(parameters_of(table, WriteKind::remove));
    return "begin\n    delete from " + sql_name(table.name) + " t using unnest(" + parameters + ") p (" +
           parameters + ")\n     where " + same_key(table) + ";\nend";
}

std::string merged(const Column& column) {
    const auto name = sql_name(column.name);
    switch (column.merge) {
        case Merge::add:
            return "t." + name + " + excluded." + name;
        case Merge::least:
            return "least(t." + name + ", excluded." + name + ")";
        case Merge::greatest:
            return "greatest(t." + name + ", excluded." + name + ")";
        case Merge::newest:
            return "case when excluded.lantern_position > 0 and excluded.lantern_position >= t.lantern_position "
                   "then "
                   "excluded." +
                   name + " else t." + name + " end";
        case Merge::none:
            break;
    }
    return "t." + name;
}

std::string merge_body(const Table& table) {
    std::string sql = "begin\n    insert into " + sql_name(table.name) + " as t (" +
                      names_of(table, 0, table.columns.size()) + (has_newest(table) ? ", lantern_position" : "") +
                      ")\n    select * from unnest(" + joined(parameters_of(table, WriteKind::merge)) +
                      ")\n    on conflict (" + names_of(table, 0, table.key_columns) + ") do ";
    if (table.columns.size() == table.key_columns) return sql + "nothing;\nend";
    sql += "update set ";
    for (std::size_t at = table.key_columns; at < table.columns.size(); ++at)
        sql += (at > table.key_columns ? ",\n        " : "") + sql_name(table.columns[at].name) + " = " +
               merged(table.columns[at]);
    if (has_newest(table))
        sql += ",\n        lantern_position = greatest(t.lantern_position, excluded.lantern_position)";
    return sql + ";\nend";
}

std::string name_of(WriteKind kind, std::size_t number) {
    static constexpr const char* kNames[] = {"lantern_put_", "lantern_patch_", "lantern_remove_", "lantern_merge_"};
    return kNames[static_cast<int>(kind)] + std::to_string(number);
}

}  // namespace

bool has_newest(const Table& table) {
    for (const auto& column : table.columns)
        if (column.merge == Merge::newest) return true;
    return false;
}

std::string names_of(const Table& table, std::size_t first, std::size_t last) {
    std::string out;
    for (std::size_t at = first; at < last; ++at)
        out += (at > first ? ", " : "") + sql_name(table.columns[at].name);
    return out;
}

std::string enter_function(const HandlerSchema& schema) {
    std::vector<Parameter> parameters;
    for (const auto& [name, type] : kEnter) parameters.push_back({name, type});
    std::string body(kEnterBody);
    replace_all(body, "$HANDLER_ID$", std::to_string(schema.handler_id));
    replace_all(body, "$HANDLER$", "'" + schema.handler.value + "'");
    return function("lantern_enter", parameters, body);
}

std::string write_functions(const Table& table, std::size_t number) {
    const auto made = [&](WriteKind kind, const std::string& body) {
        return function(name_of(kind, number), parameters_of(table, kind), body);
    };
    if (table.ownership == Ownership::shared) return made(WriteKind::merge, merge_body(table));
    std::string sql = made(WriteKind::put, put_body(table)) + made(WriteKind::remove, remove_body(table));
    if (table.columns.size() > table.key_columns) sql += made(WriteKind::patch, patch_body(table));
    return sql;
}

std::string enter_call(std::size_t& first) {
    std::string sql = "lantern_enter(";
    for (std::size_t at = 0; at < kEnter.size(); ++at)
        sql += (at ? ", $" : "$") + std::to_string(first++) + "::" + kEnter[at][1];
    return sql + ")";
}

std::string write_call(const Table& table, std::size_t number, WriteKind kind, std::size_t& first) {
    std::string sql = name_of(kind, number) + "(";
    bool more = false;
    for (const auto& parameter : parameters_of(table, kind)) {
        sql += (more ? ", $" : "$") + std::to_string(first++) + "::" + parameter.type;
        more = true;
    }
    return sql + ")";
}

}  // namespace lantern::postgres
