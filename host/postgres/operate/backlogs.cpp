#include "host/postgres/operate/backlogs.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kBacklog = statement("backlog");
const Statement kRelayBacklog = statement("relay_backlog");

constexpr std::int64_t kLooksAt = 20'000;  // events, for each handler: enough to tell whether anything waits

}  // namespace

Backlogs::Backlogs(const std::string& url)
    : connection_({.url = url, .application_name = "lantern backlogs", .plans = Plans::estimated}) {}

std::vector<supervise::Backlog> Backlogs::of_handlers(Of of) {
    connection_.ensure();
    const std::int64_t dead_ms = Milliseconds(limits::kHeartbeatDead).count();
    std::optional<std::int64_t> heard_within_ms;
    if (of == Of::worked_on) heard_within_ms = dead_ms;
    const auto rows = connection_.exec(kBacklog, Params{}.add(kLooksAt).add(heard_within_ms).add(dead_ms));
    std::vector<supervise::Backlog> backlogs;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto& backlog = backlogs.emplace_back();
        backlog.handler = rows.text(row, 0);
        backlog.state = rows.text(row, 1);
        backlog.state_reason = rows.text(row, 2);
        backlog.partition = static_cast<int>(rows.integer(row, 3));
        backlog.events = rows.integer(row, 4);
        backlog.oldest = Milliseconds(rows.integer(row, 5));
        if (!rows.null(row, 6))
            backlog.holder = {rows.text(row, 6), static_cast<int>(rows.integer(row, 7)),
                              Milliseconds(rows.integer(row, 8)), rows.text(row, 9)};
    }
    return backlogs;
}

supervise::RelayBacklog Backlogs::of_relay() {
    connection_.ensure();
    const auto rows = connection_.exec(kRelayBacklog, Params{}.add(kLooksAt));
    supervise::RelayBacklog backlog{rows.integer(0, 0), Milliseconds(rows.integer(0, 1)), std::nullopt};
    if (!rows.null(0, 2)) backlog.leader_heartbeat = Milliseconds(rows.integer(0, 2));
    return backlog;
}

std::optional<IntakeStatus> Backlogs::of_intake() {
    connection_.ensure();
    return read_intake(connection_);
}

}  // namespace lantern::postgres
