// What the database shows, read as text.
#pragma once

#include <string>

#include "host/postgres/connection.hpp"
#include "tests/chaos/fold.hpp"

namespace lantern::chaos {

Story read_story(postgres::Connection& connection);
// All tables that fold() tells of.
Tables read_tables(postgres::Connection& connection, const Handlers& handlers);

}  // namespace lantern::chaos
