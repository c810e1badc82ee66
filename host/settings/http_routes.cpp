#include "host/settings/http_routes.hpp"

#include <algorithm>
#include <set>

#include "host/settings/mapping.hpp"
#include "host/settings/names.hpp"

namespace lantern::settings {
namespace {

const std::vector<std::pair<std::string, Access>> kAccess{
    {"scope", Access::scope}, {"self", Access::self}, {"anyone", Access::anyone}};

bool has_id(const std::string& path) {
    return path.find("/{id}") != std::string::npos;
}

// Nothing, or what is expected of a path.
std::string refuse_path(const std::string& path) {
    const std::string expected = "a path like /v1/users/{id}/: segments of a-z, 0-9, _, - or ., or {id} once";
    if (path.size() < 2 || path.front() != '/' || path.size() > 200) return expected;
    std::size_t ids = 0;
    std::size_t begin = 1;
    while (begin < path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string segment = path.substr(begin, end - begin);
        begin = end + 1;
        if (segment == "{id}") {
            ++ids;
            continue;
        }
        const bool sound = !segment.empty() && std::all_of(segment.begin(), segment.end(), [](char character) {
            return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
                   character == '_' || character == '-' || character == '.';
        });
        if (!sound) return expected;
    }
    return ids <= 1 ? "" : expected;
}

// Reads a text key and applies a rule of names.hpp to it.
void named(Reading& reading, Mapping& keys, const std::string& key, std::string& into,
           std::string (*refuse)(const std::string&)) {
    if (!keys.text(key, into)) return;
    if (const auto refusal = refuse(into); !refusal.empty()) {
        reading.report(keys.place(key), key + " " + in_quotes(into), refusal);
    }
}

void require_text(Reading& reading, const Mapping& keys, const std::string& key, const std::string& value) {
    if (value.empty())
        reading.report(keys.node(), keys.what() + " without " + in_quotes(key), "the key " + in_quotes(key));
}

// A path answers with and without its last slash; two routes must not answer the same.
using Taken = std::set<std::string>;
void take_path(Reading& reading, const Mapping& keys, const std::string& method, std::string path, Taken& taken) {
    if (path.empty()) return;
    if (path.back() != '/') path += '/';
    if (!taken.insert(method + " " + path).second) {
        reading.report(keys.place("path"), "a second route for " + method + " " + path,
                       "each method and path once");
    }
}

// Of a route of either kind.
template <class Route>
void check_access(Reading& reading, const Mapping& keys, const Route& route) {
    if (route.access == Access::self && !has_id(route.path))
        reading.report(keys.place("access"), "access: self in a path without {id}", "{id}, which is compared");
    if (route.access == Access::anyone && !route.scope.empty())
        reading.report(keys.place("scope"), "a scope of a route for anyone", "no scope");
}

void read_command(Reading& reading, const YAML::Node& node, CommandRoute& route, Taken& taken) {
    Mapping keys(reading, node, "a command route");
    keys.choice<std::string>("method", route.method,
                             {{"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}, {"DELETE", "DELETE"}});
    named(reading, keys, "path", route.path, refuse_path);
    named(reading, keys, "aggregate", route.aggregate, refuse_name);
    named(reading, keys, "command", route.command, refuse_name);
    keys.integer("status", route.status, {200, 204});
    keys.text("scope", route.scope);
    keys.choice("access", route.access, kAccess);
    keys.boolean("creates", route.creates);
    keys.text("id_field", route.id_field);
    keys.text("key", route.key);
    keys.boolean("blind", route.blind);
    if (Rate rate; keys.rate("per_address", rate)) route.per_address = rate;
    if (std::string file; keys.text("request", file)) route.request_schema = reading.beside(file);
    keys.integer("repeats", route.repeats, {0, 20});
    keys.refuse_unknown();
    require_text(reading, keys, "method", route.method);
    require_text(reading, keys, "path", route.path);
    require_text(reading, keys, "aggregate", route.aggregate);
    require_text(reading, keys, "command", route.command);
    const bool by_path = has_id(route.path), by_field = !route.id_field.empty();
    if (!route.path.empty() && by_path + by_field + route.creates != 1) {
        reading.report(keys.place("path"), "the path " + in_quotes(route.path),
                       route.creates ? "no {id} in the path of a command that creates, and no id_field"
                       : by_path     ? "{id} in the path, or id_field: not both"
                                     : "{id} in the path, or \"creates: true\", or id_field");
    }
    if (!route.key.empty() && route.id_field.empty())
        reading.report(keys.place("key"), "key without id_field", "id_field: the body's field that holds it");
    check_access(reading, keys, route);
    take_path(reading, keys, route.method, route.path, taken);
}

void read_filter(Reading& reading, const YAML::Node& node, std::vector<QueryFilter>& filters) {
    QueryFilter filter;
    Mapping keys(reading, node, "a filter");
    named(reading, keys, "parameter", filter.parameter, refuse_name);
    named(reading, keys, "column", filter.column, refuse_column);
    keys.choice<QueryFilter::Compare>("compare", filter.compare,
                                      {{"equal", QueryFilter::Compare::equal},
                                       {"from", QueryFilter::Compare::from},
                                       {"to", QueryFilter::Compare::to}});
    keys.refuse_unknown();
    require_text(reading, keys, "parameter", filter.parameter);
    if (filter.column.empty()) filter.column = filter.parameter;
    const bool twice = std::any_of(filters.begin(), filters.end(),
                                   [&](const QueryFilter& other) { return other.parameter == filter.parameter; });
    if (twice) reading.report(node, "a second filter " + in_quotes(filter.parameter), "each parameter once");
    filters.push_back(std::move(filter));
}

void read_columns(Reading& reading, const YAML::Node& node, const std::string& key,
                  std::vector<std::string>& into) {
    if (!node.IsSequence()) {
        reading.report(node, describe(node), "a list of columns (" + key + ")");
        return;
    }
    for (const auto& item : node) {
        const auto column = reading.scalar(item, "a column");
        if (!column) continue;
        if (const auto refusal = refuse_column(column->text); !refusal.empty()) {
            reading.report(item, key + " " + column->shown, refusal);
        }
        into.push_back(column->text);
    }
}

void check_query(Reading& reading, const Mapping& keys, const QueryRoute& route) {
    const bool of_table = route.kind == QueryRoute::Kind::row || route.kind == QueryRoute::Kind::rows;
    const bool of_one = route.kind != QueryRoute::Kind::rows;
    require_text(reading, keys, "path", route.path);
    if (of_table) {
        require_text(reading, keys, "handler", route.handler);
        require_text(reading, keys, "table", route.table);
    }
    if (of_one && route.kind != QueryRoute::Kind::deliveries)
        require_text(reading, keys, "aggregate", route.aggregate);
    if (!route.path.empty() && has_id(route.path) != of_one) {
        reading.report(keys.place("path"), "the path " + in_quotes(route.path),
                       of_one ? "{id} in the path" : "no {id} in the path of a query that shows rows");
    }
    if (of_one && !(route.filters.empty() && route.order_by.empty() && route.sorts.empty())) {
        reading.report(keys.node(), "filters, order_by or sorts", "these only in a query that shows rows");
    }
    check_access(reading, keys, route);
    if (route.kind == QueryRoute::Kind::deliveries && route.access == Access::self)
        reading.report(keys.place("access"), "access: self of a query that shows deliveries",
                       "a scope: {id} is an event's");
    if (!of_one && route.order_by.empty()) {
        reading.report(keys.node(), "rows without order_by", "order_by, so that the pages are stable");
    }
    if (route.kind != QueryRoute::Kind::row && !route.absent_when.empty()) {
        reading.report(keys.place("absent_when"), "absent_when", "this only in a query that shows a row");
    }
}

void read_query(Reading& reading, const YAML::Node& node, QueryRoute& route, Taken& taken) {
    Mapping keys(reading, node, "a query route");
    const bool kind = keys.choice<QueryRoute::Kind>("show", route.kind,
                                                    {{"row", QueryRoute::Kind::row},
                                                     {"rows", QueryRoute::Kind::rows},
                                                     {"history", QueryRoute::Kind::history},
                                                     {"state", QueryRoute::Kind::state},
                                                     {"deliveries", QueryRoute::Kind::deliveries}});
    named(reading, keys, "path", route.path, refuse_path);
    keys.text("scope", route.scope);
    keys.choice("access", route.access, kAccess);
    named(reading, keys, "handler", route.handler, refuse_handler_name);
    named(reading, keys, "table", route.table, refuse_column);
    named(reading, keys, "aggregate", route.aggregate, refuse_name);
    named(reading, keys, "absent_when", route.absent_when, refuse_column);
    if (const auto filters = keys.take("filters")) {
        if (!filters->IsSequence()) reading.report(*filters, describe(*filters), "a list of filters");
        if (filters->IsSequence()) {
            for (const auto& filter : *filters) read_filter(reading, filter, route.filters);
        }
    }
    if (const auto order = keys.take("order_by")) read_columns(reading, *order, "order_by", route.order_by);
    if (const auto sorts = keys.take("sorts")) read_columns(reading, *sorts, "sorts", route.sorts);
    keys.refuse_unknown();
    if (kind) {
        check_query(reading, keys, route);
    } else if (keys.place("show").Mark().pos == keys.node().Mark().pos) {
        reading.report(keys.node(), "a query route without \"show\"",
                       "show: row, rows, history, state or deliveries");
    }
    take_path(reading, keys, "GET", route.path, taken);
}

template <class Route>
void read_list(Reading& reading, const YAML::Node& node, std::vector<Route>& routes,
               void (*read)(Reading&, const YAML::Node&, Route&, Taken&)) {
    if (node.IsNull()) return;
    if (!node.IsSequence()) {
        reading.report(node, describe(node), "a list of routes");
        return;
    }
    Taken taken;
    for (const auto& item : node) read(reading, item, routes.emplace_back(), taken);
}

}  // namespace

void read_commands(Reading& reading, const YAML::Node& node, std::vector<CommandRoute>& commands) {
    read_list(reading, node, commands, read_command);
}

void read_queries(Reading& reading, const YAML::Node& node, std::vector<QueryRoute>& queries) {
    read_list(reading, node, queries, read_query);
}

}  // namespace lantern::settings
