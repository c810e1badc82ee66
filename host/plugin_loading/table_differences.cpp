#include <algorithm>

#include "host/plugin_loading/tables_parser.hpp"

namespace lantern::plugin_loading {
namespace {

std::string told(const Column& column) {
    std::string text(type_name(column.type));
    if (column.merge != Merge::none) text += " merge " + std::string(merge_name(column.merge));
    return text;
}

std::string key_of(const Table& table) {
    std::string text;
    for (std::size_t at = 0; at < table.key_columns && at < table.columns.size(); ++at) {
        text += (at ? ", " : "") + table.columns[at].name;
    }
    return "(" + text + ")";
}

std::string indexes_of(const Table& table) {
    std::string text;
    for (const auto& index : table.indexes) {
        std::string names;
        for (const auto& name : index) names += (names.empty() ? "" : ", ") + name;
        text += (text.empty() ? "(" : ", (") + names + ")";
    }
    return text.empty() ? "none" : text;
}

template <class Named>
const Named* find(const std::vector<Named>& all, const std::string& name) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const Named& each) { return each.name == name; });
    return at == all.end() ? nullptr : &*at;
}

std::vector<std::string> names_of(const std::vector<Column>& columns) {
    std::vector<std::string> names;
    for (const auto& column : columns) names.push_back(column.name);
    return names;
}

void compare(const Table& before, const Table& now, std::vector<std::string>& out) {
    const std::string table = "table " + now.name;
    const std::size_t told_before = out.size();
    if (before.ownership != now.ownership) {
        out.push_back(table + ": was " + std::string(ownership_name(before.ownership)) + ", is " +
                      std::string(ownership_name(now.ownership)));
    }
    if (key_of(before) != key_of(now)) out.push_back(table + ": key was " + key_of(before) + ", is " + key_of(now));
    for (const auto& column : before.columns) {
        const auto* same = find(now.columns, column.name);
        if (!same) {
            out.push_back(table + ": column " + column.name + " (" + told(column) + ") is gone");
        } else if (told(column) != told(*same)) {
            out.push_back(table + ": column " + column.name + " was " + told(column) + ", is " + told(*same));
        }
    }
    for (const auto& column : now.columns) {
        if (!find(before.columns, column.name)) {
            out.push_back(table + ": column " + column.name + " (" + told(column) + ") is new");
        }
    }
    if (before.indexes != now.indexes) {
        out.push_back(table + ": indexes were " + indexes_of(before) + ", are " + indexes_of(now));
    }
    if (out.size() == told_before && names_of(before.columns) != names_of(now.columns)) {
        out.push_back(table + ": its columns are in another order");
    }
}

}  // namespace

std::vector<std::string> differences(const std::vector<Table>& before, const std::vector<Table>& now) {
    std::vector<std::string> out;
    for (const auto& table : before) {
        if (const auto* same = find(now, table.name)) {
            compare(table, *same, out);
        } else {
            out.push_back("table " + table.name + " is gone");
        }
    }
    for (const auto& table : now) {
        if (!find(before, table.name)) out.push_back("table " + table.name + " is new");
    }
    if (out.empty() && before != now) out.push_back("the tables are in another order");
    return out;
}

}  // namespace lantern::plugin_loading
