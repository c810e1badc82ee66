// Reads rows of lantern_streams from results.
#pragma once

#include "host/postgres/connection.hpp"
#include "host/worker/ports.hpp"

namespace lantern::postgres {

// Columns: stream_id, revision, state, seen, attempts, next_attempt_at, last_error.
inline std::vector<worker::StreamRow> read_stream_rows(const Rows& rows) {
    std::vector<worker::StreamRow> out;
    out.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto& stream = out.emplace_back();
        stream.stream = StreamId{rows.integer(row, 0)};
        stream.revision = Revision{rows.integer(row, 1)};
        stream.state = static_cast<worker::StreamState>(rows.integer(row, 2));
        stream.seen = Revision{rows.integer(row, 3)};
        stream.attempts = static_cast<int>(rows.integer(row, 4));
        if (!rows.null(row, 5)) stream.next_attempt_at = rows.time(row, 5);
        stream.last_error = rows.text(row, 6);
    }
    return out;
}

}  // namespace lantern::postgres
