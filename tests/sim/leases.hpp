// Leases and the relay's leadership as PostgreSQL keeps them: see host/postgres/sql/functions/leases.sql.
#pragma once

#include <map>

#include "host/relay/ports.hpp"
#include "host/sweep/ports.hpp"
#include "host/worker/ports.hpp"
#include "tests/sim/broker.hpp"
#include "tests/sim/store.hpp"

namespace lantern::sim {

class LeaseTable {
public:
    struct Row {
        int worker = 0;  // 0: free
        worker::Lease lease;
        int entered = 0;    // transactions that write under it
        Position taken{0};  // its queue, worked off up to there
    };
    enum class State { attached, detached, paused };
    LeaseTable(World& world, Store& store, int partitions, std::vector<Route> routes, std::optional<Start> start,
               std::int64_t queue_events_max);

    worker::LeaseView tick(int worker, std::span<const worker::WorkedOff> worked_off);
    bool holds(int worker, Partition partition, Epoch epoch) const;
    void release(int worker, Partition partition, Epoch epoch);
    void bound();
    void detach();
    void pause() { state = State::paused; }
    void resume();
    // Whoever writes under these leases; nobody takes them over before it ends.
    class Entered {
    public:
        Entered(LeaseTable& table, const worker::Entry& entry);
        ~Entered();
        Entered(const Entered&) = delete;
        Entered& operator=(const Entered&) = delete;

    private:
        LeaseTable& table_;
        std::vector<Partition> partitions_;
    };
    void fed(int worker, Partition partition, Epoch epoch, Position cursor);
    void forget(int worker);
    bool is_current(Partition partition, Epoch epoch) const { return row(partition).lease.epoch == epoch; }
    Epoch epoch(Partition partition) const { return row(partition).lease.epoch; }
    bool all_fed() const;
    // What lies at or below it won't come by the partition's queue.
    Position bound_of(Partition partition) const {
        return std::max(row(partition).taken, row(partition).lease.feed_cursor);
    }
    int partitions() const { return static_cast<int>(rows_.size()); }
    // As they are now; none begins before its queues were bound when the handler starts now.
    State state = State::attached;
    sweep::Verified verified;
    relay::Progress* relay = nullptr;  // whose mark says what has been published
    Routes routes() const { return Routes(started_ ? routes_ : std::vector<Route>{}); }

private:
    const Row& row(Partition partition) const { return rows_[static_cast<std::size_t>(partition.value)]; }
    Row* held(int worker, Partition partition, Epoch epoch);
    void feed_from_the_store();
    std::optional<std::int64_t> distance() const;
    Position first_wanted() const;

    World& world_;
    Store& store_;
    std::vector<Row> rows_;
    std::map<int, std::chrono::steady_clock::time_point> workers_;  // numbers grow with age
    std::vector<Route> routes_;
    bool started_;
    const std::int64_t queue_events_max_;
};

class LeasesPort final : public worker::Leases {
public:
    LeasesPort(World& world, LeaseTable& table, int worker, std::function<void(Partition)> looked)
        : world_(world), table_(table), worker_(worker), looked_(std::move(looked)) {}

    worker::LeaseView tick(const std::string&, std::span<const worker::WorkedOff> worked_off) override;
    bool holds(Partition partition, Epoch epoch) override;
    void release(Partition partition, Epoch epoch) override;
    Routes bound() override;
    Routes routes() override;
    void detach(const std::string&) override;
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
