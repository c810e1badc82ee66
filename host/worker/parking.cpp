#include "host/worker/parking.hpp"

#include <algorithm>

#include "host/core/limits.hpp"

namespace lantern::worker {
namespace {

const char* word_of(Outcome::Kind kind) {
    switch (kind) {
        case Outcome::Kind::applied:
            return "applied";
        case Outcome::Kind::skipped:
            return "skipped";
        case Outcome::Kind::retry:
            return "retry";
        case Outcome::Kind::rejected:
            return "rejected";
        case Outcome::Kind::unavailable:
            return "unavailable";
    }
    return "unknown";
}

}  // namespace

StreamRow parked(StreamRow row, const Event& event, const Outcome& outcome, Timestamp now) {
    const auto delay = std::max<std::chrono::microseconds>(limits::kRetryDelay, outcome.after);
    row.state = StreamState::retrying;
    row.seen = std::max(row.seen, event.revision);
    if (outcome.kind != Outcome::Kind::unavailable) ++row.attempts;
    row.next_attempt_at = now + delay;
    row.last_error = outcome.reason;
    return row;
}

StreamRow unparked(StreamRow row) {
    row.state = StreamState::live;
    row.seen = Revision{0};
    row.attempts = 0;
    row.next_attempt_at.reset();
    row.last_error.clear();
    return row;
}

FailedAttempt attempt_of(const StreamRow& row, const Event& event, const Outcome& outcome) {
    return {event.stream, event.revision, event.id, row.attempts, word_of(outcome.kind), outcome.reason};
}

}  // namespace lantern::worker
