// Side effects over history. A run is about chosen events of the handler's types, and has a row in the ledger
// (lantern.effects, run > 0) for each: `suppressed`, because no side effect runs in a backfill, or `asked`, because
// an operator asked for exactly that; the handler's workers act on those. Events that delivery has not come to yet
// are left to delivery.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "host/postgres/backfill/refold.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

struct HistoricalEffect {
    EventId event;
    StreamId stream;
    Revision revision;
    Position position;
    std::string subject, type;  // user/42, USER_CREATED
    Timestamp recorded_at;
    std::string delivery;  // what delivery's ledger says of it; empty: nothing
    bool owed = false;     // delivery will come to it
};

class EffectRuns {
public:
    enum class As { suppressed, asked };
    struct Request {
        As as = As::suppressed;
        StreamSelection scope;
        std::string scope_text;  // as it was typed, for the admin log
        std::string who, reason;
        std::function<Uuid(const EventId& event, std::int64_t run)> key_of;
    };
    struct Begun {
        std::int64_t run = 0, events = 0;
        std::int64_t owed = 0;  // left to delivery
    };
    struct Tally {
        std::map<std::string, std::int64_t> by_state;
        std::int64_t of(const std::string& state) const;
        std::int64_t all() const;
        std::int64_t open() const { return of("asked") + of("pending"); }
    };

    // The connection outlives it.
    EffectRuns(Connection& connection, HandlerName handler, std::vector<std::string> types);

    // Page by page, by position, up to what is in the store at the beginning.
    void each(const StreamSelection& scope, const std::function<void(std::span<const HistoricalEffect>)>& visit);
    // In one transaction, the line of the admin log included. No events: nothing is written.
    Begun begin(const Request& request);
    Tally tally(std::int64_t run);
    // What was not begun is suppressed. Returns how many.
    std::int64_t stop(std::int64_t run, const std::string& who, const std::string& reason);
    // Why nobody works on it now; empty: somebody does.
    std::string why_idle();

private:
    void add(const Begun& begun, const Request& request, std::span<const HistoricalEffect> effects);
    void note(const std::string& action, const std::string& who, const std::string& reason, const Begun& begun,
              const std::string& scope);

    Connection& connection_;
    const HandlerName handler_;
    const std::vector<std::string> types_;
};

}  // namespace lantern::postgres
