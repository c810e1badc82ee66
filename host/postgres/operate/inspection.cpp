#include "host/postgres/operate/inspection.hpp"

#include "host/core/clock.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/migrate.hpp"
#include "host/postgres/store/incarnation.hpp"

namespace lantern::postgres {
namespace {

const Statement kInspection = statement("inspection");
const Statement kRoutingHead = statement("routing_head");
const Statement kRolesMissing = statement("roles_missing");

void add_server(Inspection& seen, Connection& connection) {
    SystemClock clock;
    connection.exec(kInspection);  // prepared now: the second one is asked the time alone
    const auto before = clock.now();
    const auto rows = connection.exec(kInspection);
    const auto took = clock.now() - before;
    seen.version = static_cast<int>(rows.integer(0, 0));
    seen.version_text = rows.text(0, 1);
    seen.user = rows.text(0, 2);
    seen.database = rows.text(0, 3);
    seen.may_create_schemas = rows.boolean(0, 4);
    seen.may_create_roles = rows.boolean(0, 5);
    seen.owns_store = rows.boolean(0, 6);
    seen.clock_ahead = std::chrono::duration_cast<Milliseconds>(rows.time(0, 7) - (before + took / 2));
    seen.clock_doubt = std::chrono::ceil<Milliseconds>(took / 2);
    seen.connections_max = static_cast<int>(rows.integer(0, 8));
    seen.connections_other = static_cast<int>(rows.integer(0, 9));
    seen.is_standby = rows.boolean(0, 10);
    seen.encoding = rows.text(0, 11);
    seen.fsync = rows.boolean(0, 12);
    seen.synchronous_commit = rows.text(0, 13);
}

void add_store(Inspection& seen, Connection& connection) {
    try {
        seen.migrated = migrated(connection.session().url);
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::configuration) throw;
        seen.migrations_trouble = fault.what();
    }
    if (!seen.migrated) return;
    try {
        check_incarnation(connection);
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::configuration) throw;
        seen.incarnation_trouble = fault.what();
    }
    const auto missing = connection.exec(kRolesMissing);
    for (std::size_t row = 0; row < missing.size(); ++row) seen.without_role.push_back(missing.text(row, 0));
    const auto head = connection.exec(kRoutingHead);
    if (head.empty()) return;
    seen.routing = head.integer(0, 0);
    seen.routing_hash = head.text(0, 3);
}

}  // namespace

Inspection inspect(const std::string& url) {
    Connection connection({.url = url, .application_name = "lantern inspection", .plans = Plans::estimated});
    Inspection seen;
    add_server(seen, connection);
    add_store(seen, connection);
    return seen;
}

}  // namespace lantern::postgres
