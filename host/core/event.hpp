// An event as it travels: read from the store, published, delivered, handed to a plugin.
#pragma once

#include <string>

#include "host/core/identifiers.hpp"

namespace lantern {

struct Event {
    EventId id;
    StreamId stream;
    Revision revision;
    Position position;
    std::string aggregate_type;
    std::string aggregate_id;
    std::string type;
    int schema_version = 1;
    Timestamp recorded_at;
    std::string data;      // JSON text; "null" when stored without data
    std::string metadata;  // JSON object text

    bool operator==(const Event&) const = default;
};

}  // namespace lantern
