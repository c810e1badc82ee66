// What the relay asks of the store and of the broker.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "host/core/clock.hpp"
#include "host/core/mark.hpp"

namespace lantern::relay {

// The store as the relay reads it. Fault on trouble.
class Source {
public:
    virtual ~Source() = default;

    // Waits until new events were announced or `wait` has passed. Says whether anything lies behind `from`.
    virtual bool anything_since(const Mark& from, Milliseconds wait) = 0;
    virtual Mark take_mark() = 0;
    // Events of the slice with position > after, at most `limit`.
    virtual Page page(const Mark& from, const Mark& to, Position after, std::size_t limit) = 0;
};

// The slice in progress: from its lower mark, through `cursor`, to its upper mark.
struct Progress {
    Mark mark;
    std::optional<Mark> target;
    Position cursor;
    bool operator==(const Progress&) const = default;
};

// The relay's row: leadership by epoch, progress by compare-and-set.
class Leadership {
public:
    virtual ~Leadership() = default;

    // The epoch of this process's leadership; nothing while another leader lives. Called again and again, it is
    // the heartbeat: at least every limits::kHeartbeatEvery.
    virtual std::optional<Epoch> hold() = 0;
    virtual Progress progress() = 0;
    // False when (epoch, before) is no longer what the row says: leadership was lost.
    virtual bool advance(Epoch epoch, const Progress& before, const Progress& after) = 0;
    virtual void resign() = 0;
};

// The broker as the relay publishes to it. Persistent, with publisher confirms. Fault on a closed or blocked
// connection; what was published before it and not reported confirmed is in doubt and published again.
class Publisher {
public:
    virtual ~Publisher() = default;

    // Exchange, queues and bindings of all routed handlers; cheap when nothing changed.
    virtual void declare_topology() = 0;
    // Publishes all, at most limits::kConfirmWindow unconfirmed at a time. Returns how many, counted from the
    // first without a break, are confirmed; fewer than all after a nack or a time-out.
    virtual std::size_t publish(std::span<const Event> events) = 0;
    // Types of messages that came back unroutable since the last call, though a route wants them: topology lost.
    virtual bool topology_was_lost() = 0;
};

}  // namespace lantern::relay
