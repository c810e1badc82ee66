// What `lantern status` shows of the handlers.
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/operate/catalog.hpp"

namespace lantern::postgres {
namespace {

const Statement kHandlerNames = statement("handler_names");
const Statement kHandlerRoutes = statement("handler_open_types");
const Statement kWorkers = statement("workers");
const Statement kLeaseCounts = statement("lease_counts");
const Statement kLag = statement("lag");
const Statement kRelay = statement("relay_status");
const Statement kUnroutable = statement("unroutable");

constexpr std::int64_t kLagLooksAt = 200'000;  // events of the store, for one handler

}  // namespace

std::vector<HandlerStatus> Catalog::handlers() {
    connection_.ensure();
    std::vector<HandlerStatus> out;
    const auto names = connection_.exec(kHandlerNames);
    for (std::size_t row = 0; row < names.size(); ++row) {
        auto registered = handler(HandlerName{names.text(row, 0)});
        if (!registered) continue;
        auto& status = out.emplace_back();
        status.handler = *std::move(registered);
        const auto types = connection_.exec(kHandlerRoutes, Params{}.add(status.handler.name.value));
        for (std::size_t type = 0; type < types.size(); ++type) status.event_types.push_back(types.text(type, 0));
        add_lag(status);
    }
    add_workers(out);
    return out;
}

void Catalog::add_workers(std::vector<HandlerStatus>& handlers) {
    const auto rows = connection_.exec(kWorkers);
    const auto leases = connection_.exec(kLeaseCounts);
    for (auto& status : handlers) {
        for (std::size_t row = 0; row < rows.size(); ++row) {
            if (rows.view(row, 0) != status.handler.name.value) continue;
            const auto id = rows.uuid(row, 1);
            if (status.workers.empty() || status.workers.back().id != id)
                status.workers.push_back({id,
                                          rows.text(row, 2),
                                          static_cast<int>(rows.integer(row, 3)),
                                          rows.text(row, 4),
                                          rows.text(row, 5),
                                          rows.time(row, 6),
                                          rows.time(row, 7),
                                          Milliseconds(rows.integer(row, 9)),
                                          {}});
            if (!rows.null(row, 8))
                status.workers.back().partitions.push_back(
                    Partition{static_cast<std::int32_t>(rows.integer(row, 8))});
        }
        int held = 0, fed = 0;
        for (std::size_t row = 0; row < leases.size(); ++row) {
            if (leases.view(row, 0) != status.handler.name.value) continue;
            held = static_cast<int>(leases.integer(row, 1));
            fed = static_cast<int>(leases.integer(row, 2));
        }
        status.partitions_unheld = status.handler.partitions - held;
        status.partitions_feeding = status.handler.partitions - fed;
    }
}

void Catalog::add_lag(HandlerStatus& status) {
    const auto rows = connection_.exec(kLag, Params{}.add(status.handler.name.value).add(kLagLooksAt));
    status.lag_events = rows.integer(0, 0);
    status.lag = Milliseconds(rows.integer(0, 1));
    status.lag_is_more = !rows.boolean(0, 2);
    status.retrying = rows.integer(0, 3);
    status.dead = rows.integer(0, 4);
}

RelayStatus Catalog::relay() {
    connection_.ensure();
    const auto rows = connection_.exec(kRelay);
    RelayStatus status;
    status.last_position = Position{rows.integer(0, 0)};
    if (rows.null(0, 1)) return status;
    status.epoch = Epoch{rows.integer(0, 1)};
    status.led = rows.boolean(0, 2);
    if (!rows.null(0, 3)) status.seen_at = rows.time(0, 3);
    status.floor = Position{rows.integer(0, 4)};
    if (status.led) status.leader = rows.uuid(0, 5);
    status.note = rows.text(0, 6);
    status.note_since = rows.time(0, 7);
    return status;
}

std::vector<Unroutable> Catalog::unroutable() {
    connection_.ensure();
    const auto rows = connection_.exec(kUnroutable);
    std::vector<Unroutable> types;
    for (std::size_t row = 0; row < rows.size(); ++row)
        types.push_back({rows.text(row, 0), rows.integer(row, 1), rows.time(row, 2)});
    return types;
}

}  // namespace lantern::postgres
