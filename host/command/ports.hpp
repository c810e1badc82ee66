// What the command path asks of the store, of aggregates and of password hashing.
// Called from several threads, each with its own Store.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/clock.hpp"
#include "host/core/description.hpp"
#include "host/core/event.hpp"
#include "host/core/result.hpp"

namespace lantern::command {

struct UniqueKey {
    std::string scope;
    std::string key;
    auto operator<=>(const UniqueKey&) const = default;
};

struct Snapshot {
    Revision revision;  // of the state; in an append it is the head before the new events
    int state_version = 1;
    std::string build;
    std::string state;  // JSON object
};

struct NewEvent {
    EventId id;
    std::string type;
    int schema_version = 1;
    std::string data;
    std::string metadata;
};

inline constexpr std::int64_t kAnyRevision = -1;

// A counter that all streams share: an append that would bring it below the minimum is refused.
struct CounterMove {
    std::string name;
    std::int64_t delta = 0;
    std::int64_t minimum = 0;
    std::string rule{}, message{};  // what the caller is told then
};

struct IdempotencyRecord {
    std::string caller, route, key;
    std::string request_mac;  // raw bytes
    int status = 200;
    std::string body;  // JSON, without secrets
};

struct Append {
    std::string aggregate_type;
    std::string aggregate_id;
    StreamId stream{};                     // as the caller read it; 0: not known
    std::int64_t expected = kAnyRevision;  // exact revision, 0 none yet, kAnyRevision
    std::vector<NewEvent> events;  // none: only the idempotency record is written, the stream is not looked at
    std::vector<UniqueKey> holds, frees;  // sorted
    std::vector<CounterMove> counters;    // sorted by name
    std::optional<IdempotencyRecord> idempotency;
    std::optional<Snapshot> snapshot;  // written with its own revision
};

struct Appended {
    StreamId stream;
    Revision revision;
    Position position;      // of the last event; the events of one append need not be neighbours
    Timestamp recorded_at;  // of all events of this append, as stored
};

struct AppendRefusal {
    enum class Kind { revision_differs, key_taken, counter_below, idempotency_known } kind{};
    Revision head;     // revision_differs
    std::string what;  // key_taken: scope; counter_below: name
};

using AppendOutcome = Result<Appended, AppendRefusal>;

struct LoadedStream {
    std::optional<StreamId> stream;  // nothing: no event yet
    Revision head;
    std::optional<Snapshot> snapshot;  // as asked, not newer than the range
    std::vector<Event> events;         // after the snapshot, by revision
};

struct Range {
    std::optional<Revision> until_revision{};
    std::optional<Timestamp> until_time{};
    std::optional<Revision> after{};  // only the events after this, and no snapshot
};

class Store {
public:
    virtual ~Store() = default;

    // One round trip. The snapshot is given only if it has this state version and build.
    virtual LoadedStream load(const std::string& aggregate_type, const std::string& aggregate_id, int state_version,
                              const std::string& build, const Range& range) = 0;
    virtual AppendOutcome append(const Append& append) = 0;
    // Several appends in one round trip, each with its own outcome; nothing: this one was not done and has to go by
    // itself. A Fault that is no lost connection: none was done. Each one may go in a group (append_groups.hpp);
    // they are sorted by stream, and no two are of one stream or under one idempotency key.
    virtual std::vector<std::optional<AppendOutcome>> append_group(const std::vector<const Append*>& group) = 0;
    virtual std::optional<IdempotencyRecord> recorded(const std::string& caller, const std::string& route,
                                                      const std::string& key) = 0;
    // The id of the aggregate that holds this unique key; nothing: nobody of this type does.
    virtual std::optional<std::string> holder(const std::string& aggregate_type, const UniqueKey& key) = 0;
};

// Hints between the api processes of one machine at how far streams have come. May know nothing, may be too low or
// too high: what they save is a decision on a state that another process has moved on from.
class Heads {
public:
    virtual ~Heads() = default;
    virtual Revision newest(const std::string& aggregate_type, const std::string& aggregate_id) = 0;  // any thread
    virtual void note(const std::string& aggregate_type, const std::string& aggregate_id,
                      Revision head) = 0;  // any thread
};

// Tells readers that something was committed; from a connection of its own, at most once a millisecond.
class Announcer {
public:
    virtual ~Announcer() = default;
    virtual void announce() = 0;  // any thread
};

enum class RejectionKind { invalid, unauthorized, forbidden, not_found, conflict, rule };

struct Rejection {
    RejectionKind kind = RejectionKind::rule;
    std::string rule;
    std::string field;  // may be empty
    std::string message;
    std::string pointer{};  // JSON pointer into the request's body; may be empty
};

struct Ask {
    std::string name;
    std::string service;   // password.hash, password.verify
    std::string argument;  // JSON
};

struct Decided {
    struct Emitted {
        std::string type;
        int schema_version = 1;
        std::string data;
    };
    std::vector<Emitted> events;
    std::vector<Rejection> rejections;
    std::vector<Ask> asks;
    std::vector<CounterMove> counters;  // moved with the events
};

struct Command {
    std::string name;
    std::string aggregate_id;
    std::string data;     // JSON object
    std::string context;  // JSON object, see abi.h
};

// A state of an aggregate. Result errors name a defect of the plugin or of the stored data.
class State {
public:
    virtual ~State() = default;

    virtual Result<void> evolve(const Event& event) = 0;  // upcast already
    virtual Result<Decided> decide(const Command& command) const = 0;
    virtual Result<std::vector<UniqueKey>> unique_keys() const = 0;  // sorted
    // What the state contributes to counters; the difference is what decide counts. For events without a decision.
    virtual Result<std::map<std::string, std::int64_t>> counts() const {
        return std::map<std::string, std::int64_t>{};
    }
    virtual Result<std::string> save() const = 0;  // JSON object
    virtual Result<void> load(const std::string& json) = 0;
};

class Aggregate {
public:
    virtual ~Aggregate() = default;

    virtual const Description& description() const = 0;
    virtual std::unique_ptr<State> state() const = 0;  // before any event
    // The key that a state would hold in this scope for what a person typed.
    virtual Result<std::string> lookup_key(const std::string& scope, const std::string& typed) const = 0;
};

// Answers what decide asked for, outside the caller's thread: hashing takes longer than all else in a command.
class Services {
public:
    // Either the answers, JSON texts in the order of the asks, or which service is unknown or failed.
    using Done = std::function<void(Result<std::vector<std::string>>)>;

    virtual ~Services() = default;
    // Calls `done` once, on any thread. False: the bounded queue is full, and `done` is never called.
    virtual bool answer(std::vector<Ask> asks, Done done) = 0;  // any thread
};

// Keyed hash of a request, so that a record of it tells nothing of the passwords in it.
class RequestMac {
public:
    virtual ~RequestMac() = default;
    virtual std::string mac(std::string_view request) const = 0;  // raw bytes; any thread
};

// Who decides what, told by each thread before it calls an aggregate; and what is not decided any more, because api
// processes died of it.
class Calls {
public:
    virtual ~Calls() = default;
    virtual bool blocked(const Description& plugin, const std::string& command) = 0;  // any thread
    // What the calling thread does until end().
    virtual void begin(const Description& plugin, const std::string& command) = 0;
    virtual void end() = 0;
};

// The calling thread's word to them, for as long as this lives. No calls: nothing is told.
class Watched {
public:
    Watched(Calls* calls, const Description& plugin, const std::string& command) : calls_(calls) {
        if (calls_) calls_->begin(plugin, command);
    }
    ~Watched() {
        if (calls_) calls_->end();
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

private:
    Calls* const calls_;
};

class Upcasts {
public:
    virtual ~Upcasts() = default;
    // To the version that the aggregate declared for the type. Nothing, or why not.
    virtual std::optional<std::string> upcast(Event& event) const = 0;
};

}  // namespace lantern::command
