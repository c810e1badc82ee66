// A world of one handler in memory: store, broker (fake_arrivals.hpp), tables, ledger, leases, and a plugin with a
// script. Each port can be told to fail its next calls.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/core/fault.hpp"
#include "host/worker/changes.hpp"
#include "host/worker/ports.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/worker/fake_arrivals.hpp"
#include "tests/unit/worker/fake_plugin.hpp"

namespace lantern::worker::fake {

using test::ManualClock;

// All partitions to the one worker, until told otherwise.
class LeaseTable final : public Leases {
public:
    LeaseTable(Trouble& trouble, int partitions, Routes routes) : trouble_(trouble), routes_(std::move(routes)) {
        for (int partition = 0; partition < partitions; ++partition) {
            leases_.push_back({Partition{partition}, Epoch{1}, Position{0}, std::nullopt});
        }
    }

    LeaseView tick(const std::string&, std::span<const WorkedOff> worked_off) override {
        trouble_.call();
        ++ticks;
        for (const auto& queue : worked_off) worked_off_up_to[queue.partition] = queue.position;
        const bool unbound = std::any_of(leases_.begin(), leases_.end(),
                                         [](const Lease& lease) { return !lease.feed_target.has_value(); });
        const auto queues = detached ? Queues::detached : unbound ? Queues::to_bind : Queues::bound;
        if (others_in_force) return {{}, {}, Queues::others, edge, published};
        if (held_by_another) return {{}, {}, Queues::bound, edge, published};
        return {leases_, std::exchange(to_release, {}), queues, edge, published};
    }
    bool holds(Partition partition, Epoch epoch) override {
        trouble_.call();
        return std::any_of(leases_.begin(), leases_.end(), [&](const Lease& lease) {
            return lease.partition == partition && lease.epoch == epoch;
        });
    }
    void release(Partition partition, Epoch) override {
        std::erase_if(leases_, [&](const Lease& lease) { return lease.partition == partition; });
        released.push_back(partition);
    }
    Routes bound() override {
        trouble_.call();
        for (auto& lease : leases_) {
            if (!lease.feed_target) lease.feed_target = feed_to;
        }
        ++bindings;
        return routes_;
    }
    Routes routes() override {
        trouble_.call();
        return routes_;
    }
    void detach(const std::string&) override {
        trouble_.call();
        detached = true;
        for (auto& lease : leases_) lease.feed_target.reset();
    }
    void fed_up_to(Partition partition, Epoch, Position cursor) override {
        trouble_.call();
        for (auto& lease : leases_) {
            if (lease.partition == partition) lease.feed_cursor = cursor;
        }
    }
    void leave() override { leases_.clear(); }

    // Another worker took it and raised the epoch; this one took it back since.
    void steal(Partition partition) {
        for (auto& lease : leases_) {
            if (lease.partition == partition) ++lease.epoch.value;
        }
    }
    // Bound, and history is behind.
    void feed_again_to(Position target) {
        for (auto& lease : leases_) lease.feed_target = target;
    }
    const std::vector<Lease>& leases() const { return leases_; }
    Position feed_to{0};
    bool detached = false;
    int ticks = 0;
    bool held_by_another = false;
    bool others_in_force = false;  // queues that this worker doesn't read
    Position edge, published;
    int bindings = 0;
    std::map<Partition, Position> worked_off_up_to;
    std::vector<Partition> to_release, released;

private:
    Trouble& trouble_;
    Routes routes_;
    std::vector<Lease> leases_;
};

// Stream rows and one owned table (id, value), with the entering checks of the real one.
class Model final : public ReadModel, public Ledger {
public:
    Model(Trouble& trouble, LeaseTable& leases) : trouble_(trouble), leases_(leases) {}

    Generation generation() override {
        if (!swapped.empty()) throw Fault(FaultKind::configuration, "postgres", swapped);
        return generation_now;
    }
    std::vector<StreamRow> rows(std::span<const StreamId> streams) override {
        trouble_.call();
        std::vector<StreamRow> found;
        for (const StreamId stream : streams) {
            if (streams_.contains(stream)) found.push_back(streams_.at(stream));
        }
        return found;
    }
    std::vector<std::optional<Row>> find(std::span<const TableKey> keys) override {
        trouble_.call();
        ++finds;
        std::vector<std::optional<Row>> found;
        for (const auto& key : keys) {
            const auto at = table.find(std::get<std::string>(key.key.at(0)));
            found.push_back(at == table.end() ? std::nullopt : std::optional(at->second));
        }
        return found;
    }
    Flushed flush(const Flush& flush) override {
        trouble_.call();
        if (const auto refused = enter(flush.entry, flush.streams)) return *refused;
        for (const auto& writes : flush.tables) {
            for (const auto& row : writes.upserts) {
                if (row.at(1) == Value{std::string("refused by the database")}) {
                    throw Fault(FaultKind::data, "postgres", "value refused", "22001");
                }
            }
        }
        for (const auto& writes : flush.tables) write(writes);
        commit_streams(flush.streams);
        attempts.insert(attempts.end(), flush.attempts.begin(), flush.attempts.end());
        ++flushes;
        after_commit();
        return Flushed::committed;
    }
    std::vector<StreamRow> due(std::span<const Partition>, int, Timestamp now, std::size_t limit) override {
        trouble_.call();
        std::vector<StreamRow> due;
        for (const auto& [stream, row] : streams_) {
            if (row.state != StreamState::dead && row.next_attempt_at && row.next_attempt_at <= now)
                due.push_back(row);
        }
        std::stable_sort(due.begin(), due.end(), [](const StreamRow& left, const StreamRow& right) {
            return left.next_attempt_at < right.next_attempt_at;
        });
        if (due.size() > limit) due.resize(limit);
        return due;
    }
    void reconnect() override { trouble_.call(); }

    std::optional<Effect> find(EventId event) override {
        trouble_.call();
        return ledger.contains(event) ? std::optional(ledger.at(event)) : std::nullopt;
    }
    std::vector<AskedEffect> asked(std::span<const Partition>, int, Timestamp now, std::size_t limit) override {
        trouble_.call();
        std::vector<AskedEffect> asked;
        std::set<StreamId> seen;
        for (const auto& one : runs) {
            const bool open = one.effect.state == EffectState::asked || one.effect.state == EffectState::pending;
            if (!open || !seen.insert(one.effect.stream).second || asked.size() == limit) continue;
            if (!one.effect.next_attempt_at || one.effect.next_attempt_at <= now) asked.push_back(one);
        }
        return asked;
    }
    Flushed commit(const EffectStep& step) override {
        trouble_.call();
        if (const auto refused = enter(step.entry, step.streams)) return *refused;
        for (const auto* effect : {&step.finished, &step.next}) {
            if (*effect && !record(**effect)) return Flushed::conflict;
        }
        commit_streams(step.streams);
        attempts.insert(attempts.end(), step.attempts.begin(), step.attempts.end());
        after_commit();
        return Flushed::committed;
    }

    StreamRow& stream(std::int64_t id) { return streams_[StreamId{id}]; }
    bool has_stream(std::int64_t id) const { return streams_.contains(StreamId{id}); }

    Generation generation_now{1};
    std::string swapped;  // why the tables are not those of this build any more
    std::map<std::string, Row> table;
    std::map<EventId, Effect> ledger;  // of delivery
    std::vector<AskedEffect> runs;     // by stream, run and revision
    std::vector<FailedAttempt> attempts;
    int flushes = 0, finds = 0;
    bool lose_next_answer = false;  // the commit happens, its answer is lost

private:
    void after_commit() {
        if (std::exchange(lose_next_answer, false)) {
            throw Fault(FaultKind::in_doubt, "postgres", "connection lost during commit");
        }
    }
    std::optional<Flushed> enter(const Entry& entry, const std::vector<StreamUpdate>& updates) {
        if (entry.generation != generation_now) return Flushed::regenerated;
        for (const auto& [partition, epoch] : entry.leases) {
            const auto& now = leases_.leases();
            if (std::none_of(now.begin(), now.end(), [&, p = partition, e = epoch](const Lease& lease) {
                    return lease.partition == p && lease.epoch == e;
                })) {
                return Flushed::fenced;
            }
        }
        for (const auto& update : updates) {
            const auto at = streams_.find(update.before.stream);
            const StreamRow now =
                at == streams_.end() ? StreamRow{update.before.stream, {}, {}, {}, 0, {}, {}} : at->second;
            if (now.revision != update.before.revision || now.state != update.before.state ||
                now.seen != update.before.seen ||
                (now.state != StreamState::live && now.next_attempt_at != update.before.next_attempt_at)) {
                return Flushed::conflict;
            }
        }
        return std::nullopt;
    }
    void commit_streams(const std::vector<StreamUpdate>& updates) {
        for (const auto& [before, after] : updates) {
            StreamRow& row = streams_[after.stream];
            const auto note =
                note_kept(before, after) && row.next_attempt_at ? row.next_attempt_at : after.next_attempt_at;
            row = after;
            row.next_attempt_at = note;
        }
    }
    // False: it was settled meanwhile.
    bool record(const Effect& effect) {
        if (effect.run == 0) {
            ledger[effect.event] = effect;
            return true;
        }
        for (auto& [event, was] : runs) {
            if (was.event != effect.event || was.run != effect.run) continue;
            if (was.state != EffectState::asked && was.state != EffectState::pending) return false;
            was = effect;
        }
        for (auto& [event, other] : runs) {
            const bool behind = other.stream == effect.stream && other.run == effect.run &&
                                other.revision > effect.revision && other.state == EffectState::asked;
            const bool ended = effect.state == EffectState::failed || effect.state == EffectState::held;
            if (behind && ended) other.state = EffectState::suppressed;
        }
        return true;
    }
    void write(const TableWrites& writes) {
        for (const auto& row : writes.upserts) table[std::get<std::string>(row.at(0))] = row;
        for (const auto& patch : writes.patches) {
            const auto at = table.find(std::get<std::string>(patch.key.at(0)));
            if (at == table.end()) continue;
            for (const auto& cell : patch.cells) at->second[cell.column] = cell.value;
        }
        for (const auto& key : writes.removes) table.erase(std::get<std::string>(key.at(0)));
    }

    Trouble& trouble_;
    LeaseTable& leases_;
    std::map<StreamId, StreamRow> streams_;
};

}  // namespace lantern::worker::fake
