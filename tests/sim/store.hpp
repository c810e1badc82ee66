// The event store: transactions lock their stream, own a transaction id, draw positions, and become visible when
// they commit, in whatever order. Marks are taken and slices read as host/postgres does it: by (floor, snapshot).
#pragma once

#include <map>
#include <set>
#include <vector>

#include "host/relay/ports.hpp"
#include "host/worker/ports.hpp"
#include "tests/sim/world.hpp"

namespace lantern::sim {

// pg_snapshot: ids below xmax are visible but for those that were in progress.
struct Snapshot {
    std::int64_t xmax = 1;
    std::set<std::int64_t> in_progress;

    bool sees(std::int64_t xid) const { return xid < xmax && !in_progress.contains(xid); }
    std::string text() const;
    static Snapshot parse(const std::string& text);
};

class Store {
public:
    explicit Store(World& world) : world_(world) {}

    // ---- writers
    // Nothing when another transaction holds the stream's row.
    std::optional<std::int64_t> begin(StreamId stream);
    void draw(std::int64_t xid, const std::string& type, int schema_version);
    void commit(std::int64_t xid);
    void abort(std::int64_t xid);
    std::vector<std::int64_t> open() const;

    // ---- readers
    Position sequence() const { return Position{position_}; }
    Snapshot snapshot() const;
    void complete_own_transaction() { completed_ = next_xid_++; }
    // Committed events, by position.
    std::vector<const Event*> visible() const;
    std::vector<const Event*> visible(const Snapshot& in) const;
    std::int64_t xid_of(const Event& event) const { return rows_.at(event.position).xid; }
    bool is_visible(const Event& event) const { return rows_.at(event.position).committed; }

private:
    struct Written {
        Event event;
        std::int64_t xid = 0;
        bool committed = false;
    };
    struct Open {
        StreamId stream;
        std::vector<Position> drawn;
    };

    World& world_;
    std::map<Position, Written> rows_;
    std::map<std::int64_t, Open> open_;
    std::map<StreamId, std::int64_t> heads_;
    std::int64_t position_ = 0;
    std::int64_t next_xid_ = 1;
    std::int64_t completed_ = 0;  // the highest id that has ended
};

class SourcePort final : public relay::Source {
public:
    SourcePort(World& world, Store& store) : world_(world), store_(store) {}

    bool anything_since(const Mark& from, Milliseconds wait) override;
    Mark take_mark() override;
    Page page(const Mark& from, const Mark& to, Position after, std::size_t limit) override;

private:
    World& world_;
    Store& store_;
};

class HistoryPort final : public worker::History {
public:
    HistoryPort(World& world, Store& store, std::size_t fill_max)
        : world_(world), store_(store), fill_max_(fill_max) {}

    worker::Filled between(std::span<const worker::Gap> gaps, const Routes& routes, std::size_t limit) override;
    std::vector<Event> page(Partition partition, int partitions, const Routes& routes, Position after,
                            Position until, std::size_t limit) override;
    Uuid incarnation() override { return {}; }
    bool was(const Uuid&) override { return false; }

private:
    World& world_;
    Store& store_;
    const std::size_t fill_max_;
};

}  // namespace lantern::sim
