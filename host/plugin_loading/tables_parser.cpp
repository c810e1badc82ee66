#include "host/plugin_loading/tables_parser.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace lantern::plugin_loading {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 8> kTypes = {"boolean", "integer", "double", "text",
                                                    "time",    "uuid",    "json",   "date"};
constexpr std::array<std::string_view, 2> kOwnerships = {"owned", "shared"};
constexpr std::array<std::string_view, 5> kMerges = {"none", "add", "least", "greatest", "newest"};
constexpr std::size_t kTablesMax = 64;
constexpr std::size_t kColumnsMax = 200;

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& names, std::string_view name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

template <std::size_t N>
std::vector<std::string_view> list(const std::array<std::string_view, N>& names, std::size_t from = 0) {
    return {names.begin() + static_cast<std::ptrdiff_t>(from), names.end()};
}

std::string table_or_column_name(JsonReader& reader) {
    std::string name = reader.name("name");
    if (name.rfind("lantern_", 0) == 0) {
        reader.problem("name", '"' + name + '"', "a name that does not begin with lantern_, which Lantern keeps");
        return {};
    }
    return name;
}

// Why a column of a shared table cannot take its values in this way; empty when it can.
std::string order_dependence(ColumnType type, Merge merge) {
    const bool ordered = type == ColumnType::integer || type == ColumnType::real || type == ColumnType::time ||
                         type == ColumnType::date;
    if (merge == Merge::add && type == ColumnType::real) {
        return "add on an integer column (a sum of doubles depends on the order of addition; count in a smaller "
               "unit)";
    }
    if (merge == Merge::add && type != ColumnType::integer) return "add on an integer column";
    if ((merge == Merge::least || merge == Merge::greatest) && !ordered) {
        return "least and greatest on an integer, double, time or date column";
    }
    return {};
}

Column parse_column(const boost::json::value& value, const std::string& where, bool in_key, Ownership ownership,
                    Problems& problems) {
    Column column;
    const auto* object = value.if_object();
    if (!object) {
        problems.push_back(where + ": found " + shown(value) + ", expected an object {name, type, merge}");
        return column;
    }
    JsonReader reader(*object, where + ".", problems);
    reader.allow_only({"name", "type", "merge"});
    column.name = table_or_column_name(reader);
    const std::string type = reader.one_of("type", list(kTypes));
    if (!type.empty()) column.type = static_cast<ColumnType>(index_of(kTypes, type));
    if (in_key && (column.type == ColumnType::json || column.type == ColumnType::real)) {
        reader.problem("type", type, "a key column of another type than json and double");
    }
    const auto* merge_value = reader.member("merge");
    if (ownership == Ownership::owned || in_key) {
        if (merge_value) {
            reader.problem(
                "merge", shown(*merge_value),
                in_key ? "no merge on a key column" : "no merge on an owned table, whose rows one stream writes");
        }
        return column;
    }
    if (!merge_value) {
        reader.problem(
            "merge", "nothing",
            "add, least, greatest or newest: a shared table is fed by many streams, between which there is "
            "no order, so a plain column would depend on chance; declare how it merges, or make the table "
            "owned");
        return column;
    }
    const std::string merge = reader.one_of("merge", list(kMerges, 1));
    if (merge.empty()) return column;
    column.merge = static_cast<Merge>(index_of(kMerges, merge));
    const std::string expected = order_dependence(column.type, column.merge);
    if (!type.empty() && !expected.empty()) reader.problem("merge", merge + " on a " + type + " column", expected);
    return column;
}

void check_indexes(JsonReader& reader, const std::string& where, const Table& table,
                   std::vector<std::vector<std::string>>& indexes, Problems& problems) {
    if (!reader.member("indexes")) return;
    const auto* array = reader.array("indexes");
    for (std::size_t at = 0; array && at < array->size(); ++at) {
        const auto& value = (*array)[at];
        const std::string place = where + ".indexes[" + std::to_string(at) + "]";
        if (const auto* object = value.if_object(); object && object->contains("unique")) {
            problems.push_back(
                place +
                ": found a unique index, expected a plain one, as an array of column names: "
                "which of two events meets it first would depend on the order across streams; only the "
                "key is unique");
            continue;
        }
        const auto* names = value.if_array();
        std::vector<std::string> index;
        std::set<std::string> seen;
        bool good = names && !names->empty();
        for (std::size_t name = 0; good && name < names->size(); ++name) {
            const auto* text = (*names)[name].if_string();
            good = text && std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
                       return column.name == std::string_view(*text);
                   });
            good = good && seen.insert(std::string(*text)).second;
            if (good) index.emplace_back(*text);
        }
        if (good) {
            indexes.push_back(std::move(index));
        } else {
            problems.push_back(place + ": found " + shown(value) +
                               ", expected an array of names of declared columns");
        }
    }
}

void check_key(JsonReader& reader, const Table& table, const std::vector<std::string>& key) {
    if (key.empty()) return;
    bool first = key.size() <= table.columns.size();
    for (std::size_t at = 0; first && at < key.size(); ++at) first = table.columns[at].name == key[at];
    std::string found;
    for (const auto& name : key) found += (found.empty() ? "" : ", ") + name;
    if (!first) {
        reader.problem("key", found, "the names of the first columns, in their order");
    } else if (table.ownership == Ownership::owned && table.columns[0].type != ColumnType::text &&
               table.columns[0].type != ColumnType::uuid) {
        reader.problem("key", key[0] + " of type " + std::string(type_name(table.columns[0].type)),
                       "a key that begins with the aggregate id, of type text or uuid: an owned row belongs to one "
                       "stream");
    }
}

Table parse_table(const boost::json::value& value, const std::string& where, Problems& problems) {
    Table table;
    const auto* object = value.if_object();
    if (!object) {
        problems.push_back(where + ": found " + shown(value) +
                           ", expected an object {name, ownership, key, columns, indexes}");
        return table;
    }
    JsonReader reader(*object, where + ".", problems);
    reader.allow_only({"name", "ownership", "key", "columns", "indexes"});
    table.name = table_or_column_name(reader);
    table.ownership =
        reader.one_of("ownership", list(kOwnerships)) == "shared" ? Ownership::shared : Ownership::owned;
    const auto key = reader.texts("key");
    if (reader.member("key") && reader.member("key")->is_array() && reader.member("key")->get_array().empty()) {
        reader.problem("key", "[]", "at least one column");
    }
    table.key_columns = std::max<std::size_t>(key.size(), 1);
    const auto* columns = reader.array("columns");
    if (!columns) return table;
    if (columns->empty() || columns->size() > kColumnsMax) {
        reader.problem("columns", std::to_string(columns->size()) + " columns",
                       "1 to " + std::to_string(kColumnsMax));
        return table;
    }
    std::set<std::string> names;
    for (std::size_t at = 0; at < columns->size(); ++at) {
        const std::string place = where + ".columns[" + std::to_string(at) + "]";
        table.columns.push_back(
            parse_column((*columns)[at], place, at < table.key_columns, table.ownership, problems));
        const auto& name = table.columns.back().name;
        if (!name.empty() && !names.insert(name).second) {
            problems.push_back(place + ".name: found " + name + " a second time, expected different names");
        }
    }
    check_key(reader, table, key);
    check_indexes(reader, where, table, table.indexes, problems);
    return table;
}

boost::json::array names_json(const std::vector<std::string>& names) {
    boost::json::array array;
    for (const auto& name : names) array.emplace_back(name);
    return array;
}

}  // namespace

std::string_view type_name(ColumnType type) {
    return kTypes[static_cast<std::size_t>(type)];
}
std::string_view ownership_name(Ownership ownership) {
    return kOwnerships[static_cast<std::size_t>(ownership)];
}
std::string_view merge_name(Merge merge) {
    return kMerges[static_cast<std::size_t>(merge)];
}

std::vector<Table> parse_tables(const boost::json::array& values, Problems& problems) {
    std::vector<Table> tables;
    if (values.size() > kTablesMax) {
        problems.push_back("tables: found " + std::to_string(values.size()) + ", expected at most " +
                           std::to_string(kTablesMax));
        return tables;
    }
    std::set<std::string> names;
    for (std::size_t at = 0; at < values.size(); ++at) {
        const std::string where = "tables[" + std::to_string(at) + "]";
        tables.push_back(parse_table(values[at], where, problems));
        if (!tables.back().name.empty() && !names.insert(tables.back().name).second) {
            problems.push_back(where + ".name: found " + tables.back().name +
                               " a second time, expected different names");
        }
    }
    return tables;
}

std::string canonical_text(const std::vector<Table>& tables) {
    boost::json::array all;
    for (const auto& table : tables) {
        boost::json::array columns;
        std::vector<std::string> key;
        for (std::size_t at = 0; at < table.columns.size(); ++at) {
            const auto& column = table.columns[at];
            if (at < table.key_columns) key.push_back(column.name);
            boost::json::object each{{"name", column.name}, {"type", type_name(column.type)}};
            if (column.merge != Merge::none) each.emplace("merge", merge_name(column.merge));
            columns.emplace_back(std::move(each));
        }
        boost::json::array indexes;
        for (const auto& index : table.indexes) indexes.emplace_back(names_json(index));
        all.emplace_back(boost::json::object{{"name", table.name},
                                             {"ownership", ownership_name(table.ownership)},
                                             {"key", names_json(key)},
                                             {"columns", std::move(columns)},
                                             {"indexes", std::move(indexes)}});
    }
    return boost::json::serialize(all);
}

}  // namespace lantern::plugin_loading
