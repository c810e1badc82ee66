// What side effects did to the outside world, and whether they may have done it twice.
//
// An act's window reaches from the worker's last look at its lease to the attempt to commit what came of it. An act
// with a fault, a crash or a change of the lease's holder in its window may be repeated; of the others, no event
// may have two.
#pragma once

#include <map>
#include <vector>

#include "host/worker/ports.hpp"
#include "tests/sim/leases.hpp"

namespace lantern::sim {

class Acts {
public:
    Acts(World& world, Store& store, LeaseTable& leases, int partitions)
        : world_(world), store_(store), leases_(leases), partitions_(partitions) {}

    void looked(int worker, Partition partition) { looks_[worker] = {++moment_, leases_.epoch(partition)}; }
    void act(int worker, const Event& event, const Uuid& key, bool succeeded);
    void committing(int worker, const EventId& event);  // the attempt to commit what came of it
    void interrupted(int worker) { open_.erase(worker); }
    bool succeeded(const EventId& event) const { return succeeded_.contains(event); }
    std::size_t count() const { return count_; }

private:
    struct Look {
        std::uint64_t moment = 0;
        Epoch epoch;
    };
    struct Open {
        Event event;
        Look look;
        bool succeeded = false;
    };

    void check_order(const Event& event) const;
    Partition partition_of_event(const Event& event) const {
        return partition_of(bucket_of(event.stream), partitions_);
    }

    World& world_;
    Store& store_;
    LeaseTable& leases_;
    const int partitions_;
    std::map<int, Look> looks_;
    std::map<int, Open> open_;                // by worker
    std::map<EventId, std::uint64_t> clean_;  // done without a break, and when it was committed
    std::map<EventId, Uuid> keys_;
    std::set<EventId> succeeded_;
    std::uint64_t moment_ = 0;
    std::size_t count_ = 0;
};

}  // namespace lantern::sim
