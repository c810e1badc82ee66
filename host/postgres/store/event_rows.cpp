#include "host/postgres/store/event_rows.hpp"

namespace lantern::postgres {

Event read_event(const Rows& rows, std::size_t row, int first) {
    Event event;
    event.stream = StreamId{rows.integer(row, first)};
    event.revision = Revision{rows.integer(row, first + 1)};
    event.position = Position{rows.integer(row, first + 2)};
    event.id = rows.uuid(row, first + 3);
    event.type = rows.view(row, first + 4);
    event.schema_version = static_cast<int>(rows.integer(row, first + 5));
    event.recorded_at = rows.time(row, first + 6);
    event.data = rows.null(row, first + 7) ? "null" : rows.text(row, first + 7);
    event.metadata = rows.view(row, first + 8);
    return event;
}

std::vector<Event> read_events(const Rows& rows) {
    std::vector<Event> events;
    events.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto& event = events.emplace_back(read_event(rows, row, 0));
        event.aggregate_type = rows.view(row, 9);
        event.aggregate_id = rows.view(row, 10);
    }
    return events;
}

}  // namespace lantern::postgres
