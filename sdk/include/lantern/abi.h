/* The contract between Lantern and a plugin. C11, no library behind it, any language can implement it.
 *
 * A plugin is a shared library that exports exactly one symbol: the constant `lantern_plugin`. The host reads
 * its size and version before it calls anything, then calls describe(), checks the description, and only then
 * creates objects. The C++ layer over this header is <lantern/plugin.hpp>.
 *
 * Rules that hold for every function here:
 *  - Every struct begins with `size`, the number of bytes its writer knew. Structs only grow at their end; a
 *    reader treats what lies behind `size` as absent. Nothing is ever reordered or removed within a major version.
 *  - The major version must be equal. A plugin built for a newer minor version than the host's is refused; one
 *    built for an older minor is served, and never sees what came later.
 *  - Strings are pointer and length, UTF-8, not terminated. What the host passes is valid until the call
 *    returns; what a plugin returns is valid until its next call on the same thread, except where noted.
 *  - Nothing throws or long-jumps across this border. Whoever allocates frees.
 *  - Times are microseconds since 1970-01-01T00:00:00Z. Integers are signed 64 bit unless noted.
 */
#ifndef LANTERN_ABI_H
#define LANTERN_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LANTERN_ABI_MAJOR 1u
#define LANTERN_ABI_MINOR 3u

typedef struct lantern_str {
    const char* data;
    uint64_t size; /* bytes */
} lantern_str;

/* Takes text from a plugin; may be called any number of times, the pieces are joined. */
typedef struct lantern_sink {
    uint64_t size;
    void* context;
    void (*write)(void* context, lantern_str text);
} lantern_sink;

/* Services of the host. Valid as long as the plugin is loaded. */
typedef struct lantern_host {
    uint64_t size;
    uint32_t abi_major, abi_minor;
    void* context;
    /* Extra power by name, for example "lantern.log/1" -> lantern_log_v1. NULL when unknown.  [any thread] */
    const void* (*service)(void* context, lantern_str id);
} lantern_host;

/* "lantern.log/1": structured log lines; the host adds handler, event id and attempt.  [any thread] */
typedef enum lantern_level {
    LANTERN_DEBUG = 0,
    LANTERN_INFO = 1,
    LANTERN_WARN = 2,
    LANTERN_ERROR = 3
} lantern_level;
typedef struct lantern_log_v1 {
    uint64_t size;
    void* context;
    void (*write)(void* context, int32_t level, lantern_str message);
} lantern_log_v1;

/* "lantern.deadline/1": how long the call in hand may still take. A call that sees itself past its deadline returns
 * retry; one that does not is ended with its worker some time after, and the event is charged. */
typedef struct lantern_deadline_v1 {
    uint64_t size;
    void* context;
    /* Microseconds; negative past the deadline; INT64_MAX where there is none.  [worker thread, inside a call] */
    int64_t (*left_us)(void* context);
} lantern_deadline_v1;

/* One immutable fact. `data` is JSON of `schema_version`, the highest one the plugin declared (or "null" when
 * the event was stored without data); `metadata` is a JSON object: actor, correlation_id, causation_id,
 * traceparent, source. */
typedef struct lantern_event {
    uint64_t size;
    int64_t stream_id, revision, position;
    int64_t recorded_at_us;
    int64_t schema_version;
    lantern_str id; /* UUID, 36 characters, lower case */
    lantern_str aggregate_type, aggregate_id, type;
    lantern_str data, metadata;
} lantern_event;

/* ---- values and rows -------------------------------------------------------------------------------------- */

typedef enum lantern_type {
    LANTERN_NULL = 0,
    LANTERN_BOOL = 1,    /* boolean           integer 0 or 1 */
    LANTERN_INTEGER = 2, /* bigint            integer */
    LANTERN_DOUBLE = 3,  /* double precision  real */
    LANTERN_TEXT = 4,    /* text              text; no zero bytes */
    LANTERN_TIME = 5,    /* timestamptz       integer, microseconds */
    LANTERN_UUID = 6,    /* uuid              text, 36 characters */
    LANTERN_JSON = 7,    /* jsonb             text */
    LANTERN_DATE = 8     /* date              integer, days since 1970-01-01 */
} lantern_type;

typedef struct lantern_value {
    int32_t type; /* lantern_type */
    int32_t reserved;
    union {
        int64_t integer;
        double real;
        lantern_str text;
    } as;
} lantern_value;

typedef struct lantern_cell {
    uint32_t column; /* index into the table's declared columns */
    uint32_t reserved;
    lantern_value value;
} lantern_cell;

typedef enum lantern_verb {
    LANTERN_UPSERT = 1,    /* owned: the whole row; columns not given become null */
    LANTERN_PATCH = 2,     /* owned: given columns of the row, if it exists */
    LANTERN_REMOVE = 3,    /* owned: the row, if it exists */
    LANTERN_ADD = 4,       /* shared: column += value, from 0 */
    LANTERN_LEAST = 5,     /* shared: column = least(column, value) */
    LANTERN_GREATEST = 6,  /* shared: column = greatest(column, value) */
    LANTERN_PUT_NEWEST = 7 /* shared: all columns declared newest, kept from the event with the highest position */
} lantern_verb;

/* Records changes for the event in hand. Nothing is written before the batch's transaction; the changes of an
 * event that fails are dropped.  [worker thread, inside handle] */
typedef struct lantern_recorder {
    uint64_t size;
    void* context;
    /* Returns 0, or non-zero when the change is refused (undeclared table or column, wrong verb or type, key not
     * of this aggregate); the event then fails with the host's message whatever handle returns. */
    int32_t (*record)(void* context, uint32_t table, int32_t verb, const lantern_value* key, uint32_t key_count,
                      const lantern_cell* cells, uint32_t cell_count);
    /* Row by full key as the database is under this batch's earlier changes; owned tables only. On 1 (found)
     * `row` holds all columns in declared order, valid until the next call of find or return; 0: no such row;
     * negative: refused or unavailable, return at once. */
    int32_t (*find)(void* context, uint32_t table, const lantern_value* key, uint32_t key_count,
                    const lantern_value** row);
} lantern_recorder;

/* Names the keys that the event will `find`, so that a batch reads them with one statement. */
typedef struct lantern_keys {
    uint64_t size;
    void* context;
    void (*want)(void* context, uint32_t table, const lantern_value* key, uint32_t key_count);
} lantern_keys;

/* ---- rows looked through ------------------------------------------------------------------------------------ */

/* Rows of one table, one behind the other, each with all columns in declared order. */
typedef struct lantern_rows {
    const lantern_value* values;
    uint64_t count; /* rows */
} lantern_rows;

/* How far a stream is applied: the tables hold what its routed events up to `revision` made of them. */
typedef struct lantern_checkpoint {
    lantern_str aggregate_type;
    int64_t revision; /* 0: nothing yet */
} lantern_checkpoint;

/* Since 1.3. What the owned tables hold for one aggregate id, as of one moment. Streams of different types may have
 * one id; their rows then lie together. Without any stream they are rows that no event has made. */
typedef struct lantern_owned_rows {
    uint64_t size;
    lantern_str aggregate_id;
    const lantern_checkpoint* streams;
    uint64_t stream_count;
    const lantern_rows* tables; /* by declared table, each sorted by its key; of shared tables none */
    uint64_t table_count;
} lantern_owned_rows;

/* Since 1.3. Takes what is wrong with a row, or with one that should be there, by its full key.
 * [the thread of check, inside it] */
typedef struct lantern_findings {
    uint64_t size;
    void* context;
    void (*report)(void* context, uint32_t table, const lantern_value* key, uint32_t key_count, lantern_str found,
                   lantern_str expected);
} lantern_findings;

/* ---- outcomes --------------------------------------------------------------------------------------------- */

typedef enum lantern_outcome_kind {
    LANTERN_APPLIED = 0,
    LANTERN_SKIPPED = 1,    /* nothing to do, with reason */
    LANTERN_RETRY = 2,      /* may succeed later: the stream is parked as retrying */
    LANTERN_REJECTED = 3,   /* will never succeed: the stream is parked as dead */
    LANTERN_UNAVAILABLE = 4 /* a dependency is away: no attempt is counted */
} lantern_outcome_kind;

typedef struct lantern_outcome {
    uint64_t size;
    int32_t kind; /* lantern_outcome_kind */
    int32_t reserved;
    int64_t after_us;       /* RETRY, UNAVAILABLE: not before this delay; 0 = as configured */
    lantern_str reason;     /* all but APPLIED */
    lantern_str dependency; /* UNAVAILABLE: its name */
} lantern_outcome;

/* What a side effect is told beyond the event. */
typedef struct lantern_attempt {
    uint64_t size;
    int64_t number;      /* 1, 2, 3 ... */
    int64_t deadline_us; /* soft: return retry when past it; the worker is ended some time after */
    lantern_str handler;
    lantern_str idempotency_key; /* UUID; the same over all attempts for (handler, event) */
} lantern_attempt;

/* ---- aggregates ------------------------------------------------------------------------------------------- */

typedef struct lantern_command {
    uint64_t size;
    lantern_str name;
    lantern_str aggregate_id;
    lantern_str data;    /* JSON object, the request's body */
    lantern_str context; /* JSON object: time_us, actor {id, name, scopes[]}, ids [uuid, ...] fresh ones,
                            correlation_id, settings {...}, answers {name: value} of what was asked for */
} lantern_command;

typedef enum lantern_rejection {
    LANTERN_INVALID = 1,      /* a field is malformed: 422, with field */
    LANTERN_UNAUTHORIZED = 2, /* 401 */
    LANTERN_FORBIDDEN = 3,    /* 403 */
    LANTERN_NOT_FOUND = 4,    /* 404 */
    LANTERN_CONFLICT = 5,     /* 409 */
    LANTERN_RULE = 6          /* a rule of the domain: 422 */
} lantern_rejection;

/* What decide answers, by calling. At least one of emit, reject, ask, or nothing ("no change needed").
 * Rejections may be several (one per field); any rejection discards emitted events. If anything is asked for
 * and nothing rejected, the host gets the answers and calls decide again with them in context.answers. */
typedef struct lantern_decision {
    uint64_t size;
    void* context;
    void (*emit)(void* context, lantern_str type, int64_t schema_version, lantern_str data);
    void (*reject)(void* context, int32_t rejection, lantern_str rule, lantern_str field, lantern_str message);
    /* service "password.hash": argument {"password": ...} -> {"hash": ..., "method": ...};
     * "password.verify": {"password": ..., "hash": ...} -> true | false. Answered under `name`. */
    void (*ask)(void* context, lantern_str name, lantern_str service, lantern_str argument);
    /* Since 1.1. Moves a counter that all streams share by `delta`, in the transaction that appends the emitted
     * events. If it would then be below `minimum`, nothing is appended and the command is rejected as LANTERN_RULE
     * with this rule and message. Counters begin at 0; each may be moved once in a decision. */
    void (*count)(void* context, lantern_str name, int64_t delta, int64_t minimum, lantern_str rule,
                  lantern_str message);
} lantern_decision;

/* Unique keys that a state holds; the host reserves and releases the difference in the append transaction. */
typedef struct lantern_unique_keys {
    uint64_t size;
    void* context;
    void (*hold)(void* context, lantern_str scope, lantern_str key);
} lantern_unique_keys;

/* What a state contributes to the counters that all streams share, e.g. 1 to "administrators". */
typedef struct lantern_counts {
    uint64_t size;
    void* context;
    void (*add)(void* context, lantern_str counter, int64_t amount);
} lantern_counts;

/* ---- the plugin ------------------------------------------------------------------------------------------- */

typedef struct lantern_aggregate {
    uint64_t size;
    /* A state before any event. The caller owns it and ends it with state_free.  [any thread] */
    void* (*state_new)(void);
    void (*state_free)(void* state);
    /* Folds one event. 0 = done; other: `error` says why (the stream cannot be loaded).  [any thread] */
    int32_t (*evolve)(void* state, const lantern_event* event, const lantern_sink* error);
    /* Pure. 0 = decided, other: defect, `error` says which.  [any thread] */
    int32_t (*decide)(const void* state, const lantern_command* command, const lantern_decision* decision,
                      const lantern_sink* error);
    int32_t (*unique_keys)(const void* state, const lantern_unique_keys* keys, const lantern_sink* error);
    /* State as a JSON object for snapshots and for showing it; state_load is its inverse, non-zero when the text
     * is not of this build's state (the snapshot is then ignored).  [any thread] */
    int32_t (*state_save)(const void* state, const lantern_sink* json);
    int32_t (*state_load)(void* state, lantern_str json);
    /* Since 1.1; may be NULL: as typed. The key that a state would hold in `scope` for what a person typed, for
     * instance without case, so that the host finds the stream that holds it. 0 = done.  [any thread] */
    int32_t (*lookup_key)(lantern_str scope, lantern_str typed, const lantern_sink* key);
    /* Since 1.2; may be NULL: nothing. Counters follow what decide counts; events that came without a decision,
     * from an import or another producer, move them by the difference of this. So between the state before a
     * decision and the one after it, this differs by what the decision counted.  [any thread] */
    int32_t (*counts)(const void* state, const lantern_counts* counts, const lantern_sink* error);
} lantern_aggregate;

typedef struct lantern_schema {
    uint64_t size;
    /* data of `version` -> data of version + 1. 0 = done.  [any thread] */
    int32_t (*upcast)(lantern_str type, int64_t version, lantern_str data, const lantern_sink* next,
                      const lantern_sink* error);
} lantern_schema;

typedef struct lantern_projection {
    uint64_t size;
    /* May be NULL.  [worker thread, inside a batch] */
    void (*keys)(void* object, const lantern_event* event, const lantern_keys* keys);
    void (*handle)(void* object, const lantern_event* event, const lantern_recorder* recorder,
                   lantern_outcome* outcome); /* [worker thread, inside a batch] */
    /* Since 1.3; may be NULL: nothing to look for. Reports rows that are not as handle left them, for tables that
     * can show it by themselves, such as a chain of hashes. 0 = looked through; other: it could not be, `error`
     * says why. [one thread, of an object that handles nothing meanwhile] */
    int32_t (*check)(void* object, const lantern_owned_rows* rows, const lantern_findings* findings,
                     const lantern_sink* error);
} lantern_projection;

typedef struct lantern_side_effect {
    uint64_t size;
    void (*act)(void* object, const lantern_event* event, const lantern_attempt* attempt,
                lantern_outcome* outcome); /* [worker thread] */
} lantern_side_effect;

typedef enum lantern_kind {
    LANTERN_KIND_AGGREGATE = 1,
    LANTERN_KIND_SCHEMA = 2,
    LANTERN_KIND_PROJECTION = 3,
    LANTERN_KIND_SIDE_EFFECT = 4
} lantern_kind;

typedef struct lantern_plugin_v1 {
    uint64_t size;
    uint32_t abi_major, abi_minor;
    int32_t kind; /* lantern_kind */
    int32_t reserved;
    /* The description, one JSON object (docs/descriptor.md):
     *   name, version, kind, events {type: highest schema version}, settings (JSON Schema);
     *   aggregate: aggregate_type, state_version, commands [name], secret_state [field];
     *   schema: upcasts [{type, from}];
     *   projection: schema_version, tables [{name, ownership, key, columns [{name, type, merge?}], indexes}];
     *   side_effect: replayable.
     * Static text, valid while loaded.  [any thread, first call] */
    lantern_str (*describe)(void);
    /* Projection and side effect: an object with its settings (JSON object). 0 and *object, or non-zero with the
     * reason in `error`. NULL for aggregate and schema.  [worker thread, before start] */
    int32_t (*create)(const lantern_host* host, lantern_str settings, void** object, const lantern_sink* error);
    void (*destroy)(void* object); /* [worker thread] */
    /* Exactly the one of the kind is set. */
    const lantern_aggregate* aggregate;
    const lantern_schema* schema;
    const lantern_projection* projection;
    const lantern_side_effect* side_effect;
} lantern_plugin_v1;

#if defined(__GNUC__)
#define LANTERN_EXPORT __attribute__((visibility("default")))
#else
#define LANTERN_EXPORT
#endif

extern LANTERN_EXPORT const lantern_plugin_v1 lantern_plugin;

#ifdef __cplusplus
}
#endif

#endif
