#include "host/postgres/store/incarnation.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kIncarnation = statement("incarnation");

}  // namespace

Uuid read_incarnation(Connection& connection) {
    const auto rows = connection.exec(kIncarnation);
    if (!rows.boolean(0, 1))
        throw Fault(FaultKind::configuration, "postgres",
                    "this store was restored or failed over (" + rows.text(0, 2) +
                        "): commits may be lost that were delivered already. Nothing is delivered until "
                        "`lantern store adopt`");
    return rows.uuid(0, 0);
}

void check_incarnation(Connection& connection) {
    read_incarnation(connection);
}

}  // namespace lantern::postgres
