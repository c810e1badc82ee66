// A routed handler: what the routing file and the catalog say of it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/core/identifiers.hpp"
#include "host/core/limits.hpp"

namespace lantern {

struct Backoff {
    int attempts = 8;
    std::chrono::milliseconds initial{1000};
    double factor = 2;
    std::chrono::milliseconds max{300'000};
    enum class Jitter { none, full } jitter = Jitter::full;
    bool operator==(const Backoff&) const = default;
};

enum class Start { beginning, now };
// What becomes of a side effect of which nobody knows whether it was done: its worker ended in between.
enum class OnInterrupted { repeat, hold };
// At most so many acts of a side effect in so long, over all its workers.
struct Rate {
    int acts = 1;
    std::chrono::milliseconds per{1000};
    bool operator==(const Rate&) const = default;
};
enum class QueueType { quorum, classic };

// As the routing file says it, defaults filled in.
struct HandlerSettings {
    HandlerName name;
    std::string plugin;
    int concurrency = 1;
    int partitions = 4;
    std::optional<Start> start;  // default by kind: projections beginning, side effects now
    std::chrono::milliseconds time_limit{30'000};
    std::size_t memory_bytes_max = limits::kWorkerMemoryBytes;  // of one worker
    Backoff retry;
    OnInterrupted on_interrupted = OnInterrupted::repeat;  // side effects
    std::optional<Rate> rate;                              // side effects; nothing: as fast as they go
    QueueType queue_type = QueueType::quorum;
    std::int64_t queue_length_max = limits::kQueueLengthMax;  // messages in each partition's queue
    std::size_t batch_events_max = 500;
    std::string settings = "{}";           // JSON object for the plugin, secrets resolved
    std::vector<std::string> event_types;  // routed to it, sorted
    bool operator==(const HandlerSettings&) const = default;
};

// One route interval: wants begin < position <= end.
struct Route {
    std::string event_type;
    Position begin;
    std::optional<Position> end;

    bool wants(Position at) const { return begin < at && (!end || at <= *end); }
    bool operator==(const Route&) const = default;
};

// All intervals of one handler; every reader asks this and nothing else.
class Routes {
public:
    Routes() = default;
    explicit Routes(std::vector<Route> routes);

    bool want(const std::string& event_type, Position at) const;
    std::vector<std::string> event_types() const;  // any interval, sorted, unique
    const std::vector<Route>& all() const { return routes_; }

private:
    std::vector<Route> routes_;
    std::multimap<std::string, Route> by_type_;
};

}  // namespace lantern
