// What a worker asks of the broker, of the store, of its handler's tables, and of its plugin.
// All calls are made by the worker's one thread. Adapters throw Fault.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/core/clock.hpp"
#include "host/core/event.hpp"
#include "host/core/handler.hpp"
#include "host/core/outcome.hpp"
#include "host/core/tables.hpp"

namespace lantern::worker {

// ---- broker -------------------------------------------------------------------------------------------------

struct Delivery {
    std::uint64_t tag = 0;
    Partition partition;
    Event event;
    Uuid incarnation;
    std::string malformed;  // not empty: why the message is no event of ours; `event` is then empty
};

class Deliveries {
public:
    virtual ~Deliveries() = default;

    // Connects if there is no connection, then declares and binds the handler's queues if they are missing.
    virtual void declare() = 0;
    virtual void subscribe(Partition partition) = 0;  // a fresh consumer tag each time
    // What has arrived, in order of arrival; waits up to `wait` for the first, never for more.
    virtual std::vector<Delivery> take(std::size_t events_max, std::size_t bytes_max, Milliseconds wait) = 0;
    virtual void acknowledge_up_to(std::uint64_t tag) = 0;  // multiple
    // Keeps the connection alive while nothing is taken. Never waits.
    virtual void service() = 0;
    // Messages in the partition's queue that were given to nobody yet.
    virtual std::uint64_t ready(Partition partition) = 0;
    // Messages of the partition that have arrived here and were not taken yet.
    virtual std::uint64_t untaken(Partition partition) = 0;
    // Drops the connection: nothing is subscribed then, what was in hand comes again. Until declare().
    virtual void disconnect() = 0;
};

// ---- leases -------------------------------------------------------------------------------------------------

struct Lease {
    Partition partition;
    Epoch epoch;
    Position feed_cursor;                 // history fed from the store up to here
    std::optional<Position> feed_target;  // up to where; nothing: not yet bound
    bool fed() const { return feed_target && feed_cursor >= *feed_target; }
    bool operator==(const Lease&) const = default;
};

enum class Queues {
    bound,     // read them
    to_bind,   // bind them, then bound()
    detached,  // there are none: history is fed from the store, up to the edge
    others,    // not this worker's are in force: bind these, then bound() once, and see
};

struct LeaseView {
    std::vector<Lease> held{};            // all that this worker holds now
    std::vector<Partition> to_release{};  // of these: finish, then release
    Queues queues = Queues::bound;
    Position edge{};       // the position current at this heartbeat
    Position published{};  // all that had been published by then lies at or below it
};

// Up to which position a partition's queue has been worked off: what lies at or below it won't come by the queue.
struct WorkedOff {
    Partition partition;
    Position position;
};

class Leases {
public:
    virtual ~Leases() = default;

    // Heartbeat, and a step towards an even share among the handler's live workers: takes free partitions.
    virtual LeaseView tick(const std::string& note, std::span<const WorkedOff> worked_off) = 0;
    virtual bool holds(Partition partition, Epoch epoch) = 0;
    virtual void release(Partition partition, Epoch epoch) = 0;
    // Notes, once the queues are bound, up to where history is to be fed (position current now), and the beginning
    // of routes that start now. Idempotent. Refused when a later edit has bound other queues: tick() says so then.
    // Returns the routes as they are then.
    virtual Routes bound() = 0;
    virtual Routes routes() = 0;
    // The queues can't hold what the handler is behind: it is fed from the store.
    virtual void detach(const std::string& reason) = 0;
    virtual void fed_up_to(Partition partition, Epoch epoch, Position cursor) = 0;
    virtual void leave() = 0;  // releases everything, forgets the worker
};

// ---- store --------------------------------------------------------------------------------------------------

// Revisions in (after, before) of one stream; before = nothing: to the head.
struct Gap {
    StreamId stream;
    Revision after;
    std::optional<Revision> before;
};

struct Filled {
    std::vector<Event> events;  // in the order of the gaps, then by revision
    bool complete = true;       // false: cut at the limit; the last stream named in `events` may go on
};

class History {
public:
    virtual ~History() = default;

    // Events of the gaps that the routes want, at most `limit`.
    virtual Filled between(std::span<const Gap> gaps, const Routes& routes, std::size_t limit) = 0;
    // Events of one partition's buckets that the routes want, after < position <= until, by position, at most
    // `limit`; fewer than `limit`: there are no more.
    virtual std::vector<Event> page(Partition partition, int partitions, const Routes& routes, Position after,
                                    Position until, std::size_t limit) = 0;
    virtual Uuid incarnation() = 0;
    // This store was of that incarnation before it was adopted.
    virtual bool was(const Uuid& incarnation) = 0;
};

// ---- the handler's tables -----------------------------------------------------------------------------------

enum class StreamState : std::uint8_t { live = 0, retrying = 1, dead = 2 };

// Checkpoint and parking place of one stream in one handler. revision 0: the handler knows nothing of it yet.
struct StreamRow {
    StreamId stream;
    Revision revision;
    StreamState state = StreamState::live;
    Revision seen;  // highest revision delivered while parked
    int attempts = 0;
    std::optional<Timestamp> next_attempt_at;
    std::string last_error;
    bool operator==(const StreamRow&) const = default;
};

// Compare-and-set: `after` is written only where (revision, state, seen) are still `before`'s, and of a parked
// stream next_attempt_at. A note that a live stream got meanwhile disturbs nobody: it is kept (note_kept).
struct StreamUpdate {
    StreamRow before;
    StreamRow after;
};

inline bool note_kept(const StreamRow& before, const StreamRow& after) {
    return before.state == StreamState::live && after.state == StreamState::live && !before.next_attempt_at;
}

// Coalesced changes of one table, sorted by key, each key once in each list and in only one of them.
struct TableWrites {
    std::uint32_t table = 0;
    std::vector<Row> upserts;  // owned: whole rows
    struct Patch {
        std::vector<Value> key;
        std::vector<Cell> cells;  // sorted by column
    };
    std::vector<Patch> patches;               // owned
    std::vector<std::vector<Value>> removes;  // owned: keys
    struct Merge {
        std::vector<Value> key;
        std::vector<Cell> cells;  // already merged over the batch, sorted by column
        Position newest;          // of the newest columns, 0: none given
    };
    std::vector<Merge> merges;  // shared
};

struct FailedAttempt {
    StreamId stream;
    Revision revision;
    EventId event;
    int attempt = 1;
    std::string outcome;  // "retry", "rejected", "exception"
    std::string error;
};

// What the batch believes of the world; checked under the handler's barrier before anything is written.
struct Entry {
    Generation generation;
    std::vector<std::pair<Partition, Epoch>> leases;
};

struct Flush {
    Entry entry;
    std::vector<TableWrites> tables;
    std::vector<StreamUpdate> streams;  // sorted by stream
    std::vector<FailedAttempt> attempts;
};

enum class Flushed {
    committed,
    conflict,     // a stream row was not as believed: read rows again, redo
    fenced,       // a lease is no longer ours
    regenerated,  // the handler's tables were swapped: drop caches, read the generation again
};

struct TableKey {
    std::uint32_t table = 0;
    std::vector<Value> key;
    bool operator==(const TableKey&) const = default;
};

class ReadModel {
public:
    virtual ~ReadModel() = default;

    virtual Generation generation() = 0;
    virtual std::vector<StreamRow> rows(std::span<const StreamId> streams) = 0;        // only those that exist
    virtual std::vector<std::optional<Row>> find(std::span<const TableKey> keys) = 0;  // in the order asked
    virtual Flushed flush(const Flush& flush) = 0;
    // Parked as retrying, due by now, in these partitions.
    virtual std::vector<StreamRow> due(std::span<const Partition> partitions, int partitions_total, Timestamp now,
                                       std::size_t limit) = 0;
    virtual void reconnect() = 0;
};

// ---- side effects -------------------------------------------------------------------------------------------

enum class EffectState { pending, done, skipped, failed, held, suppressed, asked };

struct Effect {
    EventId event;
    StreamId stream;
    Revision revision;
    Uuid key;  // idempotency key
    EffectState state = EffectState::pending;
    Epoch epoch;
    int attempt = 1;
    std::string note;
    std::int64_t run = 0;  // 0: of delivery; else of the run over history that an operator asked for
    std::optional<Timestamp> next_attempt_at{};  // of an asked one: not before
};

// An act that an operator asked for again, beside delivery. Its effect is asked, or pending: interrupted.
struct AskedEffect {
    Event event;
    Effect effect;
};

// One transaction of the side-effect protocol: the outcome of the last, its stream row, and the next pending.
struct EffectStep {
    Entry entry;
    std::optional<Effect> finished;
    std::vector<StreamUpdate> streams;
    std::vector<FailedAttempt> attempts;
    std::optional<Effect> next;
};

class Ledger {
public:
    virtual ~Ledger() = default;

    virtual std::optional<Effect> find(EventId event) = 0;  // of delivery
    // Of each stream in these partitions the first that is asked for and not settled, if it is due.
    virtual std::vector<AskedEffect> asked(std::span<const Partition> partitions, int partitions_total,
                                           Timestamp now, std::size_t limit) = 0;
    // Where a run's effect failed for good or is held, what the run asks of its stream behind it is suppressed.
    virtual Flushed commit(const EffectStep& step) = 0;
};

// ---- plugin -------------------------------------------------------------------------------------------------

// Where a projection records; implemented by the worker.
class Recorder {
public:
    virtual ~Recorder() = default;

    // Nothing, or why the change is refused.
    virtual std::optional<std::string> record(Change change) = 0;
    // The row under the batch's earlier changes; nullptr: no such row. Throws Fault.
    virtual const Row* find(std::uint32_t table, const std::vector<Value>& key) = 0;
};

// An object of a projection; made anew after a batch that did not commit.
class Projection {
public:
    virtual ~Projection() = default;

    virtual std::vector<TableKey> keys(const Event& event) = 0;
    virtual Outcome handle(const Event& event, Recorder& recorder) = 0;
};

struct Attempt {
    int number = 1;
    Timestamp deadline;
    Uuid idempotency_key;
};

class SideEffect {
public:
    virtual ~SideEffect() = default;

    virtual Outcome act(const Event& event, const Attempt& attempt) = 0;
};

// Brings data to the version that the plugin declared. Nothing, or why it cannot be given: the event waits.
class Upcasts {
public:
    virtual ~Upcasts() = default;

    virtual std::optional<std::string> upcast(Event& event) = 0;
};

// ---- crashes ------------------------------------------------------------------------------------------------

// An event that workers with this build of the plugin died of, or were ended for.
struct Suspect {
    EventId event;
    int crashes = 0;
    std::string cause;      // of the last
    std::string backtrace;  // of the last
};

struct Suspicion {
    std::vector<Suspect> events;
    // A worker with this build died, and nobody knows of which event: for so long any may be it.
    Milliseconds all{0};
};

class Crashes {
public:
    virtual ~Crashes() = default;

    // What is held against events by now; an operator may have forgiven them.
    virtual Suspicion suspicion() = 0;
};

// ---- what others watch --------------------------------------------------------------------------------------

// Written before and after each plugin call, read by the host when the worker died (flight recorder), and
// counted for metrics.
class Watch {
public:
    virtual ~Watch() = default;

    virtual void calling(const Event& event, int attempt) = 0;
    virtual void returned() = 0;
    // What is carried out between these two is of one event, and charged to it as if it were its call.
    virtual void alone() {}
    virtual void in_company() {}
    virtual void applied(std::size_t events, std::size_t duplicates, std::size_t filled) = 0;
    virtual void parked(const Event& event, const StreamRow& row, const std::string& error) = 0;
    virtual void malformed(const std::string& why) = 0;  // a message that is no event of ours was dropped
    virtual void waiting(const std::string& why) = 0;    // empty: no longer waiting
};

}  // namespace lantern::worker
