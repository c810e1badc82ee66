#include "tests/sim/tables.hpp"

#include <algorithm>

namespace lantern::sim {

using worker::Flushed;
using worker::StreamRow;
using worker::StreamState;

namespace {

// A stream is parked or unparked.
bool moves(const std::vector<worker::StreamUpdate>& updates) {
    return std::any_of(updates.begin(), updates.end(), [](const worker::StreamUpdate& update) {
        return update.before.state != update.after.state;
    });
}

// Counts itself while it lives, also over a fault.
class Within {
public:
    explicit Within(int& count) : count_(count) { ++count_; }
    ~Within() { --count_; }
    Within(const Within&) = delete;
    Within& operator=(const Within&) = delete;

private:
    int& count_;
};

}  // namespace

std::vector<Table> declared_tables() {
    return {{"things", Ownership::owned, {{"id", ColumnType::text}, {"log", ColumnType::text}}, 1, {}},
            {"types",
             Ownership::shared,
             {{"type", ColumnType::text},
              {"events", ColumnType::integer, Merge::add},
              {"highest", ColumnType::integer, Merge::greatest},
              {"latest", ColumnType::integer, Merge::newest}},
             1,
             {}}};
}

const StreamRow* Tables::stream(StreamId id) const {
    const auto at = streams.find(id);
    return at == streams.end() ? nullptr : &at->second;
}

bool Tables::has_outcome(const Event& event) const {
    const StreamRow* row = stream(event.stream);
    if (row == nullptr) return false;
    if (row->revision >= event.revision) return true;
    const auto before = seen_before_swaps_.find(event.stream);
    const Revision seen = before == seen_before_swaps_.end() ? row->seen : std::max(row->seen, before->second);
    return row->state != StreamState::live && seen >= event.revision;
}

void Tables::retry_dead() {
    for (auto& [id, row] : streams) {
        if (row.state != StreamState::dead) continue;
        row.state = StreamState::retrying;
        row.attempts = 0;
        row.next_attempt_at = world_.clock.now();
    }
}

bool Tables::any_parked() const {
    return std::any_of(streams.begin(), streams.end(),
                       [](const auto& row) { return row.second.state != StreamState::live; });
}

bool Tables::any_noted() const {
    return std::any_of(streams.begin(), streams.end(),
                       [](const auto& row) { return row.second.next_attempt_at.has_value(); });
}

Tables::Barrier::Barrier(Tables& tables)
    : tables_(tables), taken_(tables.in_flight_ == 0 || tables.world_.flaw == Flaw::swap_without_barrier) {
    tables_.barrier_taken_ = taken_ && tables.world_.flaw != Flaw::swap_without_barrier;
}

Tables::Barrier::~Barrier() {
    tables_.barrier_taken_ = false;
}

void Tables::swap_in(Model& beside) {
    for (const auto& [id, row] : streams) seen_before_swaps_[id] = std::max(row.seen, row.revision);
    std::swap(static_cast<Model&>(*this), beside);
    ++generation.value;
}

std::optional<Flushed> Tables::enter(const worker::Entry& entry) const {
    if (entry.generation != generation) return Flushed::regenerated;
    if (world_.flaw == Flaw::fence_removed) return std::nullopt;
    for (const auto& [partition, epoch] : entry.leases) {
        if (!leases_.is_current(partition, epoch)) return Flushed::fenced;
    }
    return std::nullopt;
}

bool Tables::as_believed(const std::vector<worker::StreamUpdate>& updates) const {
    return std::all_of(updates.begin(), updates.end(), [&](const worker::StreamUpdate& update) {
        const auto& [before, after] = update;
        if (after.state != StreamState::live && world_.flaw == Flaw::parks_without_compare_and_set) return true;
        StreamRow now;
        if (const StreamRow* row = stream(before.stream)) now = *row;
        const bool seen = now.seen == before.seen || world_.flaw == Flaw::unpark_ignores_seen;
        return now.revision == before.revision && now.state == before.state && seen &&
               (now.state == StreamState::live || now.next_attempt_at == before.next_attempt_at);
    });
}

void Tables::put(const std::vector<worker::StreamUpdate>& updates) {
    for (const auto& [before, after] : updates) {
        StreamRow& row = streams[after.stream];
        const auto note =
            worker::note_kept(before, after) && row.next_attempt_at ? row.next_attempt_at : after.next_attempt_at;
        row = after;
        row.next_attempt_at = note;
    }
}

void Tables::refuse(const std::vector<worker::TableWrites>& writes) {
    for (const auto& of_table : writes) {
        for (const Row& row : of_table.upserts) {
            const auto at = refusals.find(std::get<std::string>(row.at(0)));
            if (at == refusals.end() || at->second == 0) continue;
            --at->second;
            throw Fault(FaultKind::data, "postgres", "value too long", "22001");
        }
    }
}

void Tables::write(const std::vector<worker::TableWrites>& writes) {
    for (const auto& of_table : writes) {
        for (const Row& row : of_table.upserts) things[std::get<std::string>(row.at(0))] = row;
        for (const auto& change : of_table.merges) merge(change);
    }
}

void Tables::merge(const worker::TableWrites::Merge& merge) {
    const auto& type = std::get<std::string>(merge.key.at(0));
    const auto [at, fresh] = types.try_emplace(type, Row{type, std::int64_t{0}, std::int64_t{0}, std::int64_t{0}});
    Row& row = at->second;
    for (const auto& cell : merge.cells) {
        const auto value = std::get<std::int64_t>(cell.value);
        auto& place = std::get<std::int64_t>(row[cell.column]);
        if (cell.column == 1) place += value;
        if (cell.column == 2) place = std::max(place, value);
        if (cell.column == 3 && merge.newest >= newest[type]) place = value;
    }
    newest[type] = std::max(newest[type], merge.newest);
}

Flushed Tables::flush(const worker::Flush& flush) {
    if (barrier_taken_) throw Fault(FaultKind::conflict, "postgres", "canceling statement due to lock timeout");
    if (world_.flaw == Flaw::checkpoint_outside_transaction) {
        if (const auto refused = enter(flush.entry)) return *refused;
        write(flush.tables);
        return world_.call(Place::postgres, Call::commit, [&] {
            if (!as_believed(flush.streams)) return Flushed::conflict;
            put(flush.streams);
            return Flushed::committed;
        });
    }
    if (const auto refused = enter(flush.entry)) return *refused;
    const LeaseTable::Entered entered(leases_, flush.entry);
    const Within within(in_flight_);
    world_.stall(moves(flush.streams) ? 5 : 1);
    // Swapped meanwhile: it commits into the schema that nobody reads any more.
    if (flush.entry.generation != generation) return Flushed::committed;
    refuse(flush.tables);
    if (!as_believed(flush.streams)) return Flushed::conflict;
    put(flush.streams);
    write(flush.tables);
    return Flushed::committed;
}

std::optional<Flushed> Tables::refused_by_ledger(const worker::Effect& effect) const {
    const auto at = ledger.find(effect.event);
    if (at == ledger.end()) return std::nullopt;
    if (at->second.epoch > effect.epoch && world_.flaw != Flaw::fence_removed) return Flushed::fenced;
    if (at->second.state == worker::EffectState::done) return Flushed::conflict;
    return std::nullopt;
}

Flushed Tables::commit(const worker::EffectStep& step, int worker) {
    if (const auto refused = enter(step.entry)) {
        acts_.interrupted(worker);
        return *refused;
    }
    const LeaseTable::Entered entered(leases_, step.entry);
    world_.stall(moves(step.streams) ? 5 : 1);
    const bool believed = as_believed(step.streams);
    if (step.finished && !believed && raised.contains(step.finished->stream)) acts_.interrupted(worker);
    if (step.finished) acts_.committing(worker, step.finished->event);
    if (!believed) return Flushed::conflict;
    for (const auto* effect : {&step.finished, &step.next}) {
        if (!*effect) continue;
        if (const auto why = refused_by_ledger(**effect)) return *why;
    }
    put(step.streams);
    if (step.finished) ledger[step.finished->event] = *step.finished;
    if (step.next) ledger[step.next->event] = *step.next;
    return Flushed::committed;
}

Generation ModelPort::generation() {
    return world_.call(Place::postgres, Call::read, [&] { return tables_.generation; });
}

std::vector<StreamRow> ModelPort::rows(std::span<const StreamId> streams) {
    return world_.call(Place::postgres, Call::read, [&] {
        std::vector<StreamRow> found;
        for (const StreamId id : streams) {
            if (const StreamRow* row = tables_.stream(id)) found.push_back(*row);
        }
        return found;
    });
}

std::vector<std::optional<Row>> ModelPort::find(std::span<const worker::TableKey> keys) {
    return world_.call(Place::postgres, Call::read, [&] {
        std::vector<std::optional<Row>> found;
        for (const auto& key : keys) {
            const auto at = tables_.things.find(std::get<std::string>(key.key.at(0)));
            found.push_back(at == tables_.things.end() ? std::nullopt : std::optional(at->second));
        }
        return found;
    });
}

Flushed ModelPort::flush(const worker::Flush& flush) {
    return world_.call(Place::postgres, Call::commit, [&] { return tables_.flush(flush); });
}

std::vector<StreamRow> ModelPort::due(std::span<const Partition> partitions, int partitions_total, Timestamp now,
                                      std::size_t limit) {
    return world_.call(Place::postgres, Call::read, [&] {
        std::vector<StreamRow> due;
        for (const auto& [id, row] : tables_.streams) {
            const Partition partition = partition_of(bucket_of(id), partitions_total);
            if (row.state != StreamState::dead && row.next_attempt_at && row.next_attempt_at <= now &&
                std::find(partitions.begin(), partitions.end(), partition) != partitions.end()) {
                due.push_back(row);
            }
        }
        std::stable_sort(due.begin(), due.end(), [](const StreamRow& left, const StreamRow& right) {
            return left.next_attempt_at < right.next_attempt_at;
        });
        if (due.size() > limit) due.resize(limit);
        return due;
    });
}

void ModelPort::reconnect() {
    world_.call(Place::postgres, Call::read, [] {});
}

std::optional<worker::Effect> ModelPort::find(EventId event) {
    return world_.call(Place::postgres, Call::read, [&]() -> std::optional<worker::Effect> {
        const auto at = tables_.ledger.find(event);
        if (at == tables_.ledger.end()) return std::nullopt;
        return at->second;
    });
}

Flushed ModelPort::commit(const worker::EffectStep& step) {
    return world_.call(Place::postgres, Call::commit, [&] { return tables_.commit(step, worker_); });
}

}  // namespace lantern::sim
