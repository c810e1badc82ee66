// What stands between a handler and a dependency that is away. A plugin says so itself; or the events of many
// different streams failed in a row, and what they share is likely to be away. Meanwhile events are tried one at a
// time, and a failure counts no attempt. Open until an event shows that the dependency is back: one that was
// applied, or, if the plugin itself had said so, one that failed of something else.
#pragma once

#include <set>
#include <string>

#include "host/core/limits.hpp"
#include "host/core/outcome.hpp"
#include "host/worker/parking.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker {

class Breaker {
public:
    // What the plugin answered for an event of `stream`, as it is to be taken.
    Outcome judge(StreamId stream, Outcome outcome) {
        if (outcome.advances()) failed_.clear();
        if (outcome.kind == Outcome::Kind::retry) {
            if (many_failed()) {
                outcome = {Outcome::Kind::unavailable, std::move(outcome.reason), reason(), outcome.after};
            } else {
                failed_.insert(stream);
            }
        }
        if (is_outage(outcome)) {
            away_ = said(outcome);
        } else if (!many_failed()) {
            away_.clear();
        } else if (away_.empty()) {
            away_ = reason() + ": " + outcome.reason;
        }
        return outcome;
    }

    // What is away, and why; empty: closed.
    const std::string& away() const { return away_; }
    // What is away after this answer, which need not have been judged just now.
    std::string away_after(const Outcome& outcome) const {
        if (is_outage(outcome)) return said(outcome);
        return many_failed() ? away_ : std::string();
    }

private:
    static std::string said(const Outcome& outcome) { return outcome.dependency + ": " + outcome.reason; }
    bool many_failed() const { return failed_.size() >= limits::kBreakerStreams; }
    std::string reason() const {
        return "the events of " + std::to_string(failed_.size()) + " streams in a row failed";
    }

    std::set<StreamId> failed_;  // in a row
    std::string away_;
};

}  // namespace lantern::worker
