#include "host/postgres/read_table.hpp"

#include <algorithm>

#include "host/postgres/page_cursor.hpp"
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

Result<std::vector<const Column*>> order_of(const ReadTable& table, const http::RowsQuery& query) {
    std::vector<const Column*> order;
    for (const auto& names : {query.order_by, table.key})
        for (const auto& name : names) {
            const auto* column = table.column(name);
            if (!column) return failure("order: there is no column " + name);
            if (std::find(order.begin(), order.end(), column) == order.end()) order.push_back(column);
        }
    return order;
}

// Rows behind the one where the page before ended, in the order of the listing. A null is behind every value.
std::string behind(const std::vector<const Column*>& order, const CursorValues& values, Places& places) {
    std::string any = "false", same;
    for (std::size_t at = 0; at < order.size(); ++at) {
        const auto name = named(*order[at]);
        const auto place = places.place(*order[at], values[at]);
        if (values[at]) any += " or (" + same + "(" + name + " < " + place + " or " + name + " is null))";
        same += name + " is not distinct from " + place + " and ";
    }
    return "(" + any + ")";
}

}  // namespace

const ReadTable::Column* ReadTable::column(const std::string& name) const {
    const auto at =
        std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
    return at == columns.end() ? nullptr : &*at;
}

std::string ReadTable::column_list() const {
    std::string out;
    for (const auto& column : columns) out += (out.empty() ? "" : ", ") + named(column);
    return out;
}

Result<RowsStatement> rows_statement(const ReadTable& table, const http::RowsQuery& query) {
    Places places;
    auto terms = conditions_of(table, query, places);
    if (!terms) return failure(terms.error());
    const auto order = order_of(table, query);
    if (!order) return failure(order.error());
    if (!query.cursor.empty()) {
        const auto values = parse_cursor(query.cursor);
        if (!values || values->size() != order.value().size()) return failure("cursor: not one of this listing");
        terms.value().push_back(behind(order.value(), *values, places));
    }
    std::string where, order_by, order_texts;
    for (const auto& term : terms.value()) where += (where.empty() ? " where " : " and ") + term;
    for (const auto* column : order.value()) {
        order_by += (order_by.empty() ? "" : ", ") + named(*column) + " desc nulls last";
        order_texts += ", " + named(*column) + "::text";
    }
    const auto limit = places.place({"", "bigint"}, std::to_string(query.limit + 1));
    return RowsStatement{"select (select to_json(shown) from (select " + table.column_list() + ") shown)" +
                             order_texts + " from " + table.qualified + " t" + where + " order by " + order_by +
                             " limit " + limit,
                         std::move(places).take()};
}

}  // namespace lantern::postgres
