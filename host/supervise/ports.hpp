// Where the supervisor's processes come from, and what is learnt from how they end.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "host/core/identifiers.hpp"
#include "host/core/result.hpp"
#include "host/supervise/members.hpp"

namespace lantern::supervise {

// What a thread of a member was doing for a plugin, as its flight recorder shows it.
struct Call {
    enum class Phase {
        outside,  // no plugin code runs; the rest tells of the call before
        inside,
        after,  // the plugin returned, and what follows is still charged to the event: it is carried out alone
    };

    Phase phase = Phase::outside;
    std::size_t slot = 0;
    std::uint64_t number = 0;    // of the slot's calls: tells one from the next; 0: none was made
    std::string subject, build;  // handler, or aggregate type; hash of the plugin
    std::string command;         // of an api process
    EventId event;               // of a worker, as the rest; all zero: of none
    StreamId stream;
    Revision revision;
    Position position;
    int attempt = 0;
    int thread = 0;
    std::chrono::milliseconds time_limit{0};  // of a call; 0: none
    std::size_t memory_bytes = 0;             // of the process; 0: none
    std::chrono::steady_clock::time_point since{};
};

// Why the host ended a member that did not want to end.
struct Sentence {
    enum class Offence { overran, memory } offence = Offence::overran;
    std::size_t slot = 0;      // overran: whose call
    std::uint64_t number = 0;  // overran: which call
    std::string text;          // "overran its time limit of 30 s"
};

struct Death {
    Member member;
    int pid = 0;
    std::string how;     // "exit code 3", "signal 9 (Killed)"
    int signal = 0;      // 0: it exited
    bool clean = false;  // with 0
    std::optional<Sentence> sentence{};
    std::vector<Call> calls{};  // of its threads, when it ended
    int ending_thread = 0;      // whose fault or exit() ended it; 0: not known
    std::string backtrace{};    // of that thread
};

// A death that is charged to a plugin's build: to the event or command that it was called for, if that is known.
struct Crash {
    Role role = Role::worker;
    std::string subject, build;
    std::optional<EventId> event;
    StreamId stream;
    Revision revision;
    Position position;
    int attempt = 0;
    std::string command;
    std::string cause;  // "signal 11 (Segmentation fault)"
    std::string backtrace;
    bool operator==(const Crash&) const = default;
};

// A build that a handler has run.
struct KnownBuild {
    HandlerName handler;
    std::string build, plugin, plugin_version;
    int schema_version = 1;
    std::string declaration_hash;
    bool quarantined = false;
    std::string why;  // quarantined
};

class Spawner {
public:
    virtual ~Spawner() = default;

    // The pid, or why it could not be started.
    virtual Result<int> start(const Member& member) = 0;
    // Those that ended since the last call.
    virtual std::vector<Death> deaths() = 0;
    // It runs, and has all that it works with: its object made, its servers connected.
    virtual bool ready(const Member& member) = 0;
    virtual void ask_to_stop(const Member& member) = 0;
    virtual void kill(const Member& member) = 0;
};

// Who wants to know. Called within Supervisor::tick.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void started(const Member& member, int pid) = 0;
    // `again_in`: until it is started again; nothing when it ended because it was asked to, or its job has ended.
    virtual void ended(const Death& death, std::optional<std::chrono::milliseconds> again_in) = 0;
    virtual void not_started(const Member& member, const std::string& why, std::chrono::milliseconds again_in) = 0;
    // The member is ready, and who stood in for it is asked to stop.
    virtual void took_over(const Member& member) = 0;
};

}  // namespace lantern::supervise
