// What the relay asks of the store and of the broker. All calls are made by the relay's one thread.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "host/core/clock.hpp"
#include "host/core/mark.hpp"

namespace lantern::relay {

// The store as the relay reads it. Fault on trouble; the next call connects anew.
class Source {
public:
    virtual ~Source() = default;

    // Says whether an event is visible now that `from` has not seen; if none is, waits until new events were
    // announced or `wait` has passed and looks once more. Exact: positions of aborted or still open
    // transactions are nothing, else an idle relay would spin on them.
    virtual bool anything_since(const Mark& from, Milliseconds wait) = 0;
    virtual Mark take_mark() = 0;
    // Events of the slice with position > after, at most `limit`. A page that is not the last is not empty.
    virtual Page page(const Mark& from, const Mark& to, Position after, std::size_t limit) = 0;
};

// The slice in progress: from its lower mark, through `cursor`, to its upper mark. Without a target: none, and
// the cursor is 0. Losing the newest progress only repeats messages, so it need not wait for the disk.
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

    // Connects if there is no connection, then makes exchange, queues and bindings of all routed handlers; cheap
    // when connected and nothing changed. Ends topology_was_lost().
    virtual void declare_topology() = 0;
    // Takes what the broker has sent (returns, closing, blocked) and keeps the connection alive. Never waits.
    virtual void service() = 0;
    // Publishes all, at most limits::kConfirmWindow unconfirmed at a time. Returns how many, counted from the
    // first without a break, are confirmed; fewer than all after a nack, a time-out, a block, or a message that
    // came back unroutable though a route wants its type.
    virtual std::size_t publish(std::span<const Event> events) = 0;
    // A message came back unroutable though a route wants its type.
    virtual bool topology_was_lost() = 0;
};

}  // namespace lantern::relay
