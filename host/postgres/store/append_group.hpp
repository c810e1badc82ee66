// How a group of appends is told to lantern.append_group, and what it answers.
#pragma once

#include <optional>
#include <vector>

#include "host/command/ports.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

Params parameters_of(const std::vector<const command::Append*>& group);
std::vector<std::optional<command::AppendOutcome>> outcomes_of(const std::vector<const command::Append*>& group,
                                                               const Rows& rows);

}  // namespace lantern::postgres
