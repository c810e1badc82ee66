// How far a reader has read the store. A mark is taken in three statements, in this order: the sequence's last
// value (the floor); a transaction of the reader's own that owns a transaction id is completed; the snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "host/core/event.hpp"

namespace lantern {

struct Mark {
    Position floor;                 // nothing younger than the snapshot has a position at or below it
    std::string snapshot = "1:1:";  // pg_snapshot text xmin:xmax:xip,...; the default has seen nothing
    // Nothing visible in the snapshot lies above it, so that the last page of a slice does not scan what came
    // since. The default: not known.
    Position ceiling{std::numeric_limits<std::int64_t>::max()};
    bool operator==(const Mark&) const = default;
};

// One page of the slice between two marks: events visible in `to` and not in `from`, by position.
struct Page {
    std::vector<Event> events;
    bool last = true;  // nothing of the slice lies behind it
};

}  // namespace lantern
