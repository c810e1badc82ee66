#include "host/worker/parking.hpp"

#include <algorithm>
#include <cmath>

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

// Stands where a dependency's name does: others need not wait for it.
constexpr const char* kNewerBuild = "a newer build of the plugin";

}  // namespace

std::chrono::microseconds delay_after(const Backoff& retry, int attempt, std::uint64_t random) {
    using std::chrono::microseconds;
    const auto cap = static_cast<double>(microseconds(retry.max).count());
    const double raised = static_cast<double>(microseconds(retry.initial).count()) *
                          std::pow(retry.factor, static_cast<double>(std::max(attempt, 1) - 1));
    // Far attempts raise to infinity, which the cap takes.
    const auto ceiling = static_cast<std::uint64_t>(std::min(cap, raised));
    const auto chosen = retry.jitter == Backoff::Jitter::full ? random % (ceiling + 1) : ceiling;
    return microseconds(static_cast<std::int64_t>(chosen));
}

void tell(Watch& watch, std::vector<Failure>& failures) {
    for (const Failure& failure : failures) watch.parked(*failure.event, failure.row, failure.error);
    failures.clear();
}

StreamRow Parking::parked(StreamRow row, const Event& event, const Outcome& outcome) {
    const bool counts = outcome.kind != Outcome::Kind::unavailable;
    row.seen = std::max(row.seen, event.revision);
    row.last_error = outcome.reason;
    if (counts) ++row.attempts;
    if (outcome.kind == Outcome::Kind::rejected || (counts && row.attempts >= retry_.attempts)) {
        row.state = StreamState::dead;
        row.next_attempt_at.reset();
        return row;
    }
    row.state = StreamState::retrying;
    Backoff retry = retry_;
    if (!counts)
        retry.max = retry.initial = std::min<std::chrono::milliseconds>(retry.max, limits::kUnavailableDelay);
    const auto delay = outcome.after.count() > 0 ? outcome.after : delay_after(retry, row.attempts, random_.next());
    row.next_attempt_at = clock_.now() + delay;
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

std::optional<FailedAttempt> attempt_of(const StreamRow& before, const StreamRow& now, const Event& event,
                                        const Outcome& outcome) {
    if (outcome.kind == Outcome::Kind::unavailable && before.state == StreamState::retrying &&
        before.last_error == now.last_error) {
        return std::nullopt;
    }
    return FailedAttempt{event.stream, event.revision,        event.id,
                         now.attempts, word_of(outcome.kind), outcome.reason};
}

bool is_outage(const Outcome& outcome) {
    return outcome.kind == Outcome::Kind::unavailable && outcome.dependency != kNewerBuild;
}

Outcome out_of_memory() {
    return {Outcome::Kind::retry, "out of memory: the handler's `memory` allows no more", {}, {}};
}

Outcome not_understood(std::string why) {
    return {Outcome::Kind::unavailable, std::move(why), kNewerBuild, limits::kNewerBuildDelay};
}

}  // namespace lantern::worker
