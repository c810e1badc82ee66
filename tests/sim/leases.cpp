#include "tests/sim/leases.hpp"

#include <algorithm>

#include "host/core/limits.hpp"

namespace lantern::sim {

LeaseTable::LeaseTable(World& world, Store& store, int partitions, std::vector<Route> routes,
                       std::optional<Start> start)
    : world_(world), store_(store), routes_(std::move(routes)), started_(start != Start::now) {
    for (int partition = 0; partition < partitions; ++partition) {
        rows_.push_back({0, {Partition{partition}, Epoch{0}, Position{0}, std::nullopt}});
    }
}

worker::LeaseView LeaseTable::tick(int worker) {
    const auto now = world_.clock.steady();
    workers_[worker] = now;
    std::erase_if(workers_, [&](const auto& beat) { return beat.second < now - limits::kHeartbeatDead; });
    for (Row& row : rows_) {
        if (!workers_.contains(row.worker)) row.worker = 0;
    }
    const auto live = workers_.size();
    const auto rank = static_cast<std::size_t>(std::distance(workers_.begin(), workers_.find(worker)));
    const auto share = rows_.size() / live + (rank < rows_.size() % live ? 1 : 0);
    auto mine = static_cast<std::size_t>(
        std::count_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.worker == worker; }));
    const bool too_many = mine > share;
    worker::LeaseView view;
    for (Row& row : rows_) {
        if (row.worker == 0 && mine < share) {
            row.worker = worker;
            ++row.lease.epoch.value;
            ++mine;
        }
        if (row.worker == worker) view.held.push_back(row.lease);
    }
    if (too_many) view.to_release.push_back(view.held.back().partition);
    return view;
}

LeaseTable::Row* LeaseTable::held(int worker, Partition partition, Epoch epoch) {
    Row& row = rows_[static_cast<std::size_t>(partition.value)];
    return row.worker == worker && row.lease.epoch == epoch ? &row : nullptr;
}

bool LeaseTable::holds(int worker, Partition partition, Epoch epoch) const {
    return row(partition).worker == worker && row(partition).lease.epoch == epoch;
}

void LeaseTable::release(int worker, Partition partition, Epoch epoch) {
    if (Row* row = held(worker, partition, epoch)) row->worker = 0;
}

void LeaseTable::bound() {
    const Position here = store_.sequence();
    if (!started_) {
        for (Route& route : routes_) route.begin = here;
        started_ = true;
    }
    Position start = here;
    for (const Route& route : routes_) start = std::min(start, route.begin);
    for (Row& row : rows_) {
        if (row.lease.feed_target) continue;
        row.lease.feed_target = here;
        row.lease.feed_cursor = std::max(row.lease.feed_cursor, start);
    }
}

void LeaseTable::fed(int worker, Partition partition, Epoch epoch, Position cursor) {
    if (Row* row = held(worker, partition, epoch))
        row->lease.feed_cursor = std::max(row->lease.feed_cursor, cursor);
}

void LeaseTable::forget(int worker) {
    workers_.erase(worker);
    for (Row& row : rows_) {
        if (row.worker == worker) row.worker = 0;
    }
}

bool LeaseTable::all_fed() const {
    return std::all_of(rows_.begin(), rows_.end(),
                       [](const Row& row) { return row.worker != 0 && row.lease.fed(); });
}

worker::LeaseView LeasesPort::tick(const std::string&) {
    return world_.call(Place::postgres, Call::commit, [&] { return table_.tick(worker_); });
}

bool LeasesPort::holds(Partition partition, Epoch epoch) {
    return world_.call(Place::postgres, Call::read, [&] {
        const bool holds = table_.holds(worker_, partition, epoch) || world_.flaw == Flaw::fence_removed;
        if (holds) looked_(partition);
        return holds;
    });
}

void LeasesPort::release(Partition partition, Epoch epoch) {
    world_.call(Place::postgres, Call::commit, [&] { table_.release(worker_, partition, epoch); });
}

Routes LeasesPort::bound() {
    world_.call(Place::postgres, Call::commit, [&] { table_.bound(); });
    return world_.call(Place::postgres, Call::read, [&] { return table_.routes(); });
}

void LeasesPort::fed_up_to(Partition partition, Epoch epoch, Position cursor) {
    world_.call(Place::postgres, Call::commit, [&] { table_.fed(worker_, partition, epoch, cursor); });
}

void LeasesPort::leave() {
    world_.call(Place::postgres, Call::commit, [&] { table_.forget(worker_); });
}

std::optional<Epoch> LeadershipPort::hold() {
    return world_.call(Place::postgres, Call::commit, [&]() -> std::optional<Epoch> {
        const bool dead = row_.leader == 0 || world_.clock.steady() - row_.seen_at > limits::kHeartbeatDead;
        if (row_.leader != self_ && !dead) return std::nullopt;
        if (row_.leader != self_) ++row_.epoch;
        row_.leader = self_;
        row_.seen_at = world_.clock.steady();
        return Epoch{row_.epoch};
    });
}

relay::Progress LeadershipPort::progress() {
    return world_.call(Place::postgres, Call::read, [&] { return row_.progress; });
}

bool LeadershipPort::advance(Epoch epoch, const relay::Progress& before, const relay::Progress& after) {
    return world_.call(Place::postgres, Call::commit, [&] {
        if (row_.leader != self_ || epoch.value != row_.epoch || before != row_.progress) return false;
        row_.progress = after;
        row_.seen_at = world_.clock.steady();
        const Snapshot seen = Snapshot::parse(after.mark.snapshot);
        const Snapshot target = Snapshot::parse(after.target ? after.target->snapshot : after.mark.snapshot);
        for (const Event* event : store_.visible(target)) {
            const bool passed = seen.sees(store_.xid_of(*event)) || event->position <= after.cursor;
            if (passed && !broker_.confirmed.contains(event->position)) {
                world_.violated("the relay passed position " + std::to_string(event->position.value) +
                                ", which the broker never confirmed");
            }
        }
        return true;
    });
}

void LeadershipPort::resign() {
    world_.call(Place::postgres, Call::commit, [&] {
        if (row_.leader == self_) row_.leader = 0;
    });
}

}  // namespace lantern::sim
