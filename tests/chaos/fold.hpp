// What every table must hold, computed from the store's events and the routes alone: written anew here, so that it
// shares no mistake with what it checks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/chaos/tables.hpp"

namespace lantern::chaos {

struct Fact {
    std::string stream_id, aggregate_type, aggregate_id, id, type, recorded_at, data;
    std::int64_t revision = 0, position = 0;
};

// Wants events with begin < position <= end.
struct Interval {
    std::string handler, type;
    std::int64_t begin = 0;
    std::optional<std::int64_t> end{};
};

struct Story {
    std::vector<Fact> facts;  // by stream and revision
    std::vector<Interval> routes;
};

// <recorder>.steps and .heads of each recorder; user_read_model.users; audit_log.audit_log; of all handlers
// <handler>.lantern_streams; lantern.effects of the handler `mailer`. Empty: there is none.
struct Handlers {
    std::vector<std::string> recorders;
    std::string users{}, audit{}, mailer{};
};
Tables fold(const Story& story, const Handlers& handlers);

// Holes and doubles in the streams themselves.
std::vector<std::string> broken_streams(const Story& story);

}  // namespace lantern::chaos
