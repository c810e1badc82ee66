// The rows of a handler's owned tables, one aggregate id after the other, with the checkpoints of its streams: all
// as of one moment, whatever is written meanwhile. Rows of ids that the handler has no stream of come as well. In
// memory are the rows of one id and a bounded number besides; cursors of the server hold the rest.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/core/owned_rows.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/tables/handler_schema.hpp"

namespace lantern::postgres {

class OwnedRowsReader {
public:
    // Begins a transaction; the connection, which outlives this, is this one's alone until then, and is rolled
    // back. `aggregate_id`: only of this one; nothing: all.
    OwnedRowsReader(Connection& connection, const HandlerSchema& schema,
                    const std::optional<std::string>& aggregate_id = std::nullopt);
    ~OwnedRowsReader();
    OwnedRowsReader(const OwnedRowsReader&) = delete;
    OwnedRowsReader& operator=(const OwnedRowsReader&) = delete;

    std::int64_t streams() const { return streams_; }  // that will come
    // False: there are no more.
    bool next(OwnedRows& into);

private:
    class Cursor;
    class TableRows;

    void read_portion();

    Connection& connection_;
    const HandlerSchema schema_;
    std::int64_t streams_ = 0;
    std::unique_ptr<Cursor> ids_;
    std::vector<OwnedRows> portion_;                  // without their rows
    std::size_t at_ = 0;                              // in the portion
    std::vector<std::unique_ptr<TableRows>> tables_;  // of the portion, by table; none: a shared one
};

}  // namespace lantern::postgres
