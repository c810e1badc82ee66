// A worker's leases on its handler's partitions, on the worker's one connection.
#pragma once

#include "host/postgres/connection.hpp"
#include "host/worker/ports.hpp"

namespace lantern::postgres {

// Who holds leases: one for each worker process and start.
struct WorkerIdentity {
    WorkerId id;
    HandlerName handler;
    std::string host;
    int pid = 0;
    std::string plugin_build;
    // What it binds and reads (core/queues.hpp), as a routing revision says it. Left out: whatever is in force.
    struct Bound {
        std::string queues;
        int partitions = 0;
        std::int64_t revision = 0;
        std::vector<std::string> event_types;
    };
    std::optional<Bound> bound{};
    std::int64_t queue_events_max = limits::kQueueLengthMax;  // in each of them
};

class Leases final : public worker::Leases {
public:
    Leases(Connection& connection, WorkerIdentity self);  // the connection outlives it

    worker::LeaseView tick(const std::string& note, std::span<const worker::WorkedOff> worked_off) override;
    bool holds(Partition partition, Epoch epoch) override;
    void release(Partition partition, Epoch epoch) override;
    Routes bound() override;
    Routes routes() override;
    void detach(const std::string& reason) override;
    void fed_up_to(Partition partition, Epoch epoch, Position cursor) override;
    void leave() override;

private:
    Params lease(Partition partition, Epoch epoch) const;

    Connection& connection_;
    const WorkerIdentity self_;
};

// The supervisor saw the process end: its leases are free at once, without waiting for its heartbeat to age.
void forget_worker(Connection& connection, const std::string& host, int pid);

}  // namespace lantern::postgres
