#include "host/relay/relay.hpp"

#include <algorithm>

#include "host/core/assert.hpp"
#include "host/core/fault.hpp"

namespace lantern::relay {

namespace {

// Leadership is renewed at half the time after which a heartbeat is due.
constexpr auto kHoldEvery = limits::kHeartbeatEvery / 2;

}  // namespace

Relay::Relay(Source& source, Leadership& leadership, Publisher& publisher, Clock& clock, Options options)
    : source_(source), leadership_(leadership), publisher_(publisher), clock_(clock), options_(options) {}

Step Relay::step() {
    if (stopped_) return {.kind = Step::Kind::stopped, .trouble = {}};
    try {
        // 1. Lead. 2. Queues and bindings exist before anything is published. 3. Publish. 4. Only then advance.
        if (!lead()) return {.kind = Step::Kind::stood_by, .wait = limits::kHeartbeatEvery, .trouble = {}};
        publisher_.declare_topology();
        publisher_.service();
        return relay_page();
    } catch (const Fault& fault) {
        return back_off(fault.what());
    }
}

void Relay::stop() {
    if (stopped_) return;
    stopped_ = true;
    epoch_.reset();
    try {
        leadership_.resign();
    } catch (const Fault&) {
        // Leadership then ends by its age; nothing of it is lost.
    }
}

bool Relay::lead() {
    const auto now = clock_.steady();
    if (epoch_ && now - held_at_ < kHoldEvery) return true;
    const auto epoch = leadership_.hold();
    if (epoch && epoch == epoch_) {
        held_at_ = now;
        return true;
    }
    epoch_.reset();
    if (!epoch) return false;
    noted_ = leadership_.progress();
    slice_ = noted_;
    held_at_ = now;
    epoch_ = epoch;
    return true;
}

Step Relay::relay_page() {
    if (!slice_.target) {
        if (!source_.anything_since(slice_.mark, options_.poll)) {
            empty_wait_ = Milliseconds{0};
            return {.kind = Step::Kind::idle, .trouble = {}};
        }
        slice_.target = source_.take_mark();
    }
    const Page page = source_.page(slice_.mark, *slice_.target, slice_.cursor, options_.page_events);
    LANTERN_ASSERT(page.last || !page.events.empty(), "a page that is not the last brings the slice forward");
    const std::size_t confirmed = page.events.empty() ? 0 : publisher_.publish(page.events);
    return finish_page(page, confirmed);
}

Step Relay::finish_page(const Page& page, std::size_t confirmed) {
    const bool whole = confirmed == page.events.size();
    if (whole && page.last && page.events.empty() && slice_.cursor == Position{}) return empty_slice();

    Progress next = slice_;
    if (whole && page.last) {
        next = Progress{.mark = *slice_.target, .target = {}, .cursor = {}};
    } else if (confirmed > 0) {
        next.cursor = page.events[confirmed - 1].position;
    }
    if (next != noted_ && (whole || confirmed > 0) && !advance(next)) return lost_leadership();
    if (!whole) {
        Step step = back_off(publisher_.topology_was_lost() ? "the topology of a routed handler was lost"
                                                            : "the broker did not confirm all messages");
        step.events = confirmed;
        return step;
    }
    backoff_ = empty_wait_ = Milliseconds{0};
    return {.kind = Step::Kind::published, .events = confirmed, .trouble = {}};
}

// An empty slice keeps the old mark: an idle relay writes nothing. It looks again soon, but not at full speed.
Step Relay::empty_slice() {
    slice_ = noted_;
    const Step step{.kind = Step::Kind::idle, .wait = empty_wait_, .trouble = {}};
    empty_wait_ = std::min(std::max(empty_wait_ * 2, Milliseconds{1}), options_.poll);
    return step;
}

bool Relay::advance(const Progress& next) {
    if (!leadership_.advance(*epoch_, noted_, next)) return false;
    noted_ = slice_ = next;
    return true;
}

Step Relay::lost_leadership() {
    epoch_.reset();
    return {.kind = Step::Kind::stood_by, .wait = limits::kHeartbeatEvery, .trouble = "leadership was lost"};
}

// Whatever was believed is read again: the row says what is safe.
Step Relay::back_off(std::string trouble) {
    epoch_.reset();
    backoff_ = std::clamp<Milliseconds>(backoff_ * 2, limits::kBackoffFirst, limits::kBackoffMax);
    return {.kind = Step::Kind::held_up, .wait = backoff_, .trouble = std::move(trouble)};
}

}  // namespace lantern::relay
