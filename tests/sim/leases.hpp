// Leases and the relay's leadership as PostgreSQL keeps them: see host/postgres/sql/functions/leases.sql.
#pragma once

#include <map>

#include "host/relay/ports.hpp"
#include "host/worker/ports.hpp"
#include "tests/sim/broker.hpp"
#include "tests/sim/store.hpp"

namespace lantern::sim {

class LeaseTable {
public:
    struct Row {
        int worker = 0;  // 0: free
        worker::Lease lease;
    };
    LeaseTable(World& world, Store& store, int partitions, std::vector<Route> routes, std::optional<Start> start);

    worker::LeaseView tick(int worker);
    bool holds(int worker, Partition partition, Epoch epoch) const;
    void release(int worker, Partition partition, Epoch epoch);
    void bound();
    void fed(int worker, Partition partition, Epoch epoch, Position cursor);
    void forget(int worker);
    bool is_current(Partition partition, Epoch epoch) const { return row(partition).lease.epoch == epoch; }
    Epoch epoch(Partition partition) const { return row(partition).lease.epoch; }
    bool all_fed() const;
    // As they are now; none begins before its queues were bound when the handler starts now.
    Routes routes() const { return Routes(started_ ? routes_ : std::vector<Route>{}); }

private:
    const Row& row(Partition partition) const { return rows_[static_cast<std::size_t>(partition.value)]; }
    Row* held(int worker, Partition partition, Epoch epoch);

    World& world_;
    Store& store_;
    std::vector<Row> rows_;
    std::map<int, std::chrono::steady_clock::time_point> workers_;  // numbers grow with age
    std::vector<Route> routes_;
    bool started_;
};

class LeasesPort final : public worker::Leases {
public:
    LeasesPort(World& world, LeaseTable& table, int worker, std::function<void(Partition)> looked)
        : world_(world), table_(table), worker_(worker), looked_(std::move(looked)) {}

    worker::LeaseView tick(const std::string&) override;
    bool holds(Partition partition, Epoch epoch) override;
    void release(Partition partition, Epoch epoch) override;
    Routes bound() override;
    void fed_up_to(Partition partition, Epoch epoch, Position cursor) override;
    void leave() override;

private:
    World& world_;
    LeaseTable& table_;
    const int worker_;
    const std::function<void(Partition)> looked_;  // called when the lease was looked at and is held
};

// The relay's row. What is noted as safe must have been confirmed.
struct RelayRow {
    std::int64_t epoch = 0;
    int leader = 0;
    std::chrono::steady_clock::time_point seen_at;
    relay::Progress progress;
};

class LeadershipPort final : public relay::Leadership {
public:
    LeadershipPort(World& world, RelayRow& row, Store& store, Broker& broker, int self)
        : world_(world), row_(row), store_(store), broker_(broker), self_(self) {}

    std::optional<Epoch> hold() override;
    relay::Progress progress() override;
    bool advance(Epoch epoch, const relay::Progress& before, const relay::Progress& after) override;
    void resign() override;

private:
    World& world_;
    RelayRow& row_;
    Store& store_;
    Broker& broker_;
    const int self_;
};

}  // namespace lantern::sim
