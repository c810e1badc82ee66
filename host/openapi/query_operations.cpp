#include <algorithm>

#include "host/core/limits.hpp"
#include "host/core/listing.hpp"
#include "host/openapi/answers.hpp"
#include "host/openapi/operation.hpp"
#include "host/openapi/operations.hpp"

namespace lantern::openapi {
namespace json = boost::json;
namespace {

using Kind = QueryRoute::Kind;

const Table* table_of(const QueryRoute& route, const Source& source) {
    const auto tables = source.tables.find(route.handler);
    if (tables == source.tables.end()) return nullptr;
    const auto table = std::find_if(tables->second.begin(), tables->second.end(),
                                    [&](const Table& of) { return of.name == route.table; });
    return table == tables->second.end() ? nullptr : &*table;
}

Parameter limit() {
    json::object schema = whole_number(1);
    schema["maximum"] = limits::kPageRowsMax;
    schema["default"] = limits::kPageRowsDefault;
    return {"limit", Parameter::In::query, "How many, at most.", std::move(schema)};
}

std::string compared(const QueryFilter& filter) {
    switch (filter.compare) {
        case QueryFilter::Compare::equal:
            return "Only those whose " + filter.column + " is this.";
        case QueryFilter::Compare::from:
            return "Only those whose " + filter.column + " is this or later.";
        case QueryFilter::Compare::to:
            return "Only those whose " + filter.column + " is before this.";
    }
    return "";
}

// In which of the orders that the caller may choose an index serves this filter; empty: in all.
std::string orders_of(const QueryRoute& route, const QueryFilter& filter, const Table& table) {
    const bool equal = filter.compare == QueryFilter::Compare::equal;
    Listing listing;
    (equal ? listing.equal : listing.bounds).push_back(filter.column);
    std::string orders;
    bool all = true;
    for (const auto& order : route.sorts) {
        listing.order = {order, table.columns.front().name};
        if (serves(indexes_of(table), listing))
            orders += (orders.empty() ? "" : " or ") + order;
        else
            all = false;
    }
    return all || orders.empty() ? "" : " Only in the order of " + orders + ".";
}

json::array parameters_of_rows(const QueryRoute& route, const Table* table) {
    json::array parameters;
    for (const auto& filter : route.filters) {
        json::object schema = text_schema();
        std::string description = compared(filter);
        if (table) {
            for (const auto& column : table->columns)
                if (column.name == filter.column) schema = column_schema(column.type);
            description += orders_of(route, filter, *table);
        }
        parameters.emplace_back(
            parameter({filter.parameter, Parameter::In::query, std::move(description), std::move(schema)}));
    }
    if (!route.sorts.empty()) {
        json::array choices;
        for (const auto& column : route.sorts) {
            choices.emplace_back(column);
            choices.emplace_back("-" + column);
        }
        parameters.emplace_back(
            parameter({"sort", Parameter::In::query, "By this column, ascending; with \"-\" descending.",
                       json::object{{"type", "string"}, {"enum", std::move(choices)}}}));
    }
    parameters.emplace_back(parameter(limit()));
    parameters.emplace_back(
        parameter({"cursor", Parameter::In::query,
                   "Where the page begins, from `next` or `previous` of another one.", text_schema()}));
    return parameters;
}

json::array parameters_of(const QueryRoute& route, const Table* table) {
    using In = Parameter::In;
    if (route.kind == Kind::rows) return parameters_of_rows(route, table);
    json::array parameters;
    add_id(parameters, route.path, route.kind == Kind::deliveries ? "event" : route.aggregate);
    if (route.kind == Kind::row) {
        parameters.emplace_back(parameter({"min_revision", In::query,
                                           "The answer is to hold this revision. When it does not after `Prefer: "
                                           "wait`, Lantern-Pending says why.",
                                           whole_number(0)}));
        parameters.emplace_back(parameter(
            {"Prefer", In::header, "wait=SECONDS: how long to wait for min_revision, 30 at most (RFC 7240).",
             text_schema(), "wait=2"}));
        parameters.emplace_back(parameter(
            {"If-None-Match", In::header, "An ETag that is known: 304 while it holds.", text_schema(), "\"3\""}));
    } else if (route.kind == Kind::history) {
        parameters.emplace_back(parameter({"type", In::query, "Only events of these types.",
                                           json::object{{"type", "array"}, {"items", text_schema()}}}));
        parameters.emplace_back(parameter({"from", In::query, "Recorded then or later.", time_schema()}));
        parameters.emplace_back(parameter({"to", In::query, "Recorded before.", time_schema()}));
        parameters.emplace_back(parameter(limit()));
        parameters.emplace_back(
            parameter({"cursor", In::query, "Only events after this revision; `next` has it.", whole_number(0)}));
    } else if (route.kind == Kind::state) {
        parameters.emplace_back(
            parameter({"revision", In::query, "As it was at this revision; without it and timestamp, as it is now.",
                       whole_number(1)}));
        parameters.emplace_back(parameter(
            {"timestamp", In::query,
             "As it was before the first event recorded later than this; not beside revision.", time_schema()}));
    }
    return parameters;
}

// {"items", "next", "previous"}
json::object page_of(json::object item) {
    const json::object link{{"type", json::array{"string", "null"}}};
    return {{"type", "object"},
            {"properties", json::object{{"items", json::object{{"type", "array"}, {"items", std::move(item)}}},
                                        {"next", link},
                                        {"previous", link}}},
            {"required", json::array{"items", "next", "previous"}},
            {"additionalProperties", false}};
}

json::object page_example(const json::value& item) {
    return {{"items", json::array(1, item)}, {"next", nullptr}, {"previous", nullptr}};
}

json::object state_schema() {
    return {
        {"type", "object"},
        {"properties",
         json::object{{"id", text_schema()}, {"revision", whole_number(1)}, {"recorded_at", shown_time_schema()}}},
        {"required", json::array{"id", "revision"}}};
}

json::object of_types(json::array types) {
    return {{"type", std::move(types)}};
}

json::object delivery_schema() {
    const json::object text = text_schema(), maybe_text = of_types({"string", "null"});
    json::object maybe_time = shown_time_schema();
    maybe_time["type"] = json::array{"string", "null"};
    const json::object plugin{
        {"type", "object"}, {"properties", json::object{{"name", text}, {"version", text}, {"build", maybe_text}}}};
    const json::object state{
        {"enum", json::array{"pending", "processing", "applied", "retrying", "dead", "suppressed"}}};
    return {{"type", "object"},
            {"properties", json::object{{"handler", text},
                                        {"kind", json::object{{"enum", json::array{"projection", "side_effect"}}}},
                                        {"state", state},
                                        {"reason", maybe_text},
                                        {"attempts", whole_number(0)},
                                        {"last_error", maybe_text},
                                        {"next_attempt_at", maybe_time},
                                        {"since", maybe_time},
                                        {"plugin", plugin}}},
            {"required", json::array{"handler", "kind", "state", "attempts"}}};
}

// {"event", "deliveries"}
json::object deliveries_schema() {
    const json::object text = text_schema();
    const json::object event{{"type", "object"},
                             {"properties", json::object{{"id", text},
                                                         {"type", text},
                                                         {"aggregate_type", text},
                                                         {"aggregate_id", text},
                                                         {"revision", whole_number(1)},
                                                         {"recorded_at", shown_time_schema()},
                                                         {"published", json::object{{"type", "boolean"}}}}},
                             {"required", json::array{"id", "type", "aggregate_type", "aggregate_id", "revision",
                                                      "recorded_at", "published"}}};
    return {
        {"type", "object"},
        {"properties", json::object{{"event", event},
                                    {"deliveries", json::object{{"type", "array"}, {"items", delivery_schema()}}}}},
        {"required", json::array{"event", "deliveries"}}};
}

json::object responses_of(const QueryRoute& route, const Table* table, const Examples& examples) {
    json::object responses;
    const auto row =
        table ? reference("schemas", row_name(route.handler, route.table)) : json::object{{"type", "object"}};
    const json::value example = table ? json::value(examples.row(*table)) : json::value();
    switch (route.kind) {
        case Kind::row:
            responses["200"] = answer("The row, complete as of the revision that ETag says.", {row, example},
                                      {"ETag", "Lantern-Pending"});
            responses["304"] = answer("If-None-Match has its ETag.", {}, {"ETag"});
            add_problems(responses, {400, 401, 403, 404, 412});
            break;
        case Kind::rows:
            responses["200"] =
                answer("A page.", {page_of(row), table ? json::value(page_example(example)) : nullptr}, {"Link"});
            add_problems(responses, {400, 401, 403});
            break;
        case Kind::history:
            responses["200"] = answer("A page of events, in order, without secrets.",
                                      {page_of(reference("schemas", history_name(route.aggregate)))}, {"Link"});
            add_problems(responses, {400, 401, 403, 404});
            break;
        case Kind::state:
            responses["200"] = answer("The state then, without secrets.", {state_schema()});
            add_problems(responses, {400, 401, 403, 404});
            break;
        case Kind::deliveries:
            responses["200"] =
                answer("Where the event stands in each handler that wants it.", {deliveries_schema()});
            add_problems(responses, {400, 401, 403, 404});
            break;
    }
    add_problems(responses, {500, 503});
    return responses;
}

std::pair<std::string, std::string> id_and_summary(const QueryRoute& route) {
    switch (route.kind) {
        case Kind::row:
            return {"get_" + route.aggregate, "One " + route.aggregate};
        case Kind::rows:
            return {"list_" + route.table, "List " + route.table};
        case Kind::history:
            return {"get_" + route.aggregate + "_history", "What happened to one " + route.aggregate};
        case Kind::state:
            return {"get_" + route.aggregate + "_at", "One " + route.aggregate + " as it was then"};
        case Kind::deliveries:
            return {"get_deliveries", "Where one event stands in each handler"};
    }
    return {};
}

}  // namespace

std::string row_name(const std::string& handler, const std::string& table) {
    return component_name("row." + handler + "." + table);
}

std::string history_name(const std::string& aggregate) {
    return component_name("events." + aggregate);
}

std::vector<Operation> query_operations(const Source& source) {
    const Examples examples(source);
    std::vector<Operation> operations;
    for (const auto& route : source.http.queries) {
        const auto* table = table_of(route, source);
        const auto [id, summary] = id_and_summary(route);
        const char* description = route.kind == Kind::rows
                                      ? "Filters and an order that no index of the table serves are refused with "
                                        "400; the problem says what is possible instead."
                                      : "";
        auto body = operation({route.path, route.access, route.scope, summary, description});
        body["parameters"] = parameters_of(route, table);
        body["responses"] = responses_of(route, table, examples);
        operations.push_back({"get", route.path, id, std::move(body)});
    }
    return operations;
}

}  // namespace lantern::openapi
