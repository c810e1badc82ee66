#include "host/postgres/store/copied_event.hpp"

#include "host/core/assert.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {

void read_copied_event(const CopiedFields& fields, Event& into) {
    into.stream = StreamId{fields.integer(0)};
    into.revision = Revision{fields.integer(1)};
    into.position = Position{fields.integer(2)};
    const auto id = Uuid::parse(fields[3]);
    LANTERN_ASSERT(id, "a uuid column holds a uuid");
    into.id = *id;
    into.type = fields[4];
    into.schema_version = static_cast<int>(fields.integer(5));
    into.recorded_at = Timestamp{parse_time(fields[6])};
    if (fields.null(7)) {
        into.data = "null";
    } else {
        into.data = fields[7];
    }
    into.metadata = fields[8];
}

}  // namespace lantern::postgres
