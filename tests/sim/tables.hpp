// A handler's part of PostgreSQL: its tables, stream rows and ledger, with the checks that each commit enters by.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/worker/ports.hpp"
#include "tests/sim/acts.hpp"
#include "tests/sim/leases.hpp"

namespace lantern::sim {

// Table 0, owned: each thing's log of events. Table 1, shared: what was seen of each event type.
std::vector<Table> declared_tables();

// What a swap exchanges.
struct Model {
    std::map<std::string, Row> things, types;
    std::map<StreamId, worker::StreamRow> streams;
    std::map<std::string, Position> newest;  // of types: whose latest stands there
};

class Tables : public Model {
public:
    Tables(World& world, LeaseTable& leases, Acts& acts) : world_(world), leases_(leases), acts_(acts) {}

    // The handler's barrier. Each flush takes it shared, a swap exclusively: it is busy while a flush is within its
    // transaction, and flushes are turned away while it is taken, as by a lock_timeout.
    class Barrier {
    public:
        explicit Barrier(Tables& tables);
        ~Barrier();
        Barrier(const Barrier&) = delete;
        Barrier& operator=(const Barrier&) = delete;
        bool taken() const { return taken_; }

    private:
        Tables& tables_;
        const bool taken_;
    };
    // These tables are the others' from here on. Precondition: the barrier is taken.
    void swap_in(Model& beside);
    Generation generation{1};

    worker::Flushed flush(const worker::Flush& flush);
    worker::Flushed commit(const worker::EffectStep& step, int worker);

    const worker::StreamRow* stream(StreamId id) const;
    // Whether the message of a wanted event may be forgotten: it is applied, or waits in the store for its retry.
    bool has_outcome(const Event& event) const;
    // As an operator does: what failed for good is tried again.
    void retry_dead();
    bool any_parked() const;
    bool any_noted() const;

    std::map<EventId, worker::Effect> ledger;
    // Parked streams of which the sweep raised `seen`. A commit that misses for that is planned anew, and by then
    // its worker may have ended: its act is repeated.
    std::set<StreamId> raised;
    std::map<std::string, int> refusals;  // log entry → how often the database still refuses it

private:
    std::optional<worker::Flushed> enter(const worker::Entry& entry) const;
    bool as_believed(const std::vector<worker::StreamUpdate>& updates) const;
    void put(const std::vector<worker::StreamUpdate>& updates);
    void refuse(const std::vector<worker::TableWrites>& writes);
    void write(const std::vector<worker::TableWrites>& writes);
    void merge(const worker::TableWrites::Merge& merge);
    std::optional<worker::Flushed> refused_by_ledger(const worker::Effect& effect) const;

    World& world_;
    LeaseTable& leases_;
    Acts& acts_;
    // A parked stream's retry reads the store, so what the model before had seen need not be seen again.
    std::map<StreamId, Revision> seen_before_swaps_;
    int in_flight_ = 0;           // flushes within their transaction
    bool barrier_taken_ = false;  // by a swap
};

class ModelPort final : public worker::ReadModel, public worker::Ledger {
public:
    ModelPort(World& world, Tables& tables, int worker) : world_(world), tables_(tables), worker_(worker) {}

    Generation generation() override;
    std::vector<worker::StreamRow> rows(std::span<const StreamId> streams) override;
    std::vector<std::optional<Row>> find(std::span<const worker::TableKey> keys) override;
    worker::Flushed flush(const worker::Flush& flush) override;
    std::vector<worker::StreamRow> due(std::span<const Partition> partitions, int partitions_total, Timestamp now,
                                       std::size_t limit) override;
    void reconnect() override;

    std::optional<worker::Effect> find(EventId event) override;
    std::vector<worker::AskedEffect> asked(std::span<const Partition>, int, Timestamp, std::size_t) override {
        return {};
    }
    worker::Flushed commit(const worker::EffectStep& step) override;

private:
    World& world_;
    Tables& tables_;
    const int worker_;
};

}  // namespace lantern::sim
