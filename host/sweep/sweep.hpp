// Goes behind the relay through everything that it published, once for all handlers, and finds what a handler
// neither applied nor parked. Starts no thread and never waits: whoever drives it calls pass() now and then.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "host/core/clock.hpp"
#include "host/core/limits.hpp"
#include "host/sweep/ports.hpp"

namespace lantern::sweep {

class Sweep final {
public:
    // The ground must outlive it.
    explicit Sweep(Ground& ground, std::size_t page_events = limits::kSweepPageEvents)
        : ground_(ground), page_events_(page_events) {}

    // Asked between pages: whether to leave it there. The next pass goes on.
    using Stop = std::function<bool()>;
    // Takes every handler as far as it has come, at most to what had been published at the pass before: that had
    // the time to arrive. Returns how long to wait for the next. Throws Fault.
    Milliseconds pass(const Stop& stop);

private:
    using Place = std::tuple<std::int64_t, std::string, std::string, std::int64_t>;

    static Place place_of(const Verified& at);
    void give_targets(std::vector<Standing>& all, const Mark& target);
    // One page for all who stand there; those who can go on are put back into `next`.
    void look_at(const std::vector<Standing>& there, std::vector<Standing>& next);
    std::optional<Standing> move(const Standing& from, const Look& look);

    Ground& ground_;
    const std::size_t page_events_;
    std::optional<Mark> published_before_;
    bool noted_ = false;  // in this pass
};

}  // namespace lantern::sweep
