// The description of a plugin as far as tests need it; see docs/descriptor.md.
#pragma once

#include <map>

#include <lantern/testing/values.hpp>

namespace lantern::testing {

struct ColumnShape {
    std::string name;
    std::int32_t type = LANTERN_TEXT;
    std::string merge;  // empty, add, least, greatest, newest
};

struct TableShape {
    std::string name;
    bool shared = false;
    std::vector<ColumnShape> columns;  // those of the key first
    std::size_t key_size = 1;

    const ColumnShape* find(std::string_view column) const {
        for (const ColumnShape& one : columns)
            if (one.name == column) return &one;
        return nullptr;
    }
};

struct Shape {
    std::string name;
    std::string kind;
    std::string aggregate_type;
    std::map<std::string, std::int64_t, std::less<>> events;  // type -> schema version
    std::vector<TableShape> tables;
    json::object all;
};

inline std::int32_t type_of(std::string_view name) {
    static const std::map<std::string_view, std::int32_t> kTypes = {
        {"boolean", LANTERN_BOOL}, {"integer", LANTERN_INTEGER}, {"double", LANTERN_DOUBLE},
        {"text", LANTERN_TEXT},    {"time", LANTERN_TIME},       {"uuid", LANTERN_UUID},
        {"json", LANTERN_JSON},    {"date", LANTERN_DATE}};
    const auto found = kTypes.find(name);
    if (found == kTypes.end()) throw std::invalid_argument("unknown column type " + std::string(name));
    return found->second;
}

inline TableShape table_shape(const json::object& from) {
    TableShape table;
    table.name = view(from.at("name").as_string());
    table.shared = from.at("ownership").as_string() == "shared";
    table.key_size = from.at("key").as_array().size();
    for (const json::value& one : from.at("columns").as_array()) {
        const json::object& column = one.as_object();
        const json::value* merge = column.if_contains("merge");
        table.columns.push_back({std::string(view(column.at("name").as_string())),
                                 type_of(view(column.at("type").as_string())),
                                 merge ? std::string(view(merge->as_string())) : std::string()});
    }
    for (std::size_t at = 0; at < table.key_size; ++at)
        if (at >= table.columns.size() || from.at("key").as_array()[at].as_string() != table.columns[at].name)
            throw std::invalid_argument("table " + table.name + ": key columns must be the first columns");
    return table;
}

inline Shape shape_of(const lantern_plugin_v1& plugin) {
    const std::string text(view(plugin.describe()));
    json::error_code error;
    const json::value parsed = json::parse(text, error);
    if (error || !parsed.is_object()) throw std::invalid_argument("the description is no JSON object: " + text);
    Shape shape;
    shape.all = parsed.as_object();
    shape.name = view(shape.all.at("name").as_string());
    shape.kind = view(shape.all.at("kind").as_string());
    if (const json::value* events = shape.all.if_contains("events"))
        for (const auto& [type, version] : events->as_object())
            shape.events.emplace(std::string_view(type.data(), type.size()), version.to_number<std::int64_t>());
    if (const json::value* type = shape.all.if_contains("aggregate_type"))
        shape.aggregate_type = view(type->as_string());
    if (const json::value* tables = shape.all.if_contains("tables"))
        for (const json::value& table : tables->as_array()) shape.tables.push_back(table_shape(table.as_object()));
    return shape;
}

}  // namespace lantern::testing
