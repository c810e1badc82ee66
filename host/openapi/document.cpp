#include "host/openapi/document.hpp"

#include <algorithm>
#include <set>

#include "host/openapi/answers.hpp"
#include "host/openapi/operation.hpp"
#include "host/openapi/operations.hpp"

namespace lantern::openapi {
namespace json = boost::json;
namespace {

constexpr const char* kAbout =
    "Commands and queries of this installation, as its configuration routes them.\n\n"
    "Commands answer with the new revision, in the body and as `ETag`; `If-Match` guards them, `Idempotency-Key` "
    "makes them safe to repeat. Queries of read models say as of which revision they are complete; `min_revision` "
    "with `Prefer: wait` reads one's own writes. Every error is a problem (RFC 9457). `X-Request-Id`, "
    "`X-Correlation-Id` and `traceparent` may be sent with every request and stand in the events' metadata. "
    "Times are RFC 3339; in answers UTC, with microseconds. Paths work without their last slash too.";

json::object accepted_schema() {
    return {{"type", "object"},
            {"properties", json::object{{"id", text_schema()}, {"revision", whole_number(0)}}},
            {"required", json::array{"id", "revision"}},
            {"additionalProperties", false}};
}

json::object taken_schema() {
    return {{"type", "object"},
            {"properties", json::object{{"status", json::object{{"const", "accepted"}}}}},
            {"required", json::array{"status"}},
            {"additionalProperties", false}};
}

json::object event_schema() {
    return {
        {"type", "object"},
        {"properties", json::object{{"id", json::object{{"type", "string"}, {"format", "uuid"}}},
                                    {"revision", whole_number(1)},
                                    {"type", text_schema()},
                                    {"schema_version", whole_number(1)},
                                    {"recorded_at", shown_time_schema()},
                                    {"data", json::object{{"description", "As its schema says; null: it has none."},
                                                          {"type", json::array{"object", "null"}}}},
                                    {"metadata", json::object{{"type", "object"}}}}},
        {"required", json::array{"id", "revision", "type", "schema_version", "recorded_at", "data", "metadata"}},
        {"additionalProperties", false}};
}

std::string event_name(const std::string& type, int version) {
    return component_name("event." + type + "." + std::to_string(version));
}

// The events of an aggregate: those with a schema with their data, all others as any event.
json::object history_schema(const Description& aggregate, const Source& source) {
    json::array known;
    json::array types;
    for (const auto& [event, text] : source.events) {
        const auto& [type, version] = event;
        if (!aggregate.events.contains(type) || !as_component(text, "")) continue;
        const json::object of_type{{"type", json::object{{"const", type}}},
                                   {"schema_version", json::object{{"const", version}}},
                                   {"data", reference("schemas", event_name(type, version))}};
        known.emplace_back(json::object{{"properties", of_type}});
        types.emplace_back(json::object{{"type", json::object{{"const", type}}},
                                        {"schema_version", json::object{{"const", version}}}});
    }
    json::array parts{reference("schemas", "Event")};
    if (known.empty()) return {{"allOf", std::move(parts)}};
    json::array described;
    for (auto& type : types) described.emplace_back(json::object{{"properties", std::move(type)}});
    known.emplace_back(json::object{{"not", json::object{{"anyOf", std::move(described)}}}});
    parts.emplace_back(json::object{{"anyOf", std::move(known)}});
    return {{"allOf", std::move(parts)}};
}

void add_events(json::object& schemas, const Source& source) {
    std::set<std::string> shown;
    for (const auto& route : source.http.queries) {
        if (route.kind != QueryRoute::Kind::history || !shown.insert(route.aggregate).second) continue;
        const auto aggregate = source.aggregates.find(route.aggregate);
        const auto description = aggregate == source.aggregates.end() ? Description{} : aggregate->second;
        schemas[history_name(route.aggregate)] = history_schema(description, source);
        for (const auto& [event, text] : source.events) {
            const auto name = event_name(event.first, event.second);
            if (!description.events.contains(event.first)) continue;
            if (auto component = as_component(text, name)) {
                json::value schema = std::move(*component);
                remove_secrets(schema);
                schemas[name] = std::move(schema);
            }
        }
    }
}

json::object schemas_of(const Source& source) {
    json::object schemas;
    schemas["Problem"] = problem_schema();
    schemas["Accepted"] = accepted_schema();
    schemas["Taken"] = taken_schema();
    schemas["Event"] = event_schema();
    const auto names = request_names(source);
    for (const auto& [file, text] : source.requests)
        if (auto schema = as_component(text, names.at(file))) schemas[names.at(file)] = std::move(*schema);
    for (const auto& route : source.http.queries) {
        const auto tables = source.tables.find(route.handler);
        if (tables == source.tables.end()) continue;
        for (const auto& table : tables->second)
            if (table.name == route.table) schemas[row_name(route.handler, table.name)] = row_schema(table);
    }
    add_events(schemas, source);
    return schemas;
}

// A path is one template, with its slash as the routes have it. The id is made unique by what makes the route so.
json::object paths_of(std::vector<Operation> operations) {
    std::map<std::string, int> wished;
    for (const auto& operation : operations) ++wished[operation.id];
    json::object paths;
    for (auto& operation : operations) {
        auto id = operation.id;
        if (wished[id] > 1) id += "_" + operation.method + component_name(operation.path);
        operation.body["operationId"] = id;
        add_problems(operation.body["responses"].as_object(), {414, 431});  // before it is known what is asked
        auto& path = paths[operation.path];
        if (path.is_null()) path.emplace_object();
        path.get_object()[operation.method] = std::move(operation.body);
    }
    return paths;
}

json::array tags_of(const std::vector<Operation>& operations) {
    json::array tags;
    std::set<std::string> known;
    for (const auto& operation : operations) {
        const auto& tag = operation.body.at("tags").as_array().front();
        if (known.insert(tag.as_string().c_str()).second) tags.emplace_back(json::object{{"name", tag}});
    }
    return tags;
}

}  // namespace

std::string document(const Source& source) {
    std::vector<Operation> operations;
    const auto intake = source.intake ? intake_operations(*source.intake) : std::vector<Operation>{};
    for (const auto& part : {auth_operations(source.http.auth), command_operations(source),
                             query_operations(source), intake, standing_operations()})
        operations.insert(operations.end(), part.begin(), part.end());

    json::object document{{"openapi", "3.1.0"}};
    document["info"] = json::object{{"title", "Lantern"}, {"version", source.version}, {"description", kAbout}};
    document["servers"] = json::array{json::object{{"url", "/"}}};
    document["tags"] = tags_of(operations);
    document["paths"] = paths_of(std::move(operations));
    json::object components;
    components["schemas"] = schemas_of(source);
    components["responses"] = problem_responses();
    components["headers"] = header_components();
    components["securitySchemes"].emplace_object()["bearer"] =
        json::object{{"type", "http"},
                     {"scheme", "bearer"},
                     {"bearerFormat", "JWT"},
                     {"description", "The token of a login, or the operator's."}};
    document["components"] = std::move(components);
    return json::serialize(document);
}

}  // namespace lantern::openapi
