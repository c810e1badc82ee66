// Parked streams of all handlers, as operators see them and act on them: lantern parked. One thread. Connects again
// by itself at the next call after its connection was lost.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/postgres/connection.hpp"

namespace lantern::postgres {

// All that is given must hold.
struct ParkedSelection {
    std::optional<HandlerName> handler{};
    std::optional<StreamId> stream{};
    std::optional<std::string> fingerprint{};
    std::optional<Milliseconds> older_than{};  // since the failing event failed first
};

struct ParkedStream {
    HandlerName handler;
    StreamId stream;
    std::string aggregate_type, aggregate_id;
    Revision revision;                // checkpoint
    std::optional<Revision> failing;  // nothing: none behind the checkpoint is wanted any more, or was tried yet
    Uuid event;                       // the failing one
    std::string event_type;
    std::string state;  // retrying, dead
    Revision seen;
    int attempts = 0;
    std::optional<Timestamp> next_attempt_at, since;
    std::string error, fingerprint;

    std::string name() const;  // "user/<id>"
    bool can_be_skipped() const { return failing || state == "dead"; }
};

// Streams that failed alike.
struct ParkedGroup {
    HandlerName handler;
    std::string state, fingerprint;
    std::string pattern;  // the error without ids, numbers and quoted text
    std::int64_t count = 0;
    std::optional<Timestamp> since, next_attempt_at;  // the earliest
    std::string stream, error;                        // one of them, for example
};

struct KeptAttempt {
    Timestamp at;
    Revision revision;
    int attempt = 0;
    std::string outcome, error, plugin_build;
};

enum class ParkedAction { retry, skip };

// Goes to the admin log with what was done.
struct Motive {
    std::string who;
    std::string reason;     // a skip needs one
    std::string selection;  // JSON: what was asked for
};

class Parked {
public:
    explicit Parked(const std::string& url);

    // "user/<id>"; nothing: there is no such stream.
    std::optional<StreamId> find(const std::string& name);

    std::vector<ParkedGroup> groups(const ParkedSelection& selection);
    // By handler and stream; all of them without a limit.
    std::vector<ParkedStream> streams(const ParkedSelection& selection, std::optional<std::int64_t> limit = {});
    std::vector<KeptAttempt> attempts(const HandlerName& handler, StreamId stream, std::int64_t limit);

    // Of one handler, in one transaction; leaves alone what is no longer parked at its checkpoint. Returns how many
    // it was done to. Safe to repeat.
    std::int64_t act(ParkedAction action, std::span<const ParkedStream> streams, const Motive& motive);

private:
    Connection connection_;
};

}  // namespace lantern::postgres
