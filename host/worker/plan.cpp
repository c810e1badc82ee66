#include "host/worker/plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "host/core/limits.hpp"

namespace lantern::worker {

std::vector<StreamUpdate> Plan::updates() const {
    std::vector<StreamUpdate> changed;
    for (const auto& [stream, change] : streams) {
        if (change.now != change.before) changed.push_back({change.before, change.now});
    }
    return changed;
}

void Plan::note_seen(const Event& event) {
    auto& now = streams.at(event.stream).now;
    now.seen = std::max(now.seen, event.revision);
}

void Plan::leave(std::span<Event* const> untried) {
    if (untried.empty()) return;
    complete = false;
    for (const Event* event : untried) {
        auto& change = streams.at(event->stream);
        if (change.catching == StreamChange::Catching::last) change.catching = StreamChange::Catching::more_behind;
    }
}

void Plan::cut(std::size_t count) {
    if (events.size() <= count) return;
    leave(std::span(events).subspan(count));
    events.resize(count);
}

Plan Planner::of(std::span<Event* const> arrived) {
    std::vector<StreamId> ids;
    for (const Event* event : arrived) {
        if (routes_.want(event->type, event->position)) ids.push_back(event->stream);
    }
    rows_.read(ids);

    Plan plan;
    for (const StreamId stream : ids) {
        const StreamRow& row = rows_.at(stream);
        plan.streams.try_emplace(stream, StreamChange{row, row, StreamChange::Catching::no, false});
    }
    std::vector<Gap> gaps;
    auto steps = sort_out(arrived, plan, gaps);
    fill(steps, gaps, plan);
    return plan;
}

std::vector<Planner::Step> Planner::sort_out(std::span<Event* const> arrived, Plan& plan, std::vector<Gap>& gaps) {
    std::map<StreamId, Revision> reached;
    std::vector<Step> steps;
    steps.reserve(arrived.size());
    for (Event* event : arrived) {
        if (!routes_.want(event->type, event->position)) {
            ++plan.unrouted;
            continue;
        }
        const StreamRow& row = plan.streams.at(event->stream).before;
        Revision& at = reached.try_emplace(event->stream, row.revision).first->second;
        if (event->revision <= at) {
            ++plan.duplicates;
        } else if (row.state != StreamState::live) {
            plan.note_seen(*event);
        } else {
            const bool gap = event->revision.value > at.value + 1;
            if (gap) gaps.push_back({event->stream, at, event->revision});
            steps.push_back({event, gap});
            at = event->revision;
        }
    }
    return steps;
}

void Planner::fill(std::vector<Step>& steps, std::vector<Gap>& gaps, Plan& plan) {
    // The answer comes in the order of the gaps. Sorted, the place where it was cut tells which gaps are whole; in
    // the order of arrival, events behind a gap that was never read would be applied.
    std::sort(gaps.begin(), gaps.end(), [](const Gap& left, const Gap& right) {
        return std::pair(left.stream, left.after) < std::pair(right.stream, right.after);
    });
    std::map<StreamId, std::deque<Event*>> between;
    // Where the store's answer was cut: a gap that ends at or before this place was filled whole.
    std::optional<std::pair<StreamId, Revision>> cut;
    if (!gaps.empty()) {
        Filled filled = history_.between(gaps, routes_, limits::kFillEventsMax);
        plan.complete = filled.complete;
        for (auto& event : filled.events) {
            plan.filled.push_back(std::move(event));
            between[plan.filled.back().stream].push_back(&plan.filled.back());
        }
        if (!filled.complete) cut.emplace(plan.filled.back().stream, plan.filled.back().revision);
    }
    std::set<StreamId> stopped;  // behind an unfilled gap nothing may follow; the next plan takes it up again
    for (const Step& step : steps) {
        const Event& event = *step.event;
        if (stopped.contains(event.stream)) continue;
        if (step.gap_before) {
            auto& waiting = between[event.stream];
            while (!waiting.empty() && waiting.front()->revision < event.revision) {
                plan.events.push_back(waiting.front());
                waiting.pop_front();
            }
            if (cut && *cut < std::pair(event.stream, event.revision)) {
                stopped.insert(event.stream);
                continue;
            }
        }
        plan.events.push_back(step.event);
    }
}

Plan Planner::catching_up(std::span<const StreamRow> rows) {
    std::vector<Gap> gaps;
    for (const StreamRow& row : rows) gaps.push_back({row.stream, row.revision, std::nullopt});
    Filled filled = history_.between(gaps, routes_, limits::kFillEventsMax);
    // Where the answer was cut, its last stream may go on, and those behind it were not read.
    std::optional<StreamId> goes_on;
    if (!filled.complete) goes_on = filled.events.back().stream;
    Plan plan;
    for (const StreamRow& row : rows) {
        const bool more = row.stream == goes_on;
        const auto catching = more ? StreamChange::Catching::more_behind : StreamChange::Catching::last;
        plan.streams.try_emplace(row.stream, StreamChange{row, row, catching, false});
        if (more) break;
    }
    for (auto& event : filled.events) {
        plan.filled.push_back(std::move(event));
        plan.events.push_back(&plan.filled.back());
    }
    return plan;
}

}  // namespace lantern::worker
