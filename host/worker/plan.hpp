// What a batch asks for: which events are to be applied, in which order, after duplicates were dropped, gaps were
// filled from the store, and events of parked streams were set aside.
#pragma once

#include <deque>
#include <map>
#include <span>
#include <vector>

#include "host/worker/ports.hpp"
#include "host/worker/rows.hpp"

namespace lantern::worker {

// A stream as the batch found it and as it will leave it.
struct StreamChange {
    StreamRow before;
    StreamRow now;
    // Being caught up from the store: its events are applied although it is parked. `last` says that the store
    // holds nothing behind what was read, so that success unparks it.
    enum class Catching { no, more_behind, last } catching = Catching::no;
    bool failed = false;  // an event failed in this batch; later ones only raise `seen`

    bool takes_events() const { return !failed && (now.state == StreamState::live || catching != Catching::no); }
};

struct Plan {
    std::deque<Event> filled;    // owns what came from the store
    std::vector<Event*> events;  // to apply, in order
    std::map<StreamId, StreamChange> streams;
    std::size_t duplicates = 0;
    // Arrived, and not wanted by the routes as this worker knows them. Dropped under its leases alone: those of an
    // edit that wants them may have fenced it.
    std::size_t unrouted = 0;
    // Set by the applier: an event was applied, or passed over by the plugin.
    bool advanced = false;
    // Set by the applier: the dependency that is away, and why. What stands behind it in `events` was not tried.
    std::string away;
    // Set by the applier: so long nothing is to be tried, for its handler's rate is kept. Likewise.
    Milliseconds rest{0};
    // False: a gap was longer than one read, or other things are to be looked after first; plan the same deliveries
    // again afterwards.
    bool complete = true;
    // Events that the plugin is not called for any more: their outcome is known.
    std::map<const Event*, Outcome> verdicts;

    std::vector<StreamUpdate> updates() const;  // of the streams that changed, sorted
    void note_seen(const Event& event);
    // These, the last of `events`, are not tried: streams that were to be caught up with them are not at their end.
    void leave(std::span<Event* const> untried);
    // The first `count` events alone.
    void cut(std::size_t count);
};

class Planner {
public:
    Planner(Rows& rows, History& history, const Routes& routes) : rows_(rows), history_(history), routes_(routes) {}

    // Events as they arrived; those must outlive the plan.
    Plan of(std::span<Event* const> arrived);
    // Catches parked streams up from the store, with one read: the first of them, as many as that holds, and those
    // are the plan's streams. The rows are those just read from the database.
    Plan catching_up(std::span<const StreamRow> rows);
    Plan catching_up(const StreamRow& row) { return catching_up(std::span(&row, 1)); }

private:
    struct Step {
        Event* event = nullptr;
        bool gap_before = false;
    };

    std::vector<Step> sort_out(std::span<Event* const> arrived, Plan& plan, std::vector<Gap>& gaps);
    void fill(std::vector<Step>& steps, std::vector<Gap>& gaps, Plan& plan);

    Rows& rows_;
    History& history_;
    const Routes& routes_;
};

}  // namespace lantern::worker
