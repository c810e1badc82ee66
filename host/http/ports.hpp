// What the query routes ask of the read models and of the store.
// One object for each worker thread of the api, with a connection of its own. Adapters throw Fault.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/event.hpp"
#include "host/core/result.hpp"
#include "host/core/settings.hpp"

namespace lantern::http {

// Why a read model is behind the stream's head.
enum class Pending { none, lagging, retrying, dead };

// Rows of one owned table, each found by an aggregate's id alone: the first column of the table's key. The table's
// declaration is the catalog's (lantern.handlers.declaration).
struct RowQuery {
    std::string handler, table;
    std::string aggregate_type;
    std::vector<std::string> aggregate_ids;
    std::string absent_when;  // column that, when not null, makes a row absent; empty: none
};

// All answers to one question are as of one moment (one statement), so that row and revisions belong together.
struct RowAnswer {
    std::optional<std::string> row;   // JSON object, declared columns in declared order; nothing: absent
    Revision head;                    // of the stream; 0: there is no such stream
    Revision as_of;                   // up to here no event routed to the handler is missing from the row
    Pending pending = Pending::none;  // none exactly when as_of == head
};

struct RowsQuery {
    struct Condition {
        std::string parameter;  // for messages
        std::string column;
        QueryFilter::Compare compare = QueryFilter::Compare::equal;
        std::string value;  // as given in the URL; the adapter casts it to the column's type
    };
    std::string handler, table;
    std::vector<Condition> conditions;  // joined by and; from: >=, to: <
    std::vector<std::string> order_by;  // the key breaks ties
    std::size_t limit = 50;
    std::string cursor;  // `next` or `previous` of a page, as the adapter made it; empty: first page
    // Nulls come last in ascending order, and first in descending order.
    enum class Order { ascending, descending } order = Order::descending;
};

struct RowsAnswer {
    std::vector<std::string> rows;          // JSON objects
    std::optional<std::string> next{};      // any text; nothing: the last page
    std::optional<std::string> previous{};  // nothing: the first page
};

struct HistoryQuery {
    std::string aggregate_type, aggregate_id;
    Revision after;
    std::size_t limit = 50;
    std::vector<std::string> types;  // empty: all
    std::optional<Timestamp> from;   // recorded_at >= from
    std::optional<Timestamp> to;     // recorded_at < to
};

struct HistoryAnswer {
    Revision head;              // 0: no such stream
    std::vector<Event> events;  // by revision, at most `limit`, as stored (not upcast)
    bool more = false;
};

// Where one event stands in one handler that wants it.
struct Delivery {
    // pending     it waits for its turn             processing  a side effect acts, or was interrupted
    // applied     its effect is committed           retrying    it failed, and is tried again
    // suppressed  it is not to have an effect       dead        it failed, and waits for an operator
    enum class State { pending, processing, applied, retrying, dead, suppressed };
    std::string handler, kind;  // kind: projection or side_effect
    State state = State::pending;
    std::string reason;  // why it is not further; empty: nothing to say
    int attempts = 0;    // of this event that failed, or, of a side effect, that were begun
    std::string error;   // of the last one; may hold what the event's data hold
    std::optional<Timestamp> next_attempt_at, since;
    std::string plugin, plugin_version, plugin_build;  // of the worker that holds it; build empty: there is none
};

struct DeliveriesAnswer {
    Event event;                       // as stored
    bool published = false;            // the broker has confirmed it
    std::vector<Delivery> deliveries;  // by handler
};

// So many acts in a time, counted under a name over all hosts.
struct Allowance {
    std::string name;
    Rate rate;
};

// What lets callers in or keeps them out, over all hosts. One object for each worker thread. Throws Fault.
class Admissions {
public:
    virtual ~Admissions() = default;

    // Takes one act from each: zero. Or from none: then how long until all of them have one.
    virtual Milliseconds take(const std::vector<Allowance>& allowances) = 0;
    virtual void give_back(const std::vector<Allowance>& allowances) = 0;
    // A token that is not to be taken any more, kept until it expires.
    virtual void deny(const std::string& token_id, Timestamp expires_at) = 0;
    virtual bool denied(const std::string& token_id) = 0;
};

// What a token says. Its signature was checked, its expiry was not.
struct Claims {
    std::string id;       // of this token
    std::string subject;  // the aggregate's id
    std::string name;
    std::string role;
    std::vector<std::string> scopes;
    std::int64_t epoch = 0;  // of the stream's state when the token was made
    Timestamp logged_in_at;
    Timestamp issued_at;
    Timestamp expires_at;
};

class Tokens {
public:
    virtual ~Tokens() = default;
    virtual std::string sign(const Claims& claims) const = 0;              // any thread
    virtual std::optional<Claims> read(std::string_view token) const = 0;  // any thread; nothing: not ours
};

// A file that is shown to anyone, as it is.
struct Page {
    std::string name;
    std::string content_type;
    std::string_view body;  // of the program: lives as long as it does
};

class Reads {
public:
    virtual ~Reads() = default;

    // An answer for each id, in their order. A handler without tables yet (never started): all rows absent,
    // lagging.
    virtual std::vector<RowAnswer> row(const RowQuery& query) = 0;
    // Result error: what of the question is malformed (an unknown column, a value or cursor that is none);
    // it is shown to the caller.
    virtual Result<RowsAnswer> rows(const RowsQuery& query) = 0;
    virtual HistoryAnswer history(const HistoryQuery& query) = 0;
    virtual std::optional<DeliveriesAnswer> deliveries(EventId event) = 0;  // nothing: there is no such event
    // What handlers that ran declare as their tables (JSON, see docs/descriptor.md), by handler.
    virtual std::map<std::string, std::string> declarations() = 0;
    // Throws Fault when the database does not answer.
    virtual void ping() = 0;
};

}  // namespace lantern::http
