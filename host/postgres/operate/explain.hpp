// Where a stream, or one event of it, stands in each handler: lantern explain. One thread. Connects again by itself
// at the next call after its connection was lost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/postgres/connection.hpp"

namespace lantern::postgres {

// An event and its stream.
struct ExplainedEvent {
    StreamId stream;
    std::string aggregate_type, aggregate_id;
    Revision head;
    Revision revision;
    Position position;
    EventId id;
    std::string type;
    int schema_version = 1;
    Timestamp recorded_at;
    bool published = false;  // the relay has confirmed it
    std::string data;
};

// Who holds the stream's partition.
struct ExplainedWorker {
    std::string host;
    int pid = 0;
    std::string plugin_build, note;  // note: what it waits for; empty: for nothing
    Milliseconds seen{0};            // since its heartbeat
    bool alive = false;
};

// The words of verdict and route are described in sql/functions/explain.sql.
struct Explained {
    HandlerName handler;
    std::string verdict, route;
    std::optional<Position> route_begin, route_end;  // when not routed: of the nearest interval
    Revision checkpoint;
    int attempts = 0;  // of the failing event
    std::optional<Timestamp> next_attempt_at;
    std::string error;
    std::int64_t waiting = 0;  // routed events of the stream behind the checkpoint
    std::optional<Timestamp> oldest_waiting, failed_since;
    struct First {  // of these
        Revision revision;
        EventId id;
        std::string type;
    };
    std::optional<First> first;
    struct Effect {
        std::string state;
        int attempt = 0;
        std::string note;
    };
    std::optional<Effect> effect;  // the ledger's row of the event; of the first waiting one for a stream

    std::string kind, plugin, plugin_version;
    Generation generation;
    std::string state, state_reason;  // of the handler
    Timestamp state_since;
    Partition partition;
    bool fed = false;  // false: the partition is still fed from the store
    std::optional<ExplainedWorker> worker;
};

// By name. Without a revision: the stream as a whole.
std::optional<ExplainedEvent> explained_event(Connection& connection, EventId id);
std::vector<Explained> explained_handlers(Connection& connection, StreamId stream,
                                          std::optional<Revision> revision);

class Explain {
public:
    explicit Explain(const std::string& url);

    std::optional<ExplainedEvent> event(EventId id);
    // The newest event of "user/<id>"; nothing: there is no such stream.
    std::optional<ExplainedEvent> newest_of(const std::string& stream);

    // As explained_handlers.
    std::vector<Explained> handlers(StreamId stream, std::optional<Revision> revision);

private:
    Connection connection_;
};

}  // namespace lantern::postgres
