// What becomes of a stream whose event failed.
#pragma once

#include "host/core/outcome.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker {

// The stream parked as retrying behind `row`'s checkpoint, due again after limits::kRetryDelay, or later when the
// plugin asked for it. `event` is the one that failed: it is seen, and it counts an attempt unless a dependency
// was away.
StreamRow parked(StreamRow row, const Event& event, const Outcome& outcome, Timestamp now);

// The stream live again at `row`'s checkpoint.
StreamRow unparked(StreamRow row);

FailedAttempt attempt_of(const StreamRow& row, const Event& event, const Outcome& outcome);

}  // namespace lantern::worker
