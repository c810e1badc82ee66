// A read model's table as the database has it, and the statement that reads a page of its rows.
#pragma once

#include <string>
#include <vector>

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

    const Column* column(const std::string& name) const;  // nullptr: there is none
    std::string column_list() const;                      // of alias t
};

struct RowsStatement {
    std::string sql;  // columns: row as JSON, then the texts of the columns it is ordered by
    Params params;
};

// Ordered by the columns asked for, then by the key, all descending, nulls last; reads one row more than asked for.
// Error: what of the question is malformed.
Result<RowsStatement> rows_statement(const ReadTable& table, const http::RowsQuery& query);

}  // namespace lantern::postgres
