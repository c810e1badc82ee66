// The tables that a projection declares: parsing, checking, and the canonical text that is hashed and compared.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/core/tables.hpp"
#include "host/plugin_loading/json_reader.hpp"

namespace lantern::plugin_loading {

std::vector<Table> parse_tables(const boost::json::array& tables, Problems& problems);

// Members in fixed order, defaults written out: equal tables have equal text.
std::string canonical_text(const std::vector<Table>& tables);

// What `now` declares otherwise than `before`, one line for each difference.
std::vector<std::string> differences(const std::vector<Table>& before, const std::vector<Table>& now);

std::string_view type_name(ColumnType type);
std::string_view ownership_name(Ownership ownership);
std::string_view merge_name(Merge merge);

}  // namespace lantern::plugin_loading
