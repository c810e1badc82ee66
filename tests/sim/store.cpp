#include "tests/sim/store.hpp"

#include <algorithm>
#include <sstream>

namespace lantern::sim {

std::string Snapshot::text() const {
    std::string out =
        std::to_string(in_progress.empty() ? xmax : *in_progress.begin()) + ":" + std::to_string(xmax) + ":";
    for (const auto xid : in_progress) out += (out.back() == ':' ? "" : ",") + std::to_string(xid);
    return out;
}

Snapshot Snapshot::parse(const std::string& text) {
    Snapshot snapshot;
    std::istringstream in(text);
    std::int64_t xid = 0;
    char mark = 0;
    in >> xid >> mark >> snapshot.xmax >> mark;
    while (in >> xid) {
        snapshot.in_progress.insert(xid);
        in >> mark;
    }
    return snapshot;
}

std::optional<std::int64_t> Store::begin(StreamId stream) {
    for (const auto& [xid, open] : open_) {
        if (open.stream == stream) return std::nullopt;
    }
    const auto xid = next_xid_++;
    open_[xid] = {stream, {}};
    return xid;
}

void Store::draw(std::int64_t xid, const std::string& type, int schema_version) {
    Open& open = open_.at(xid);
    Event event;
    event.position = Position{++position_};
    event.id = Uuid::v7(Timestamp{}, static_cast<std::uint64_t>(position_), 0);
    event.stream = open.stream;
    event.revision = Revision{heads_[open.stream] + static_cast<std::int64_t>(open.drawn.size()) + 1};
    event.aggregate_type = "thing";
    event.aggregate_id = "thing-" + std::to_string(open.stream.value);
    event.type = type;
    event.schema_version = schema_version;
    event.data = std::to_string(event.revision.value) + ";";
    event.metadata = "{}";
    open.drawn.push_back(event.position);
    rows_[event.position] = {event, xid, false};
}

void Store::commit(std::int64_t xid) {
    const Open open = open_.at(xid);
    for (const Position at : open.drawn) rows_.at(at).committed = true;
    heads_[open.stream] += static_cast<std::int64_t>(open.drawn.size());
    completed_ = std::max(completed_, xid);
    open_.erase(xid);
}

void Store::abort(std::int64_t xid) {
    for (const Position at : open_.at(xid).drawn) rows_.erase(at);
    completed_ = std::max(completed_, xid);
    open_.erase(xid);
}

std::vector<std::int64_t> Store::open() const {
    std::vector<std::int64_t> xids;
    for (const auto& [xid, open] : open_) xids.push_back(xid);
    return xids;
}

Snapshot Store::snapshot() const {
    Snapshot snapshot;
    snapshot.xmax = completed_ + 1;
    for (const auto& [xid, open] : open_) {
        if (xid < snapshot.xmax) snapshot.in_progress.insert(xid);
    }
    return snapshot;
}

std::vector<const Event*> Store::visible() const {
    std::vector<const Event*> events;
    for (const auto& [position, row] : rows_) {
        if (row.committed) events.push_back(&row.event);
    }
    return events;
}

std::vector<const Event*> Store::visible(const Snapshot& in) const {
    std::vector<const Event*> events;
    for (const auto& [position, row] : rows_) {
        if (row.committed && in.sees(row.xid)) events.push_back(&row.event);
    }
    return events;
}

bool SourcePort::anything_since(const Mark& from, Milliseconds) {
    return world_.call(Place::postgres, Call::read, [&] {
        const Snapshot old = Snapshot::parse(from.snapshot);
        for (const Event* event : store_.visible()) {
            const auto xid = store_.xid_of(*event);
            if (old.in_progress.contains(xid) || (xid >= old.xmax && event->position > from.floor)) return true;
        }
        return false;
    });
}

Mark SourcePort::take_mark() {
    // Three statements, and others' between them.
    const bool late = world_.flaw == Flaw::floor_taken_after_snapshot;
    Mark mark;
    if (!late) {
        mark.floor = world_.call(Place::postgres, Call::read, [&] { return store_.sequence(); });
    }
    if (world_.flaw != Flaw::no_completed_transaction_in_mark) {
        world_.call(Place::postgres, Call::read, [&] { store_.complete_own_transaction(); });
    }
    mark.snapshot = world_.call(Place::postgres, Call::read, [&] { return store_.snapshot().text(); });
    mark.ceiling = store_.sequence();
    if (late) {
        mark.floor = world_.call(Place::postgres, Call::read, [&] { return store_.sequence(); });
    }
    return mark;
}

Page SourcePort::page(const Mark& from, const Mark& to, Position after, std::size_t limit) {
    return world_.call(Place::postgres, Call::read, [&] {
        const Snapshot old = Snapshot::parse(from.snapshot);
        Page page;
        for (const Event* event : store_.visible(Snapshot::parse(to.snapshot))) {
            const auto xid = store_.xid_of(*event);
            const bool late = old.in_progress.contains(xid) && world_.flaw != Flaw::slice_by_position_only;
            const bool fresh = xid >= old.xmax && event->position > from.floor && event->position <= to.ceiling;
            if (event->position <= after || !(late || fresh)) continue;
            if (page.events.size() == limit) {
                page.last = false;
                break;
            }
            page.events.push_back(*event);
        }
        return page;
    });
}

worker::Filled HistoryPort::between(std::span<const worker::Gap> gaps, const Routes& routes, std::size_t limit) {
    return world_.call(Place::postgres, Call::read, [&] {
        limit = std::min(limit, fill_max_);
        std::vector<Event> found;  // in the order of the gaps, as the store answers
        for (const worker::Gap& gap : gaps) {
            const auto begin = static_cast<std::ptrdiff_t>(found.size());
            for (const Event* event : store_.visible()) {
                const bool wanted = routes.want(event->type, event->position) ||
                                    world_.flaw == Flaw::route_interval_ignored_by_gap_filling;
                const bool inside = event->stream == gap.stream && event->revision > gap.after &&
                                    (!gap.before || event->revision < *gap.before);
                if (wanted && inside) found.push_back(*event);
            }
            std::sort(found.begin() + begin, found.end(),
                      [](const Event& left, const Event& right) { return left.revision < right.revision; });
        }
        worker::Filled filled;
        filled.complete = found.size() <= limit;
        if (!filled.complete) found.resize(limit);
        const bool retry = gaps.size() == 1 && !gaps.front().before;
        if (retry && world_.flaw == Flaw::retry_ignores_order) std::reverse(found.begin(), found.end());
        filled.events = std::move(found);
        return filled;
    });
}

std::vector<Event> HistoryPort::page(Partition partition, int partitions, const Routes& routes, Position after,
                                     Position until, std::size_t limit) {
    return world_.call(Place::postgres, Call::read, [&] {
        std::vector<Event> page;
        for (const Event* event : store_.visible()) {
            if (page.size() == limit) break;
            if (event->position > after && event->position <= until &&
                partition_of(bucket_of(event->stream), partitions) == partition &&
                routes.want(event->type, event->position)) {
                page.push_back(*event);
            }
        }
        return page;
    });
}

}  // namespace lantern::sim
