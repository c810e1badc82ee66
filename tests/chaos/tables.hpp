// Tables as the checker compares them: rows of texts under a key.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace lantern::chaos {

using Row = std::map<std::string, std::string>;  // column -> value; null: "(null)"
using Rows = std::map<std::string, Row>;         // key -> row
using Tables = std::map<std::string, Rows>;      // schema.table -> rows

inline constexpr const char* kNull = "(null)";

// What differs, one line for each row: which, what is shown, what is expected. Columns that `expected` does not
// name are not compared; rows are, both ways.
std::vector<std::string> differences(const Tables& shown, const Tables& expected);

}  // namespace lantern::chaos
