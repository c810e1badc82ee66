// What becomes of a stream whose event failed: when the event is tried again, and when no more.
#pragma once

#include "host/core/clock.hpp"
#include "host/core/outcome.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker {

// How long to wait after the attempt of this number (1, 2, ...): initial * factor^(attempt - 1), at most max. Full
// jitter: evenly between nothing and that, so that streams that failed together don't come back together.
// ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
std::chrono::microseconds delay_after(const Backoff& retry, int attempt, std::uint64_t random);

// A failure, told once the parked row is committed, and not before: until then it may be redone.
struct Failure {
    const Event* event = nullptr;
    StreamRow row;
    std::string error;
};
void tell(Watch& watch, std::vector<Failure>& failures);

class Parking {
public:
    Parking(const Backoff& retry, Clock& clock, Random& random) : retry_(retry), clock_(clock), random_(random) {}

    // The stream parked behind `row`'s checkpoint. Retrying, and due when the plugin asked for it, else when the
    // handler's backoff says; or dead: rejected, or no attempt is left. `event` is the one that failed: it is seen,
    // and it counts an attempt unless a dependency was away, in which case it is due again within
    // limits::kUnavailableDelay however often that was so.
    StreamRow parked(StreamRow row, const Event& event, const Outcome& outcome);

private:
    const Backoff retry_;
    Clock& clock_;
    Random& random_;
};

// The stream live again at `row`'s checkpoint.
StreamRow unparked(StreamRow row);

// What to keep of the attempt that took the stream from `before` to `now`. Nothing: it counted none and says what
// was said before, so an outage of days leaves one line.
std::optional<FailedAttempt> attempt_of(const StreamRow& before, const StreamRow& now, const Event& event,
                                        const Outcome& outcome);

// A dependency of the plugin is away, and is likely to be for the next event too.
bool is_outage(const Outcome& outcome);

// The worker's memory limit was met while the plugin worked.
Outcome out_of_memory();

// An event of a version that this build doesn't understand waits for one that does; no attempt is charged.
Outcome not_understood(std::string why);

}  // namespace lantern::worker
