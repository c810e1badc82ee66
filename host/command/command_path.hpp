// The way of one command: load → decide → append, as DESIGN.md §4 draws it.
//
// A command is decided by a pure aggregate on the state of its stream, and what it decides is appended only if the
// stream is still at that state's revision; if another append came between, it is decided anew. A state from the
// cache is good for that alone: a rejection, an unmet If-Match or "nothing to do" is answered only from a state
// that was read for it.
//
// Work that takes long (hashing) is asked for by the aggregate and done elsewhere: `proceed` then returns the asks,
// and goes on when called again with their answers.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "host/command/folding.hpp"
#include "host/command/ports.hpp"
#include "host/command/problem.hpp"
#include "host/command/request.hpp"
#include "host/command/stream_cache.hpp"
#include "host/core/clock.hpp"

namespace lantern::command {

// What an api process has loaded for an aggregate type: the plugin, and the upcasts towards what it understands.
// Shared, since the plugin's library is shared by all that was made from it.
struct LoadedAggregate {
    std::shared_ptr<const Aggregate> aggregate;
    std::shared_ptr<const Upcasts> upcasts;
    std::string settings = "{}";  // JSON object, told with each command
};

// By aggregate type. Constant after start, so any thread may look.
using Aggregates = std::map<std::string, LoadedAggregate>;

// One command between its steps. May move from thread to thread, but is in one's hands at a time.
struct Handling {
    CommandRequest request;

    // Kept by CommandPath.
    std::string aggregate_id;
    std::string request_mac;
    boost::json::object answers;  // of what was asked for, given for the state at `asked_at`
    Revision asked_at;
    int rounds = 0;   // of asking
    int repeats = 0;  // decided anew
    bool key_looked_up = false;
    bool cache_distrusted = false;
};

class CommandPath {
public:
    // What the threads of a process share. All of it outlives the path.
    struct World {
        const Aggregates& aggregates;
        StreamCache& cache;
        Heads& heads;
        const RequestMac& request_mac;
        Clock& clock;
        Calls* calls = nullptr;  // nullptr: nobody watches
    };

    // One for each thread, since store and random source are the thread's own.
    CommandPath(const World& world, Store& store, Random& random) : world_(world), store_(store), random_(random) {}

    using Step = std::variant<Answer, std::vector<Ask>>;
    // Goes as far as it can without waiting for a service. Throws Fault; nothing is known then of a command whose
    // fault is in doubt, and nothing was done otherwise.
    Step proceed(Handling& handling);

    // What was decided, and has yet to be appended.
    struct Proposal {
        Append append;
        Answer answer;                     // once it is
        std::optional<Snapshot> before{};  // the state that it was decided on; nothing: there was none
        bool on_cached_state = false;
    };
    using Turn = std::variant<Answer, std::vector<Ask>, Proposal>;
    // The two halves of `proceed`, for those who append in groups: decide, append what is proposed, conclude.
    Turn decide(Handling& handling);
    // Nothing: another append came between, decide anew.
    std::optional<Answer> conclude(Handling& handling, Proposal proposal, const AppendOutcome& outcome);

    // The answers to what was asked for under these names; then call `proceed` again.
    static void give(Handling& handling, const std::vector<std::string>& names,
                     const std::vector<std::string>& answers);

    struct Shown {
        Revision revision;
        std::optional<Timestamp> recorded_at;  // of that revision, when it was read
        std::string state;                     // JSON object
    };
    enum class Secrets { left_out, included };
    // The state as it was; nothing: there was no such stream then. Result error: a defect, for the log.
    Result<std::optional<Shown>> state_at(const std::string& aggregate_type, const std::string& aggregate_id,
                                          const Range& range, Secrets secrets = Secrets::left_out);

private:
    struct Basis;  // the state that a decision rests on

    std::optional<Answer> find_aggregate(const LoadedAggregate& plugin, Handling& handling);
    std::optional<Answer> first_answer(Handling& handling);
    std::optional<Turn> decide_once(const LoadedAggregate& plugin, Handling& handling);
    Result<Basis> basis_of(const LoadedAggregate& plugin, const Handling& handling);
    bool catch_up(const LoadedAggregate& plugin, const std::string& aggregate_id, const LoadedStream& cached,
                  LoadedStream& stream);
    Command command_of(const LoadedAggregate& plugin, const Handling& handling);
    Result<Append> append_of(const Handling& handling, Basis& basis, Decided decided);
    Turn propose(const Handling& handling, Basis& basis, Decided decided);
    std::optional<Answer> refused(Handling& handling, const Proposal& proposal, const AppendRefusal& refusal);
    Answer settle(const Handling& handling, Answer answer);
    void remember(Proposal&& proposal, const Appended& appended);
    Uuid fresh_id();

    World world_;
    Store& store_;
    Random& random_;
};

}  // namespace lantern::command
