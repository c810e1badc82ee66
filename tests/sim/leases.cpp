#include "tests/sim/leases.hpp"

#include <algorithm>

#include "host/core/limits.hpp"

namespace lantern::sim {

LeaseTable::LeaseTable(World& world, Store& store, int partitions, std::vector<Route> routes,
                       std::optional<Start> start, std::int64_t queue_events_max)
    : world_(world),
      store_(store),
      routes_(std::move(routes)),
      started_(start != Start::now),
      queue_events_max_(queue_events_max) {
    for (int partition = 0; partition < partitions; ++partition) {
        rows_.push_back({0, {Partition{partition}, Epoch{0}, Position{0}, std::nullopt}});
    }
}

worker::LeaseView LeaseTable::tick(int worker, std::span<const worker::WorkedOff> worked_off) {
    const auto now = world_.clock.steady();
    workers_[worker] = now;
    std::erase_if(workers_, [&](const auto& beat) { return beat.second < now - limits::kHeartbeatDead; });
    for (Row& row : rows_) {
        if (!workers_.contains(row.worker)) row.worker = 0;
    }
    const auto total = state == State::paused ? 0 : rows_.size();
    const auto live = workers_.size();
    const auto rank = static_cast<std::size_t>(std::distance(workers_.begin(), workers_.find(worker)));
    const auto share = total / live + (rank < total % live ? 1 : 0);
    auto mine = static_cast<std::size_t>(
        std::count_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.worker == worker; }));
    const bool too_many = mine > share;
    // Compare-and-set on stream rows must hold by itself: shown where leases are taken over under a commit.
    const bool overtakes =
        world_.flaw == Flaw::unpark_ignores_seen || world_.flaw == Flaw::parks_without_compare_and_set;
    for (Row& row : rows_) {
        if (row.worker != 0 || mine >= share || (row.entered > 0 && !overtakes)) continue;
        row.worker = worker;
        ++row.lease.epoch.value;
        ++mine;
    }
    for (const auto& queue : worked_off) {
        Row& row = rows_[static_cast<std::size_t>(queue.partition.value)];
        if (row.worker == worker) row.taken = std::max(row.taken, queue.position);
    }
    const auto behind = distance();
    if (state == State::attached && behind > queue_events_max_) feed_from_the_store();
    worker::LeaseView view;
    view.edge = store_.sequence();
    if (relay != nullptr && relay->mark.snapshot != "1:1:") view.published = relay->mark.ceiling;
    if (state != State::paused && behind && *behind <= queue_events_max_) {
        view.queues = worker::Queues::to_bind;
    } else {
        view.queues = state == State::attached ? worker::Queues::bound : worker::Queues::detached;
    }
    for (const Row& row : rows_) {
        if (row.worker != worker) continue;
        view.held.push_back(row.lease);
        if (total == 0) view.to_release.push_back(row.lease.partition);
    }
    if (too_many && total > 0) view.to_release.push_back(view.held.back().partition);
    return view;
}

Position LeaseTable::first_wanted() const {
    Position first = store_.sequence();
    for (const Route& route : started_ ? routes_ : std::vector<Route>{}) first = std::min(first, route.begin);
    return first;
}

std::optional<std::int64_t> LeaseTable::distance() const {
    std::optional<std::int64_t> most;
    for (const Row& row : rows_) {
        if (row.lease.feed_target) continue;
        const auto from = std::max(row.lease.feed_cursor, first_wanted());
        most = std::max(most.value_or(0), store_.sequence().value - from.value);
    }
    return most;
}

void LeaseTable::feed_from_the_store() {
    Position done = verified.mark.floor;
    if (verified.target) done = std::max(done, std::min(verified.cursor, verified.target->floor));
    for (Row& row : rows_) {
        row.lease.feed_cursor = std::max(row.lease.feed_cursor, done);
        row.lease.feed_target.reset();
    }
    state = State::detached;
}

void LeaseTable::detach() {
    if (state == State::attached) feed_from_the_store();
}

void LeaseTable::resume() {
    if (state == State::paused) feed_from_the_store();
}

LeaseTable::Entered::Entered(LeaseTable& table, const worker::Entry& entry) : table_(table) {
    for (const auto& [partition, epoch] : entry.leases) {
        partitions_.push_back(partition);
        ++table_.rows_[static_cast<std::size_t>(partition.value)].entered;
    }
}

LeaseTable::Entered::~Entered() {
    for (const Partition partition : partitions_) --table_.rows_[static_cast<std::size_t>(partition.value)].entered;
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
    if (state == State::paused) return;
    if (distance() > queue_events_max_) return feed_from_the_store();
    const Position here = store_.sequence();
    if (!started_) {
        for (Route& route : routes_) route.begin = here;
        started_ = true;
    }
    const Position start = first_wanted();
    for (Row& row : rows_) {
        if (row.lease.feed_target) continue;
        row.lease.feed_target = here;
        row.lease.feed_cursor = std::max(row.lease.feed_cursor, start);
    }
    verified.mark.floor = std::max(verified.mark.floor, start);
    state = State::attached;
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
    return state == State::attached && std::all_of(rows_.begin(), rows_.end(), [](const Row& row) {
               return row.worker != 0 && row.lease.fed();
           });
}

worker::LeaseView LeasesPort::tick(const std::string&, std::span<const worker::WorkedOff> worked_off) {
    return world_.call(Place::postgres, Call::commit, [&] { return table_.tick(worker_, worked_off); });
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
    return routes();
}

Routes LeasesPort::routes() {
    return world_.call(Place::postgres, Call::read, [&] { return table_.routes(); });
}

void LeasesPort::detach(const std::string&) {
    world_.call(Place::postgres, Call::commit, [&] { table_.detach(); });
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
