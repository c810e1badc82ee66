// Reads events from results.
#pragma once

#include "host/core/event.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

// Columns from `first`: stream_id, revision, position, id, type, schema_version, recorded_at, data, metadata.
Event read_event(const Rows& rows, std::size_t row, int first);
// The same from column 0, then aggregate_type, aggregate_id.
std::vector<Event> read_events(const Rows& rows);

}  // namespace lantern::postgres
