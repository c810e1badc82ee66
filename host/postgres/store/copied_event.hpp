// An event as COPY gives it.
#pragma once

#include "host/core/event.hpp"
#include "host/postgres/store/copy_text.hpp"

namespace lantern::postgres {

// Of alias e.
inline constexpr std::string_view kCopiedEventColumns =
    "e.stream_id, e.revision, e.position, e.id, e.type, e.schema_version, e.recorded_at, e.data, e.metadata";
inline constexpr std::size_t kCopiedEventFields = 9;

// Fields from the first on. Leaves aggregate type and id alone; texts keep their room.
void read_copied_event(const CopiedFields& fields, Event& into);

}  // namespace lantern::postgres
