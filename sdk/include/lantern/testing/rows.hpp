// Comparison of a table with expected rows, as text that a person can read.
#pragma once

#include <lantern/testing/failure.hpp>
#include <lantern/testing/tables.hpp>

namespace lantern::testing {

// The columns that `expected` names.
inline bool matches(const TableShape& table, const json::object& expected, const json::object& actual) {
    for (const auto& [name, value] : expected) {
        const ColumnShape* column = table.find(std::string_view(name.data(), name.size()));
        if (!column) throw Failure(table.name + " has no column " + std::string(name));
        if (!alike(value, actual.at(name), column->type)) return false;
    }
    return true;
}

inline bool same_key(const TableShape& table, const json::object& expected, const json::object& actual) {
    for (std::size_t at = 0; at < table.key_size; ++at) {
        const json::value* value = expected.if_contains(table.columns[at].name);
        if (!value || !alike(*value, actual.at(table.columns[at].name), table.columns[at].type)) return false;
    }
    return true;
}

// Empty: equal. Rows may come in any order.
inline std::string differing(const Tables& tables, std::string_view name, const json::value& expected_rows) {
    const TableShape& table = tables.shape(name);
    std::vector<json::object> rest;
    for (const Row& row : tables.rows(name)) rest.push_back(tables.to_json(table, row));
    std::vector<json::object> missing;
    if (!expected_rows.is_array()) throw Failure("expected rows are a JSON array of objects");
    for (const json::value& one : expected_rows.as_array()) {
        const json::object& expected = one.as_object();
        const auto found = std::find_if(
            rest.begin(), rest.end(), [&](const json::object& actual) { return matches(table, expected, actual); });
        if (found == rest.end())
            missing.push_back(expected);
        else
            rest.erase(found);
    }
    std::string out;
    for (const json::object& expected : missing) {
        const auto near = std::find_if(rest.begin(), rest.end(), [&](const json::object& actual) {
            return same_key(table, expected, actual);
        });
        if (near == rest.end()) {
            out += "  missing   " + json::serialize(expected) + "\n";
            continue;
        }
        out += "  row       " + json::serialize(*near) + "\n";
        for (const auto& [column, value] : expected)
            if (!alike(value, near->at(column), table.find(std::string_view(column.data(), column.size()))->type))
                out += "    " + std::string(column) + ": expected " + json::serialize(value) + ", is " +
                       json::serialize(near->at(column)) + "\n";
        rest.erase(near);
    }
    for (const json::object& actual : rest) out += "  unexpected " + json::serialize(actual) + "\n";
    return out;
}

}  // namespace lantern::testing
