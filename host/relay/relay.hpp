// The transactional outbox: moves committed events from the store to the broker, slice by slice. One leader works,
// others stand by. A slice is read in pages; a page's progress is noted only after the broker confirmed all of it,
// so whatever dies, the next step of some relay begins at or before the first event that is not safe: events are
// published at least once, and within a stream in revision order.
//
// The relay never sleeps and starts no thread: whoever drives it calls step() and waits as the step says, so that a
// test or a simulation can drive it as well.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "host/core/clock.hpp"
#include "host/core/limits.hpp"
#include "host/relay/ports.hpp"

namespace lantern::relay {

struct Step {
    enum class Kind {
        stood_by,   // another relay leads
        idle,       // nothing new
        published,  // a page, or what was left of one
        held_up,    // trouble, see there; tried again after `wait`
        stopped,
    };
    Kind kind = Kind::idle;
    Milliseconds wait{0};    // no use in calling earlier
    std::size_t events = 0;  // confirmed in this step
    std::string trouble;     // held_up, stood_by after a loss: what happened
};

class Relay final {
public:
    struct Options {
        Milliseconds poll = limits::kRelayPoll;
        std::size_t page_events = limits::kSlicePageEvents;
    };

    // The ports and the clock must outlive the relay.
    Relay(Source& source, Leadership& leadership, Publisher& publisher, Clock& clock, Options options);
    Relay(Source& source, Leadership& leadership, Publisher& publisher, Clock& clock)
        : Relay(source, leadership, publisher, clock, Options{}) {}

    // One page at most. Never throws Fault: trouble is an answer, and backed off from.
    Step step();
    // Between steps: gives leadership back, so that another relay need not wait for it to expire. Twice is fine.
    void stop();

    bool leads() const { return epoch_.has_value(); }

private:
    bool lead();
    Step relay_page();
    Step finish_page(const Page& page, std::size_t confirmed);
    Step empty_slice();
    bool advance(const Progress& next);
    Step lost_leadership();
    Step back_off(std::string trouble);

    Source& source_;
    Leadership& leadership_;
    Publisher& publisher_;
    Clock& clock_;
    const Options options_;

    std::optional<Epoch> epoch_;  // nothing: not leading, or not sure of it since the last trouble
    std::chrono::steady_clock::time_point held_at_;
    Progress noted_;  // as the relay's row says while epoch_ is set
    Progress slice_;  // noted_, and a target that is not worth a write before the first page is out
    Milliseconds backoff_{0};
    Milliseconds empty_wait_{0};
    bool stopped_ = false;
};

}  // namespace lantern::relay
