// How a group of appends is told to lantern.append_group, and what it answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/command/ports.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

// Bytes as bytea reads them: \x00ff
std::string hex_of(std::string_view bytes);

Params parameters_of(const std::vector<const command::Append*>& group);
std::vector<std::optional<command::AppendOutcome>> outcomes_of(const std::vector<const command::Append*>& group,
                                                               const Rows& rows);

}  // namespace lantern::postgres
