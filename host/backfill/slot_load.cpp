#include "host/backfill/slot_load.hpp"

#include <algorithm>

#include "host/core/fault.hpp"

namespace lantern::backfill {

SlotLoad::SlotLoad(Parts parts) : parts_(std::move(parts)), fold_(parts_.tables) {}

SlotLoad::Done SlotLoad::run(Scan& scan, Load& load, StreamId until) {
    fold_.clear();
    tally_ = {};
    row_ = {};
    if (!object_) object_ = parts_.make_object();
    for (Scanned scanned; scan.next(scanned);) {
        Event& event = scanned.event;
        if (event.stream != row_.stream) {
            end_stream(load);
            if (tally_.events >= parts_.chunk_events || load.bytes() >= kChunkBytes ||
                fold_.partials() >= kPartialsMax) {
                const std::int64_t events = tally_.events;
                if (!commit(load, row_.stream)) return Done::lost;
                if (!parts_.go_on(events)) return Done::stopped;
            }
            row_ = {};
            row_.stream = event.stream;
            left_out_ = scanned.head.value > kLongStream;
        }
        if (left_out_ || !parts_.routes.want(event.type, event.position)) continue;
        ++tally_.events;
        if (row_.state == worker::StreamState::live) {
            fold(event);
        } else {
            row_.seen = event.revision;
        }
    }
    end_stream(load);
    return commit(load, until) ? Done::whole : Done::lost;
}

void SlotLoad::fold(Event& event) {
    Outcome outcome;
    if (auto why = parts_.upcasts.upcast(event)) {
        outcome.kind = Outcome::Kind::retry;
        outcome.reason = std::move(*why);
    } else {
        fold_.begin_event(event.position);
        outcome = object_->handle(event, fold_);
    }
    if (outcome.advances()) {
        fold_.keep_event();
        row_.revision = event.revision;
        return;
    }
    fold_.drop_event();
    if (outcome.kind == Outcome::Kind::unavailable)
        throw Fault(FaultKind::outage, outcome.dependency, outcome.reason);
    // Tried again after the swap, by the handler's own rules; here it only waits.
    row_.state =
        outcome.kind == Outcome::Kind::rejected ? worker::StreamState::dead : worker::StreamState::retrying;
    row_.seen = event.revision;
    row_.attempts = 1;
    if (row_.state == worker::StreamState::retrying) row_.next_attempt_at = parts_.clock.now();
    row_.last_error = outcome.reason;
    ++tally_.parked;
}

void SlotLoad::end_stream(Load& load) {
    if (row_.revision.value == 0 && row_.state == worker::StreamState::live) return;  // nothing of it was wanted
    fold_.end_stream(load);
    load.add(row_);
}

bool SlotLoad::commit(Load& load, StreamId done) {
    fold_.put_partials(load);
    if (!load.commit(done, tally_)) return false;
    tally_ = {};
    return true;
}

}  // namespace lantern::backfill
