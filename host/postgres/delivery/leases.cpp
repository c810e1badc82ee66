#include "host/postgres/delivery/leases.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kTick = statement("lease_tick");
const Statement kBound = statement("lease_bound");
const Statement kHolds = statement("lease_holds");
const Statement kRelease = statement("lease_release");
const Statement kDetach = statement("lease_detach");
const Statement kFed = statement("lease_fed");
const Statement kLeave = statement("worker_leave");
const Statement kForget = statement("worker_forget");
const Statement kRoutes = statement("routes");

worker::Queues queues_of(std::string_view text) {
    if (text == "bound") return worker::Queues::bound;
    if (text == "bind") return worker::Queues::to_bind;
    return text == "others" ? worker::Queues::others : worker::Queues::detached;
}

}  // namespace

Leases::Leases(Connection& connection, WorkerIdentity self) : connection_(connection), self_(std::move(self)) {}

Params Leases::lease(Partition partition, Epoch epoch) const {
    return Params{}.add(self_.handler.value).add(partition.value).add(self_.id).add(epoch.value);
}

worker::LeaseView Leases::tick(const std::string& note, std::span<const worker::WorkedOff> worked_off) {
    Params params;
    params.add(self_.handler.value).add(self_.id).add(self_.host).add(self_.pid).add(self_.plugin_build).add(note);
    params.add(std::int64_t{std::chrono::duration_cast<Milliseconds>(limits::kHeartbeatDead).count()});
    params.add(self_.bound ? self_.bound->queues : "");
    params.add(array_of(worked_off, [](const auto& queue) { return std::int64_t{queue.partition.value}; }));
    params.add(array_of(worked_off, [](const auto& queue) { return queue.position.value; }));
    params.add(self_.queue_events_max);
    const auto rows = connection_.exec(kTick, params);
    worker::LeaseView view;
    view.queues = queues_of(rows.view(0, 5));
    view.edge = Position{rows.integer(0, 6)};
    view.published = Position{rows.integer(0, 7)};
    for (std::size_t row = 0; row < rows.size() && !rows.null(row, 0); ++row) {
        auto& lease = view.held.emplace_back();
        lease.partition = Partition{static_cast<std::int32_t>(rows.integer(row, 0))};
        lease.epoch = Epoch{rows.integer(row, 1)};
        lease.feed_cursor = Position{rows.integer(row, 2)};
        if (!rows.null(row, 3)) lease.feed_target = Position{rows.integer(row, 3)};
        if (rows.boolean(row, 4)) view.to_release.push_back(lease.partition);
    }
    return view;
}

bool Leases::holds(Partition partition, Epoch epoch) {
    return connection_.exec(kHolds, lease(partition, epoch)).boolean(0, 0);
}

void Leases::release(Partition partition, Epoch epoch) {
    connection_.exec(kRelease, lease(partition, epoch));
}

Routes Leases::bound() {
    Params params;
    params.add(self_.handler.value);
    if (self_.bound) {
        params.add(self_.bound->queues).add(self_.bound->partitions).add(self_.bound->revision);
        params.add(array_of(self_.bound->event_types, [](const auto& type) { return std::string_view(type); }));
    } else {
        params.add("").add(0).add(0).add_null();
    }
    connection_.exec(kBound, params.add(self_.plugin_build).add(self_.queue_events_max));
    return routes();
}

void Leases::detach(const std::string& reason) {
    connection_.exec(kDetach, Params{}.add(self_.handler.value).add(reason));
}

Routes Leases::routes() {
    const auto rows = connection_.exec(kRoutes, Params{}.add(self_.handler.value));
    std::vector<Route> routes;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto& route = routes.emplace_back();
        route.event_type = rows.text(row, 0);
        route.begin = Position{rows.integer(row, 1)};
        if (!rows.null(row, 2)) route.end = Position{rows.integer(row, 2)};
    }
    return Routes(std::move(routes));
}

void Leases::fed_up_to(Partition partition, Epoch epoch, Position cursor) {
    connection_.exec(kFed, lease(partition, epoch).add(cursor.value));
}

void Leases::leave() {
    connection_.exec(kLeave, Params{}.add(self_.id));
}

void forget_worker(Connection& connection, const std::string& host, int pid) {
    connection.exec(kForget, Params{}.add(host).add(pid));
}

}  // namespace lantern::postgres
