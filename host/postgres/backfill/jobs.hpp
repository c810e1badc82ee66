// Jobs of backfill as rows: who asked for what, how far it has come, and who works on which share of it.
// One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/core/mark.hpp"
#include "host/core/result.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

struct Job {
    std::int64_t id = 0;
    HandlerName handler;
    std::string kind;               // rebuild, rollback
    std::string state;              // running, paused, done, failed, cancelled
    std::string phase;              // plan, load, keys, rest, catch_up, verify, swap, kept
    std::string schema;             // being built, or kept
    std::string request, progress;  // JSON objects
    std::string reason, requested_by;
    std::string plugin;        // of the handler
    std::string plugin_build;  // that folds, on every host; empty: whatever is in the plugin directory
    std::string slowed;        // why its processes work slower than they could; empty: they don't
    std::string folded_with;   // routes and settings; empty: nothing is folded yet
    std::optional<Mark> mark;  // everything up to here is applied or parked in `schema`
    std::int64_t max_rate = 0;
    Timestamp created_at;
    std::optional<Timestamp> ended_at;
    // Over its slots.
    std::int64_t events = 0, events_total = 0, parked = 0, slots = 0, slots_done = 0, processes = 0;
    bool worked_on = false;                  // within the time after which a heartbeat is old
    std::int64_t hosts = 0, hosts_able = 0;  // that work on jobs now; of them, those that have the build

    bool running() const { return state == "running"; }
    bool ended() const { return ended_at.has_value(); }
};

struct SlotLease {
    std::int64_t job = 0;
    int slot = 0;
    Epoch epoch;
    StreamId after, until;
    int lost = 0;  // processes that ended while they held it
};

class Jobs {
public:
    explicit Jobs(const std::string& url);

    struct Request {
        HandlerName handler;
        std::string kind, request, who;
        std::int64_t max_rate = 0;
        std::string plugin_build;
    };
    // Error: the number of the one that is running for this handler.
    Result<std::int64_t, std::int64_t> start(const Request& request);
    std::optional<Job> find(std::int64_t job);
    std::vector<Job> list(std::size_t limit);  // newest first
    std::vector<Job> open();                   // those that have not ended, for whoever looks for work
    // Those that a job folds with, or may: of the handlers, and of the models kept for a rollback.
    std::vector<std::string> builds();
    // The newest that folded with this build, whatever became of it.
    std::optional<Job> of_build(const HandlerName& handler, const std::string& build);

    enum class Action { pause, resume, cancel, throttle };
    // The state before; nothing: no such job. Only a running, paused or failed one is changed. Fault of kind
    // configuration: another one of its handler is running.
    std::optional<std::string> act(std::int64_t job, Action action, std::int64_t rate, const std::string& who);

    // ---- for the processes of a job
    void plan(std::int64_t job, std::int64_t events_per_slot);
    enum class Share { history, steps };
    std::optional<SlotLease> lease(std::int64_t job, const WorkerId& worker, Share share);
    void release(const WorkerId& worker);
    // The supervisor saw the process end while it held something: that is free at once.
    void lost(const WorkerId& worker);
    void slowed(std::int64_t job, const std::string& why);  // empty: no longer
    void fail(std::int64_t job, const std::string& why);    // whatever its state, unless it has ended
    // Each of these is written only by the holder of the steps; false: that is another by now.
    bool enter(const SlotLease& steps, const std::string& phase);
    // From here on the schema is this job's: one that ended and bore it before neither drops nor resumes it.
    struct Ground {
        std::string schema;
        Mark mark;
        std::string folded_with;
    };
    bool claim(const SlotLease& steps, const Ground& ground);
    // What was folded is given up, `why` is its reason until it ends.
    bool begin_anew(const SlotLease& steps, const std::string& why);
    bool reached(const SlotLease& steps, const Mark& mark);
    bool note(const SlotLease& steps, const std::string& progress);
    bool end(const SlotLease& steps, const std::string& state, const std::string& reason);

private:
    std::vector<Job> listed(std::size_t limit, const char* only_open);
    bool written(const std::string& assignments, const SlotLease& steps, Params params);

    Connection connection_;
};

}  // namespace lantern::postgres
