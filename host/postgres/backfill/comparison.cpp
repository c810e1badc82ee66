#include "host/postgres/backfill/comparison.hpp"

#include <algorithm>
#include <charconv>

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

std::string among(const std::vector<StreamId>& streams) {
    return " = any ('" + array_of(streams, [](const StreamId& stream) { return stream.value; }) + "'::bigint[])";
}

// Aggregate ids, as text of a key of this type, and whether both models stand alike there.
std::string settled_ids(const std::string& left, const std::string& right, const Chosen& chosen, ColumnType key) {
    return "select " + std::string(key == ColumnType::uuid ? "lower(s.aggregate_id)" : "s.aggregate_id") +
           " as id, bool_and(coalesce(l.revision, 0) = coalesce(r.revision, 0)"
           " and coalesce(l.state, 0) = coalesce(r.state, 0)) as settled"
           " from lantern.streams s left join " +
           left + ".lantern_streams l on l.stream_id = s.stream_id left join " + right +
           ".lantern_streams r on r.stream_id = s.stream_id" +
           (chosen ? " where s.stream_id" + among(*chosen) : "") + " group by 1";
}

std::string values_of(const Table& table, const std::string& alias) {
    std::string out;
    for (const auto& column : table.columns) out += (out.empty() ? "" : ", ") + alias + "." + sql_name(column.name);
    return "row(" + out + ")";
}

bool can_be(ColumnType key, const std::string& id) {
    if (key == ColumnType::uuid) return Uuid::parse(id).has_value();
    std::int64_t number = 0;
    const auto* end = id.data() + id.size();
    const auto [read, error] = std::from_chars(id.data(), end, number);
    return key == ColumnType::text || (key == ColumnType::integer && error == std::errc() && read == end);
}

// The rows of one model; of chosen ids alone when they are given, found along the key.
std::string rows_of(const std::string& schema, const Table& table, const std::optional<std::string>& ids) {
    const auto& key = table.columns[0];
    const std::string from = "(select t.ctid as place, t.* from " + schema + "." + sql_name(table.name) + " t";
    if (!ids) return from + ")";
    return from + " where t." + sql_name(key.name) + " = any (" + sql_literal(*ids) +
           "::" + std::string(sql_type(key.type)) + "[]))";
}

std::string pairs_of(const std::string& left, const std::string& right, const Table& table,
                     const std::optional<std::string>& ids) {
    std::string same_key;
    for (std::size_t at = 0; at < table.key_columns; ++at) {
        const auto name = sql_name(table.columns[at].name);
        same_key += (at ? " and l." : "l.") + name + " = r." + name;
    }
    const auto key = sql_name(table.columns[0].name);
    return "select l.place as l_place, r.place as r_place, coalesce(l." + key + ", r." + key +
           ")::text as owner, l.place is not null and r.place is not null and " + values_of(table, "l") +
           " is not distinct from " + values_of(table, "r") + " as same from " + rows_of(left, table, ids) +
           " l full join " + rows_of(right, table, ids) + " r on " + same_key;
}

// One look at both models, in one snapshot.
class Look {
public:
    Look(Connection& connection, const std::string& left, const std::string& right, const Chosen& chosen)
        : connection_(connection), left_(sql_name(left)), right_(sql_name(right)), chosen_(chosen) {}

    Comparison at(const std::vector<Table>& tables) {
        Transaction transaction(connection_);
        connection_.query("set transaction isolation level repeatable read, read only");
        look_at_streams();
        for (const auto& table : tables) look_at(table);
        transaction.commit();
        return std::move(found_);
    }

private:
    void look_at_streams() {
        const auto open =
            connection_.query("select s.stream_id from (" + settled_ids(left_, right_, chosen_, ColumnType::text) +
                              ") i join lantern.streams s on s.aggregate_id = i.id where not i.settled" +
                              (chosen_ ? " and s.stream_id" + among(*chosen_) : ""));
        found_.streams_unsettled = static_cast<std::int64_t>(open.size());
        if (open.size() > kUnsettledMax) return;
        for (std::size_t row = 0; row < open.size(); ++row)
            found_.unsettled.push_back(StreamId{open.integer(row, 0)});
    }

    void look_at(const Table& table) {
        const bool owned = table.ownership == Ownership::owned;
        if (chosen_ && !owned) {
            found_.tables.push_back({table.name, 0, 0, 0, false});
            return;
        }
        const std::string settled =
            owned ? "coalesce(s.settled, true)" : (found_.streams_unsettled == 0 ? "true" : "false");
        const std::string pairs =
            pairs_of(left_, right_, table, chosen_ ? std::optional(ids_for(table)) : std::nullopt);
        const std::string from =
            "(" + pairs + ") p" +
            (owned ? " left join (" + settled_ids(left_, right_, chosen_, table.columns[0].type) +
                         ") s on s.id = p.owner"
                   : "");
        const auto counts = connection_.query("select count(*) filter (where p.same and " + settled +
                                              "), count(*) filter (where not p.same and " + settled +
                                              "), count(*) filter (where not " + settled + ") from " + from);
        found_.tables.push_back({table.name, counts.integer(0, 0), counts.integer(0, 1), counts.integer(0, 2)});
        if (counts.integer(0, 1) > 0) look_at_differences(table, from + " where not p.same and " + settled);
    }

    void look_at_differences(const Table& table, const std::string& from) {
        const auto name = sql_name(table.name);
        const auto rows = connection_.query(
            "select row_to_json(l), row_to_json(r) from (select p.l_place, p.r_place from " + from + " limit " +
            std::to_string(kDifferencesMax - found_.differences.size()) + ") d left join " + left_ + "." + name +
            " l on l.ctid = d.l_place left join " + right_ + "." + name + " r on r.ctid = d.r_place");
        for (std::size_t row = 0; row < rows.size(); ++row)
            found_.differences.push_back({table.name, rows.text(row, 0), rows.text(row, 1)});
    }

    // Those of the chosen streams that the table's key can be, as an array literal.
    std::string ids_for(const Table& table) {
        const auto rows = connection_.query(
            "select distinct s.aggregate_id from lantern.streams s where s.stream_id" + among(*chosen_));
        ArrayLiteral ids;
        for (std::size_t row = 0; row < rows.size(); ++row)
            if (can_be(table.columns[0].type, rows.text(row, 0))) ids.add(rows.view(row, 0));
        return std::move(ids).take();
    }

    Connection& connection_;
    const std::string left_, right_;
    const Chosen& chosen_;
    Comparison found_;
};

}  // namespace

void Comparison::settle(Comparison again) {
    for (std::size_t at = 0; at < tables.size(); ++at) {
        const auto& table = again.tables[at];
        if (!table.compared) continue;
        tables[at].equal += table.equal;
        tables[at].differing += table.differing;
        tables[at].unsettled = table.unsettled;
    }
    for (auto& one : again.differences)
        if (differences.size() < kDifferencesMax) differences.push_back(std::move(one));
    streams_unsettled = again.streams_unsettled;
    unsettled = std::move(again.unsettled);
}

bool Comparison::settled() const {
    return streams_unsettled == 0 &&
           std::all_of(tables.begin(), tables.end(), [](const auto& table) { return table.unsettled == 0; });
}

bool Comparison::equal() const {
    return settled() &&
           std::all_of(tables.begin(), tables.end(), [](const auto& table) { return table.differing == 0; });
}

std::int64_t Comparison::not_shown() const {
    std::int64_t differing = 0;
    for (const auto& table : tables) differing += table.differing;
    return differing - static_cast<std::int64_t>(differences.size());
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
    return out + "],\"not_shown\":" + std::to_string(not_shown()) + "}";
}

Comparison compare(Connection& connection, const std::string& left, const std::string& right,
                   const std::vector<Table>& tables, const Chosen& chosen) {
    return Look(connection, left, right, chosen).at(tables);
}

}  // namespace lantern::postgres
