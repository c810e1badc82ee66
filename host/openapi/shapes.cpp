#include "host/openapi/shapes.hpp"

#include <algorithm>

namespace lantern::openapi {
namespace json = boost::json;
namespace {

bool is_secret(const json::value& schema) {
    const auto* marked = schema.is_object() ? schema.get_object().if_contains("x-secret") : nullptr;
    return marked && marked->is_bool() && marked->get_bool();
}

void erase_names(json::value& list, const std::vector<std::string>& names) {
    if (!list.is_array()) return;
    auto& array = list.get_array();
    array.erase(std::remove_if(array.begin(), array.end(),
                               [&](const json::value& item) {
                                   return item.is_string() &&
                                          std::find(names.begin(), names.end(), item.get_string()) != names.end();
                               }),
                array.end());
}

void erase_members(json::value& examples, const std::vector<std::string>& names) {
    if (!examples.is_array()) return;
    for (auto& example : examples.get_array())
        if (example.is_object())
            for (const auto& name : names) example.get_object().erase(name);
}

void lead_references(json::value& value, const std::string& to) {
    if (value.is_array())
        for (auto& item : value.get_array()) lead_references(item, to);
    if (!value.is_object()) return;
    for (auto& member : value.get_object()) {
        if (member.key() == "$ref" && member.value().is_string() && member.value().get_string().starts_with("#"))
            member.value() = to + std::string(member.value().get_string()).substr(1);
        else
            lead_references(member.value(), to);
    }
}

json::value example_of(ColumnType type) {
    switch (type) {
        case ColumnType::boolean:
            return true;
        case ColumnType::integer:
            return 1;
        case ColumnType::real:
            return 1.5;
        case ColumnType::text:
            return "text";
        case ColumnType::time:
            return "2026-11-21T15:47:00.000000Z";
        case ColumnType::uuid:
            return "01890000-0000-7000-8000-000000000000";
        case ColumnType::json:
            return json::object();
        case ColumnType::date:
            return "2026-11-21";
    }
    return nullptr;
}

}  // namespace

std::string component_name(const std::string& text) {
    std::string name = text;
    std::replace_if(
        name.begin(), name.end(),
        [](unsigned char c) { return !(std::isalnum(c) && c < 0x80) && c != '_' && c != '-' && c != '.'; }, '_');
    return name;
}

std::optional<json::object> as_component(const std::string& schema, const std::string& name) {
    boost::system::error_code malformed;
    auto parsed = json::parse(schema, malformed);
    if (malformed || !parsed.is_object()) return std::nullopt;
    lead_references(parsed, "#/components/schemas/" + name);
    auto& object = parsed.get_object();
    object.erase("$schema");
    object.erase("$id");
    return std::move(object);
}

void remove_secrets(json::value& schema) {
    if (schema.is_array())
        for (auto& item : schema.get_array()) remove_secrets(item);
    if (!schema.is_object()) return;
    auto& object = schema.get_object();
    if (auto* properties = object.if_contains("properties"); properties && properties->is_object()) {
        std::vector<std::string> secrets;
        for (const auto& property : properties->get_object())
            if (is_secret(property.value())) secrets.emplace_back(property.key());
        for (const auto& secret : secrets) properties->get_object().erase(secret);
        if (auto* required = object.if_contains("required")) erase_names(*required, secrets);
        if (auto* examples = object.if_contains("examples")) erase_members(*examples, secrets);
    }
    for (auto& member : object)
        if (member.key() != "examples") remove_secrets(member.value());
}

json::object column_schema(ColumnType type) {
    switch (type) {
        case ColumnType::boolean:
            return {{"type", "boolean"}};
        case ColumnType::integer:
            return {{"type", "integer"}, {"format", "int64"}};
        case ColumnType::real:
            return {{"type", "number"}};
        case ColumnType::text:
            return {{"type", "string"}};
        case ColumnType::time:
            return time_schema();
        case ColumnType::uuid:
            return {{"type", "string"}, {"format", "uuid"}};
        case ColumnType::json:
            return {};
        case ColumnType::date:
            return {{"type", "string"}, {"format", "date"}};
    }
    return {};
}

json::object time_schema() {
    return {{"type", "string"}, {"format", "date-time"}};
}

json::object shown_time_schema() {
    auto schema = time_schema();
    schema["pattern"] = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$";
    return schema;
}

json::object row_schema(const Table& table) {
    json::object schema{{"type", "object"}};
    auto& properties = schema["properties"].emplace_object();
    json::array required;
    for (std::size_t n = 0; n < table.columns.size(); ++n) {
        const auto& column = table.columns[n];
        auto of_column = column.type == ColumnType::time ? shown_time_schema() : column_schema(column.type);
        if (n >= table.key_columns && of_column.contains("type"))
            of_column["type"] = json::array{of_column.at("type"), "null"};
        properties[column.name] = std::move(of_column);
        required.emplace_back(column.name);
    }
    schema["required"] = std::move(required);
    schema["additionalProperties"] = false;
    return schema;
}

Examples::Examples(const Source& source) {
    for (const auto& [event, text] : source.events) {
        const auto component = as_component(text, "");
        if (!component) continue;
        json::value schema = *component;
        remove_secrets(schema);
        const auto example = openapi::example_of(schema.get_object());
        if (!example.is_object()) continue;
        for (const auto& field : example.get_object()) known_[field.key()] = field.value();
    }
}

json::object Examples::row(const Table& table) const {
    json::object row;
    for (const auto& column : table.columns) {
        const auto* known = known_.if_contains(column.name);
        const bool fits = known && known->is_string() && column.type == ColumnType::text;
        row[column.name] = fits ? *known : example_of(column.type);
    }
    return row;
}

json::value example_of(const json::object& schema) {
    const auto* examples = schema.if_contains("examples");
    if (!examples || !examples->is_array() || examples->get_array().empty()) return nullptr;
    return examples->get_array().front();
}

}  // namespace lantern::openapi
