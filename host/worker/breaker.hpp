// Opens when the events of many different streams failed in a row: what they share is likely to be away, though the
// plugin did not say so. While it is open, events are tried one at a time, and a failure counts no attempt. The
// first event that is applied closes it.
#pragma once

#include <set>
#include <string>

#include "host/core/limits.hpp"
#include "host/core/outcome.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker {

class Breaker {
public:
    // What the plugin answered for an event of `stream`, as it is to be taken.
    Outcome judge(StreamId stream, Outcome outcome) {
        if (outcome.advances()) failed_.clear();
        if (outcome.kind != Outcome::Kind::retry) return outcome;
        if (open()) return {Outcome::Kind::unavailable, std::move(outcome.reason), reason(), outcome.after};
        failed_.insert(stream);
        return outcome;
    }

    bool open() const { return failed_.size() >= limits::kBreakerStreams; }
    std::string reason() const {
        return "the events of " + std::to_string(failed_.size()) + " streams in a row failed";
    }

private:
    std::set<StreamId> failed_;  // in a row
};

}  // namespace lantern::worker
