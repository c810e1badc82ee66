// A read model's table as the database has it, and the statement that reads a page of its rows.
#pragma once

#include <string>
#include <vector>

#include "host/core/listing.hpp"
#include "host/http/ports.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

struct ReadTable {
    struct Column {
        std::string name, type;
    };
    std::string qualified;
    std::vector<Column> columns;
    std::vector<std::string> key;
    std::vector<Index> indexes{};  // as lantern::indexes_of has them, and those that somebody made by hand
    std::int64_t oid = 0;          // another one stands here after a swap

    const Column* column(const std::string& name) const;  // nullptr: there is none
};

struct RowsStatement {
    std::string
        sql;  // columns: those of the table as they are shown, oid of the table, texts that cursors need besides
    Params params;
    std::vector<int> cursor_columns;  // of the result: the texts of the columns that the rows are ordered by
    bool backwards = false;           // the rows come in the opposite order, from the page's end
    std::string cursors[2];           // what a cursor to the rows behind, and to those before, begins with
};

// Ordered by the columns asked for, then by the key, all in one direction, so that an index on the first column is
// followed from where the page begins; reads one row more than asked for. Columns that are compared with one value
// are no part of the order.
// Error: what of the question is malformed, or that no index of the table serves it (core/listing.hpp).
Result<RowsStatement> rows_statement(const ReadTable& table, const http::RowsQuery& query);

}  // namespace lantern::postgres
