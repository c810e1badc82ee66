// A row of a declared table out of a result.
#pragma once

#include "host/core/tables.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {

// The table's columns stand in the result from `first` on, in declared order.
inline Row row_of(const Table& table, const Rows& rows, std::size_t at, int first) {
    Row row(table.columns.size());
    for (std::size_t column = 0; column < row.size(); ++column) {
        const int from = first + static_cast<int>(column);
        if (!rows.null(at, from)) row[column] = parse_value(table.columns[column].type, rows.view(at, from));
    }
    return row;
}

}  // namespace lantern::postgres
