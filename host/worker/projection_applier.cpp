#include "host/worker/projection_applier.hpp"

#include <algorithm>
#include <new>

#include "host/core/fault.hpp"
#include "host/worker/calling.hpp"

namespace lantern::worker {

void unpark_caught_up(Plan& plan, Timestamp now) {
    for (auto& [stream, change] : plan.streams) {
        if (change.catching == StreamChange::Catching::no || change.failed) continue;
        if (change.catching == StreamChange::Catching::last) {
            change.now = unparked(change.now);
        } else if (change.now != change.before) {
            change.now.next_attempt_at = now;
        }
    }
}

// Reads rows as the database is under the batch's changes; what a batch read once it does not read again.
class ProjectionApplier::Recording final : public Recorder {
public:
    Recording(Changes& changes, ReadModel& model) : changes_(changes), model_(model) {}

    void prefetch(const std::vector<TableKey>& keys) {
        std::vector<TableKey> unknown;
        for (const auto& key : keys) {
            if (base_.try_emplace(name_of(key)).second) unknown.push_back(key);
        }
        if (unknown.empty()) return;
        auto rows = model_.find(unknown);
        for (std::size_t at = 0; at < unknown.size(); ++at) base_[name_of(unknown[at])] = std::move(rows[at]);
    }

    std::optional<std::string> record(Change change) override { return changes_.record(change); }

    const Row* find(std::uint32_t table, const std::vector<Value>& key) override {
        switch (changes_.look_up(table, key)) {
            case Changes::Found::absent:
                return nullptr;
            case Changes::Found::present:
                changes_.overlay(table, key, row_);
                return &row_;
            case Changes::Found::unchanged: {
                const auto& base = base_row({table, key});
                return base ? &*base : nullptr;
            }
            case Changes::Found::patched: {
                const auto& base = base_row({table, key});
                if (!base) return nullptr;
                row_ = *base;
                changes_.overlay(table, key, row_);
                return &row_;
            }
        }
        return nullptr;
    }

private:
    static std::string name_of(const TableKey& key) {
        return std::to_string(key.table) + ':' + encode_key(key.key);
    }
    const std::optional<Row>& base_row(const TableKey& key) {
        prefetch({key});
        return base_.at(name_of(key));
    }

    Changes& changes_;
    ReadModel& model_;
    std::unordered_map<std::string, std::optional<Row>> base_;
    Row row_;
};

ProjectionApplier::ProjectionApplier(Parts parts) : parts_(std::move(parts)), changes_(parts_.tables) {}

void ProjectionApplier::renew() {
    object_.reset();
    generation_.reset();
    changes_.clear();
    attempts_.clear();
    failures_.clear();
    parts_.rows.forget_all();
}

Entry ProjectionApplier::entry_of(const std::vector<Lease>& held) {
    if (!generation_) generation_ = parts_.model.generation();
    Entry entry{*generation_, {}};
    for (const Lease& lease : held) entry.leases.emplace_back(lease.partition, lease.epoch);
    return entry;
}

// What the object remembers of their rows is no longer so.
void ProjectionApplier::notice_replayed(Plan& plan) {
    for (auto& [stream, change] : plan.streams) {
        if (change.before.seen >= Revision{0}) continue;
        object_.reset();
        change.now.seen = Revision{0};
    }
}

Carried ProjectionApplier::carry_out(Plan& plan, const std::vector<Lease>& held) {
    const Entry entry = entry_of(held);
    notice_replayed(plan);
    const auto found = plan.streams;
    try {
        return attempt(plan, plan.events, entry);
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::data) throw;
    }
    // The database refused some event's data. One by one, with a fresh object, shows which.
    object_.reset();
    plan.streams = found;
    plan.away.clear();
    return one_by_one(plan, entry);
}

Carried ProjectionApplier::attempt(Plan& plan, std::span<Event* const> events, const Entry& entry) {
    changes_.clear();
    attempts_.clear();
    failures_.clear();
    if (!object_ && !events.empty()) object_ = parts_.make_object();
    Recording recording(changes_, parts_.model);
    // Only versions that the plugin understands may reach it, also when it names keys.
    not_understood_.clear();
    std::vector<TableKey> keys;
    for (Event* event : events) {
        if (!plan.streams.at(event->stream).takes_events() || plan.verdicts.contains(event)) continue;
        const Calling calling(parts_.watch, *event, plan.streams.at(event->stream).now.attempts + 1);
        if (auto why = parts_.upcasts.upcast(*event)) {
            not_understood_.emplace(event, std::move(*why));
            continue;
        }
        auto wanted = object_->keys(*event);
        keys.insert(keys.end(), std::make_move_iterator(wanted.begin()), std::make_move_iterator(wanted.end()));
    }
    recording.prefetch(keys);
    for (std::size_t at = 0; at < events.size(); ++at) {
        if (!plan.away.empty()) {
            plan.leave(events.subspan(at));
            break;
        }
        call(plan, *events[at], recording);
    }
    unpark_caught_up(plan, parts_.clock.now());
    return flush(plan, entry);
}

void ProjectionApplier::call(Plan& plan, Event& event, Recording& recording) {
    auto& change = plan.streams.at(event.stream);
    if (!change.takes_events()) {
        plan.note_seen(event);
        return;
    }
    changes_.begin_event(event.position);
    const auto verdict = plan.verdicts.find(&event);
    const Outcome outcome = verdict != plan.verdicts.end() ? verdict->second : outcome_of(event, change, recording);
    if (outcome.advances()) {
        change.now.revision = event.revision;
        change.now.attempts = 0;
        plan.advanced = true;
        return;
    }
    changes_.drop_event();
    park(plan, event, outcome);
    plan.away = breaker_.away_after(outcome);
}

Outcome ProjectionApplier::outcome_of(Event& event, const StreamChange& change, Recording& recording) {
    if (const auto why = not_understood_.find(&event); why != not_understood_.end()) {
        return not_understood(why->second);
    }
    return breaker_.judge(event.stream, handled(event, change.now.attempts + 1, recording));
}

Outcome ProjectionApplier::handled(const Event& event, int attempt, Recording& recording) {
    const Calling calling(parts_.watch, event, attempt);
    try {
        return object_->handle(event, recording);
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    }
}

void ProjectionApplier::park(Plan& plan, const Event& event, const Outcome& outcome) {
    auto& change = plan.streams.at(event.stream);
    const StreamRow was = change.now;
    change.now = parts_.parking.parked(was, event, outcome);
    change.failed = true;
    if (auto attempt = attempt_of(was, change.now, event, outcome)) attempts_.push_back(*std::move(attempt));
    failures_.push_back({&event, change.now, outcome.reason});
}

Carried ProjectionApplier::flush(Plan& plan, const Entry& entry) {
    Flush flush{entry, changes_.writes(), plan.updates(), std::move(attempts_)};
    attempts_.clear();
    changes_.clear();
    const bool drops = plan.unrouted > 0 && !entry.leases.empty();
    if (flush.tables.empty() && flush.streams.empty() && !drops) return Carried::committed;
    switch (parts_.model.flush(flush)) {
        case Flushed::committed:
            for (auto& [stream, change] : plan.streams) {
                parts_.rows.put(change.now);
                change.before = change.now;
            }
            tell(parts_.watch, failures_);
            return Carried::committed;
        case Flushed::conflict:
        case Flushed::regenerated:
            renew();
            return Carried::again;
        case Flushed::fenced:
            renew();
            return Carried::fenced;
    }
    return Carried::again;
}

Carried ProjectionApplier::one_by_one(Plan& plan, const Entry& entry) {
    // Streams being caught up stay parked until the whole is planned anew: a single event does not finish them.
    for (auto& [stream, change] : plan.streams) {
        if (change.catching == StreamChange::Catching::last) change.catching = StreamChange::Catching::more_behind;
    }
    for (Event* event : plan.events) {
        const auto before = plan.streams.at(event->stream);
        try {
            const Carried carried = attempt(plan, std::span(&event, 1), entry);
            if (carried != Carried::committed || !plan.away.empty()) return carried;
        } catch (const Fault& fault) {
            if (fault.kind() != FaultKind::data) throw;
            object_.reset();
            changes_.clear();
            plan.streams.at(event->stream) = before;
            attempts_.clear();
            failures_.clear();
            park(plan, *event, {Outcome::Kind::retry, fault.what(), {}, {}});
            const Carried carried = flush(plan, entry);
            if (carried != Carried::committed) return carried;
        }
    }
    return Carried::committed;
}

}  // namespace lantern::worker
