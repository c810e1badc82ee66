// What `lantern status` prints of the queue of events from outside.
#pragma once

#include <boost/json/value.hpp>
#include <optional>

#include "host/postgres/operate/intake_status.hpp"

namespace lantern::apps {

// Nothing when no queue was ever read.
void print_intake(const std::optional<postgres::IntakeStatus>& intake);
boost::json::value intake_json(const std::optional<postgres::IntakeStatus>& intake);  // null: none was ever read

}  // namespace lantern::apps
