#include "host/postgres/store/read_table.hpp"

#include <algorithm>

#include "host/postgres/store/page_cursor.hpp"
#include "host/postgres/store/shown_row.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

using Column = ReadTable::Column;

// Collects parameters and numbers their places.
class Places {
public:
    std::string place(const Column& column, const std::optional<std::string>& value) {
        params_.add(value);
        return "$" + std::to_string(params_.values().size()) + "::" + column.type;
    }
    Params take() && { return std::move(params_); }

private:
    Params params_;
};

std::string named(const Column& column) {
    return "t." + sql_name(column.name);
}

// Conditions of the question, joined by and.
Result<std::vector<std::string>> conditions_of(const ReadTable& table, const http::RowsQuery& query,
                                               Places& places) {
    std::vector<std::string> terms;
    for (const auto& condition : query.conditions) {
        const auto* column = table.column(condition.column);
        if (!column) return failure(condition.parameter + ": there is no column " + condition.column);
        static constexpr const char* kCompare[] = {" = ", " >= ", " < "};
        terms.push_back(named(*column) + kCompare[static_cast<int>(condition.compare)] +
                        places.place(*column, condition.value));
    }
    return terms;
}

bool is_pinned(const http::RowsQuery& query, const std::string& column) {
    return std::any_of(query.conditions.begin(), query.conditions.end(), [&](const auto& condition) {
        return condition.compare == QueryFilter::Compare::equal && condition.column == column;
    });
}

// At least one: the last of the key, when all are pinned.
Result<std::vector<const Column*>> order_of(const ReadTable& table, const http::RowsQuery& query) {
    std::vector<const Column*> order;
    for (const auto& names : {query.order_by, table.key})
        for (const auto& name : names) {
            const auto* column = table.column(name);
            if (!column) return failure("order: there is no column " + name);
            if (is_pinned(query, name)) continue;
            if (std::find(order.begin(), order.end(), column) == order.end()) order.push_back(column);
        }
    if (order.empty()) order.push_back(table.column(table.key.back()));
    return order;
}

std::string joined_names(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out.append(out.empty() ? "" : ", ").append(name);
    return out;
}

// What could be asked instead, as the end of a sentence; empty: nothing.
std::string possible(const ReadTable& table, const Listing& listing) {
    if (const auto orders = orders_served(table.indexes, listing); !orders.empty())
        return "; possible: the order of " + joined_names(orders);
    std::string all;
    for (const auto& column : listing.equal) {
        const auto orders = orders_served(table.indexes, {{column}, {}, {}});
        if (orders.empty()) continue;
        all.append(all.empty() ? "; possible: " : ", or ");
        all.append(column).append(" in the order of ").append(joined_names(orders));
    }
    return all;
}

// Nothing, or why the page cannot be read along an index.
std::optional<std::string> unserved(const ReadTable& table, const http::RowsQuery& query,
                                    const std::vector<const Column*>& order) {
    Listing listing;
    std::vector<std::string> parameters;
    for (const auto& condition : query.conditions) {
        const bool equal = condition.compare == QueryFilter::Compare::equal;
        (equal ? listing.equal : listing.bounds).push_back(condition.column);
        parameters.push_back(condition.parameter);
    }
    for (const auto* column : order) listing.order.push_back(column->name);
    if (serves(table.indexes, listing)) return std::nullopt;
    std::string why = joined_names(parameters);
    why.append(why.empty() ? "the order of " : " in the order of ").append(order.front()->name);
    why.append(": no index of the table serves that, and all of it would be read");
    return why.append(possible(table, listing));
}

using Order = http::RowsQuery::Order;

std::string joined(const std::vector<std::string>& terms, const std::string& begin) {
    std::string out;
    for (const auto& term : terms) out += (out.empty() ? begin : " and ") + term;
    return out;
}

// Where a page goes on: the values of the row where another one ended, and in which order.
struct From {
    const std::vector<const Column*>& columns;
    const CursorValues& values;
    Order order;
};

// Rows behind that one in the columns from `first` on.
std::string behind(const From& from, std::size_t first, Places& places) {
    const bool up = from.order == Order::ascending;
    std::string any = "false", same;
    for (std::size_t at = first; at < from.columns.size(); ++at) {
        const auto name = named(*from.columns[at]);
        const auto place = places.place(*from.columns[at], from.values[at]);
        if (from.values[at])
            any += " or (" + same +
                   (up ? "(" + name + " > " + place + " or " + name + " is null)" : name + " < " + place) + ")";
        else if (!up)
            any += " or (" + same + name + " is not null)";
        same += name + " is not distinct from " + place + " and ";
    }
    return "(" + any + ")";
}

// The rows behind, in parts of which each follows an index on the first column: its values, and its nulls.
std::vector<std::string> parts_behind(const From& from, Places& places) {
    const bool up = from.order == Order::ascending;
    const auto first = named(*from.columns[0]);
    const std::string nulls = first + " is null", values = first + " is not null";
    if (!from.values[0]) {
        const auto rest = nulls + " and " + behind(from, 1, places);
        return up ? std::vector{rest} : std::vector{rest, values};
    }
    // The first condition is the index's, the second tells rows of equal values apart.
    const auto rest = first + (up ? " >= " : " <= ") + places.place(*from.columns[0], from.values[0]) + " and " +
                      values + " and " + behind(from, 0, places);
    return up ? std::vector{rest, nulls} : std::vector{rest};
}

std::string signature(const std::vector<const Column*>& columns, Order order) {
    std::string out = order == Order::ascending ? "+" : "-";
    for (const auto* column : columns) out += column->name + ",";
    return out;
}

// The cursor's first value says which listing it is of, and to which side it goes.
enum class Side { behind, before };
std::string first_value(const std::vector<const Column*>& columns, Order order, Side side) {
    return (side == Side::behind ? ">" : "<") + signature(columns, order);
}

struct Cursor {
    Side side = Side::behind;
    CursorValues values;
};
std::optional<Cursor> cursor_of(const std::string& text, const std::vector<const Column*>& columns, Order order) {
    auto values = parse_cursor(text);
    if (!values || values->size() != columns.size() + 1) return std::nullopt;
    for (const auto side : {Side::behind, Side::before})
        if (values->front() == first_value(columns, order, side))
            return Cursor{side, CursorValues(values->begin() + 1, values->end())};
    return std::nullopt;
}

}  // namespace

const ReadTable::Column* ReadTable::column(const std::string& name) const {
    const auto at =
        std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
    return at == columns.end() ? nullptr : &*at;
}

Result<RowsStatement> rows_statement(const ReadTable& table, const http::RowsQuery& query) {
    Places places;
    const auto terms = conditions_of(table, query, places);
    if (!terms) return failure(terms.error());
    const auto order = order_of(table, query);
    if (!order) return failure(order.error());
    const auto& columns = order.value();
    if (auto why = unserved(table, query, columns)) return failure(*std::move(why));

    RowsStatement statement;
    auto direction = query.order;
    std::vector<std::string> parts{""};
    for (const auto side : {Side::behind, Side::before})
        statement.cursors[static_cast<std::size_t>(side)] = first_value(columns, query.order, side);
    if (!query.cursor.empty()) {
        const auto cursor = cursor_of(query.cursor, columns, query.order);
        if (!cursor) return failure("cursor: not one of this listing");
        statement.backwards = cursor->side == Side::before;
        if (statement.backwards) direction = direction == Order::ascending ? Order::descending : Order::ascending;
        parts = parts_behind({columns, cursor->values, direction}, places);
    }

    std::string order_by, other_texts;
    int results = static_cast<int>(table.columns.size()) + 1;
    for (const auto* column : columns) {
        order_by += (order_by.empty() ? "" : ", ") + named(*column) +
                    (direction == Order::ascending ? " asc nulls last" : " desc nulls first");
        const bool plain = is_plain(column->type);
        statement.cursor_columns.push_back(plain ? static_cast<int>(column - table.columns.data()) : results++);
        if (!plain) other_texts += ", " + named(*column) + "::text";
    }
    const auto limit = " limit " + places.place({"", "bigint"}, std::to_string(query.limit + 1));
    std::string rows;
    for (std::size_t at = 0; at < parts.size(); ++at) {
        auto where = terms.value();
        if (!parts[at].empty()) where.push_back(parts[at]);
        rows += (at ? " union all " : "") + std::string("(select ") + std::to_string(at) +
                " as lantern_part, t.tableoid as lantern_table, t.* from " + table.qualified + " t" +
                joined(where, " where ") + " order by " + order_by + limit + ")";
    }
    statement.sql = "select " + shown_columns(table) + ", lantern_table::bigint" + other_texts + " from (" + rows +
                    ") t order by lantern_part, " + order_by + limit;
    statement.params = std::move(places).take();
    return statement;
}

}  // namespace lantern::postgres
