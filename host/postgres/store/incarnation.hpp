// Which store a connection leads to. After a restore or a fail-over the server is another, or on another timeline:
// events that were delivered may be gone, so nothing may be delivered until the store is adopted.
#pragma once

#include "host/postgres/connection.hpp"

namespace lantern::postgres {

// Throws Fault of kind configuration when server or database are not those that the store belongs to.
Uuid read_incarnation(Connection& connection);
// For Session::once_connected, of whoever delivers.
void check_incarnation(Connection& connection);

}  // namespace lantern::postgres
