#include "host/postgres/leases.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kTick = statement("lease_tick");
const Statement kBound = statement("lease_bound");
const Statement kHolds = statement("lease_holds");
const Statement kRelease = statement("lease_release");
const Statement kFed = statement("lease_fed");
const Statement kLeave = statement("worker_leave");
const Statement kForget = statement("worker_forget");
const Statement kRoutes = statement("routes");

}  // namespace

Leases::Leases(Connection& connection, WorkerIdentity self) : connection_(connection), self_(std::move(self)) {}

Params Leases::lease(Partition partition, Epoch epoch) const {
    return Params{}.add(self_.handler.value).add(partition.value).add(self_.id).add(epoch.value);
}

worker::LeaseView Leases::tick(const std::string& note) {
    Params params;
    params.add(self_.handler.value).add(self_.id).add(self_.host).add(self_.pid).add(self_.plugin_build).add(note);
    params.add(std::int64_t{std::chrono::duration_cast<Milliseconds>(limits::kHeartbeatDead).count()});
    params.add(self_.bound ? self_.bound->queues : "");
    const auto rows = connection_.exec(kTick, params);
    worker::LeaseView view;
    for (std::size_t row = 0; row < rows.size(); ++row) {
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
    connection_.exec(kBound, params.add(self_.plugin_build));
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
