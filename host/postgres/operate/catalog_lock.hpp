// One edit of handlers, routes and their schemas at a time, in the whole cluster: held until the transaction ends.
// Two grants on one schema at once fail otherwise ("tuple concurrently updated").
#pragma once

#include "host/postgres/connection.hpp"

namespace lantern::postgres {

inline void lock_catalog(Connection& connection) {
    connection.query("select pg_advisory_xact_lock(19521, 2)");
}

}  // namespace lantern::postgres
