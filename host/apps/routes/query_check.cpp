#include "host/apps/routes/query_check.hpp"

#include <algorithm>

#include "host/core/listing.hpp"
#include "host/settings/query_place.hpp"

namespace lantern::apps {
namespace {

std::string in_quotes(const std::string& word) {
    return "\"" + word + "\"";
}

std::string one_of(const std::vector<std::string>& words, const std::string& else_where) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "one of " : ", ") + word;
    return text.empty() ? else_where : text;
}

class QueryCheck {
public:
    QueryCheck(const Settings& settings, const Routing& routing, const plugin_loading::Directory& plugins)
        : settings_(settings), routing_(routing), plugins_(plugins) {}

    settings::Problems problems() {
        for (at_ = 0; at_ < settings_.http.queries.size(); ++at_) check(settings_.http.queries[at_]);
        return std::move(problems_);
    }

private:
    using Kind = QueryRoute::Kind;

    void check(const QueryRoute& route) {
        if (route.kind != Kind::rows && route.kind != Kind::deliveries) check_aggregate(route);
        if (route.kind != Kind::row && route.kind != Kind::rows) return;
        const Table* table = table_of(route);
        if (!table) return;
        const auto before = problems_.size();
        check_columns(route, *table);
        if (route.kind == Kind::rows && problems_.size() == before) check_indexes(route, *table);
    }

    void check_aggregate(const QueryRoute& route) {
        std::vector<std::string> known;
        for (const auto& found : plugins_.found())
            if (found.description && !found.description->aggregate_type.empty())
                known.push_back(found.description->aggregate_type);
        if (std::find(known.begin(), known.end(), route.aggregate) != known.end()) return;
        add({at_, "aggregate"}, "the aggregate " + in_quotes(route.aggregate) + ", which no plugin is", known,
            "an aggregate; the plugin directory holds none", route.aggregate);
    }

    const Table* table_of(const QueryRoute& route) {
        std::vector<std::string> handlers;
        const HandlerSettings* handler = nullptr;
        for (const auto& routed : routing_.handlers) {
            handlers.push_back(routed.name.value);
            if (routed.name.value == route.handler) handler = &routed;
        }
        if (!handler) {
            add({at_, "handler"}, "the handler " + in_quotes(route.handler) + ", to which no event is routed",
                handlers, "a handler; none is routed", route.handler);
            return nullptr;
        }
        const Description* plugin = plugins_.find(handler->plugin);
        if (!plugin) return nullptr;  // a problem of the routing
        std::vector<std::string> tables;
        const Table* table = nullptr;
        for (const auto& declared : plugin->tables) {
            tables.push_back(declared.name);
            if (declared.name == route.table) table = &declared;
        }
        if (!table)
            add({at_, "table"},
                "the table " + in_quotes(route.table) + ", which the plugin " + in_quotes(plugin->name) +
                    " does not declare",
                tables, "no table: it declares none", route.table);
        else if (route.kind == Kind::row && table->ownership != Ownership::owned)
            add({at_, "table"}, "the shared table " + in_quotes(route.table) + " in a query that shows a row", {},
                "an owned table, whose key begins with the aggregate's id", "");
        return table;
    }

    void check_columns(const QueryRoute& route, const Table& table) {
        check_column(table, route.absent_when, {at_, "absent_when"});
        for (std::size_t item = 0; item < route.filters.size(); ++item)
            check_column(table, route.filters[item].column, {at_, "filters", item});
        for (std::size_t item = 0; item < route.order_by.size(); ++item)
            check_column(table, route.order_by[item], {at_, "order_by", item});
        for (std::size_t item = 0; item < route.sorts.size(); ++item)
            check_column(table, route.sorts[item], {at_, "sorts", item});
    }

    // What would be refused whatever the caller asks.
    void check_indexes(const QueryRoute& route, const Table& table) {
        const auto indexes = indexes_of(table);
        const auto in_order = [&](Listing listing, const std::string& order) {
            listing.order = {order, table.columns.front().name};
            return serves(indexes, listing);
        };
        const auto check_order = [&](const std::string& order, const settings::QueryPlace& place) {
            if (in_order({}, order)) return;
            add(place,
                "the order of " + in_quotes(order) + ", with which no index of " + in_quotes(table.name) +
                    " begins",
                orders_served(indexes, {}), "a column with which an index begins", "");
        };
        if (!route.order_by.empty()) check_order(route.order_by.front(), {at_, "order_by", 0});
        for (std::size_t item = 0; item < route.sorts.size(); ++item)
            check_order(route.sorts[item], {at_, "sorts", item});
        auto orders = route.sorts;
        if (!route.order_by.empty()) orders.push_back(route.order_by.front());
        for (std::size_t item = 0; item < route.filters.size(); ++item) {
            const auto& filter = route.filters[item];
            Listing listing;
            (filter.compare == QueryFilter::Compare::equal ? listing.equal : listing.bounds)
                .push_back(filter.column);
            if (std::any_of(orders.begin(), orders.end(),
                            [&](const auto& order) { return in_order(listing, order); }))
                continue;
            add({at_, "filters", item},
                "the filter " + in_quotes(filter.parameter) + ", which no index of " + in_quotes(table.name) +
                    " serves in any order of this query",
                {}, "an index that begins with the filter's column and goes on with such an order", "");
        }
    }

    void check_column(const Table& table, const std::string& column, const settings::QueryPlace& place) {
        std::vector<std::string> columns;
        for (const auto& declared : table.columns) columns.push_back(declared.name);
        if (column.empty() || std::find(columns.begin(), columns.end(), column) != columns.end()) return;
        add(place,
            "the column " + in_quotes(column) + ", which the table " + in_quotes(table.name) + " does not have",
            columns, "a column", column);
    }

    void add(const settings::QueryPlace& place, const std::string& found,
             const std::vector<std::string>& candidates, const std::string& expected, const std::string& word) {
        auto problem = settings::problem_at(settings_.file, place);
        problem.found = found;
        problem.expected = one_of(candidates, expected);
        if (const auto near = settings::nearest(word, candidates); !near.empty())
            problem.suggestion = "did you mean " + in_quotes(near) + "?";
        problems_.push_back(std::move(problem));
    }

    const Settings& settings_;
    const Routing& routing_;
    const plugin_loading::Directory& plugins_;
    std::size_t at_ = 0;
    settings::Problems problems_;
};

}  // namespace

settings::Problems query_problems(const Settings& settings, const Routing& routing,
                                  const plugin_loading::Directory& plugins) {
    return QueryCheck(settings, routing, plugins).problems();
}

}  // namespace lantern::apps
