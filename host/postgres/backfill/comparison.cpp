#include "host/postgres/backfill/comparison.hpp"

#include <algorithm>

#include "host/postgres/array_literal.hpp"
#include "host/postgres/tables/flush_functions.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return out + "\"";
}

using Chosen = std::optional<std::vector<StreamId>>;

// Streams and whether both models stand alike there.
std::string settled_streams(const std::string& left, const std::string& right, const Chosen& chosen) {
    std::string where;
    if (chosen)
        where = " where s.stream_id = any ('" +
                array_of(*chosen, [](const StreamId& stream) { return stream.value; }) + "'::bigint[])";
    return "select s.aggregate_id, bool_and(coalesce(l.revision, 0) = coalesce(r.revision, 0)"
           " and coalesce(l.state, 0) = coalesce(r.state, 0)) as settled"
           " from lantern.streams s left join " +
           left + ".lantern_streams l on l.stream_id = s.stream_id left join " + right +
           ".lantern_streams r on r.stream_id = s.stream_id" + where + " group by s.aggregate_id";
}

std::string values_of(const Table& table, const std::string& alias) {
    std::string out;
    for (const auto& column : table.columns) out += (out.empty() ? "" : ", ") + alias + "." + sql_name(column.name);
    return "row(" + out + ")";
}

std::string pairs_of(const std::string& left, const std::string& right, const Table& table) {
    std::string same_key;
    for (std::size_t at = 0; at < table.key_columns; ++at) {
        const auto name = sql_name(table.columns[at].name);
        same_key += (at ? " and l." : "l.") + name + " = r." + name;
    }
    const auto name = sql_name(table.name);
    const auto key = sql_name(table.columns[0].name);
    return "select l.ctid as l_place, r.ctid as r_place, coalesce(l." + key + ", r." + key +
           ")::text as owner, l.ctid is not null and r.ctid is not null and " + values_of(table, "l") +
           " is not distinct from " + values_of(table, "r") + " as same from " + left + "." + name +
           " l full join " + right + "." + name + " r on " + same_key;
}

}  // namespace

bool Comparison::settled() const {
    return streams_unsettled == 0 &&
           std::all_of(tables.begin(), tables.end(), [](const auto& table) { return table.unsettled == 0; });
}

bool Comparison::equal() const {
    return settled() &&
           std::all_of(tables.begin(), tables.end(), [](const auto& table) { return table.differing == 0; });
}

std::string Comparison::json() const {
    std::string out = "{\"equal\":" + std::string(equal() ? "true" : "false") +
                      ",\"streams_unsettled\":" + std::to_string(streams_unsettled) + ",\"tables\":[";
    for (const auto& table : tables)
        out += (&table == &tables.front() ? "" : ",") + std::string("{\"table\":") + json_text(table.table) +
               ",\"equal\":" + std::to_string(table.equal) + ",\"differing\":" + std::to_string(table.differing) +
               ",\"unsettled\":" + std::to_string(table.unsettled) +
               ",\"compared\":" + (table.compared ? "true" : "false") + "}";
    out += "],\"differences\":[";
    for (const auto& one : differences)
        out += (&one == &differences.front() ? "" : ",") + std::string("{\"table\":") + json_text(one.table) +
               ",\"live\":" + (one.left.empty() ? "null" : one.left) +
               ",\"fresh\":" + (one.right.empty() ? "null" : one.right) + "}";
    return out + "]}";
}

Comparison compare(Connection& connection, const std::string& left_name, const std::string& right_name,
                   const std::vector<Table>& tables, const Chosen& chosen) {
    const auto left = sql_name(left_name), right = sql_name(right_name);
    Comparison comparison;
    comparison.streams_unsettled = connection
                                       .query("select count(*) filter (where not settled) from (" +
                                              settled_streams(left, right, chosen) + ") s")
                                       .integer(0, 0);
    for (const auto& table : tables) {
        const bool owned = table.ownership == Ownership::owned;
        if (chosen && !owned) {
            comparison.tables.push_back({table.name, 0, 0, 0, false});
            continue;
        }
        const std::string join = chosen ? " join (" : " left join (";
        const std::string settled =
            owned ? "coalesce(s.settled, true)" : (comparison.streams_unsettled == 0 ? "true" : "false");
        const std::string from =
            "(" + pairs_of(left, right, table) + ") p" +
            (owned ? join + settled_streams(left, right, chosen) + ") s on s.aggregate_id = p.owner" : "");
        const auto counts = connection.query(
            "select count(*) filter (where p.same), count(*) filter (where not p.same and " + settled +
            "), count(*) filter (where not p.same and not " + settled + ") from " + from);
        comparison.tables.push_back(
            {table.name, counts.integer(0, 0), counts.integer(0, 1), counts.integer(0, 2), true});
        if (counts.integer(0, 1) == 0 || comparison.differences.size() >= kDifferencesMax) continue;
        const auto name = sql_name(table.name);
        const auto rows = connection.query(
            "select row_to_json(l), row_to_json(r) from (select p.l_place, p.r_place from " + from +
            " where not p.same and " + settled + " limit " +
            std::to_string(kDifferencesMax - comparison.differences.size()) + ") d left join " + left + "." + name +
            " l on l.ctid = d.l_place left join " + right + "." + name + " r on r.ctid = d.r_place");
        for (std::size_t row = 0; row < rows.size(); ++row)
            comparison.differences.push_back({table.name, rows.text(row, 0), rows.text(row, 1)});
    }
    return comparison;
}

}  // namespace lantern::postgres
