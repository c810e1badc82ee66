// What the sweep asks of the store and of the handlers' stream rows. All calls are made by its one thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "host/core/identifiers.hpp"
#include "host/core/mark.hpp"

namespace lantern::sweep {

// How far a handler's way through the store is verified: every event visible in `mark` that its routes want is
// applied or parked, and so is what lies between that and `target`, at or below the cursor.
struct Verified {
    Mark mark;
    std::optional<Mark> target;
    Position cursor;
    bool operator==(const Verified&) const = default;
};

struct Standing {
    HandlerName handler;
    Verified verified;
};

// A live stream of which a routed event is not applied, or a parked one of which it was not seen.
struct Behind {
    StreamId stream;
    Revision revision;     // the highest that it is behind
    Position position;     // of the first event that is not applied
    bool overdue = false;  // its queue has been worked off beyond that position
};

// A page of a slice, for one handler.
struct Look {
    HandlerName handler;
    Position reached;            // the page's last position
    bool last = true;            // nothing of the slice lies behind the page
    std::vector<Behind> behind;  // by position
};

// Fault on trouble; the next call connects anew.
class Ground {
public:
    virtual ~Ground() = default;

    // Everything visible in it has been published; the relay's mark.
    virtual Mark published() = 0;
    // Those that take events: attached or fed, and routed.
    virtual std::vector<Standing> handlers() = 0;
    // One page of the slice from mark to mark, above `after`, at most `limit` events, read once for all of them. A
    // handler whose routes may be moving just now is left out.
    virtual std::vector<Look> look(std::span<const HandlerName> handlers, const Mark& from, const Mark& to,
                                   Position after, std::size_t limit) = 0;
    // For each that still is live and behind: its lease holder is to catch it up from the store. Of a parked one
    // the revision is noted as seen, so that nobody unparks it who read the store before that event was there.
    virtual void note(const HandlerName& handler, std::span<const Behind> behind) = 0;
    // False when `before` is no longer what the row says.
    virtual bool advance(const HandlerName& handler, const Verified& before, const Verified& after) = 0;
};

}  // namespace lantern::sweep
