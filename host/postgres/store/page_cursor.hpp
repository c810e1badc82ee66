// Where a page of rows ended: the values of the columns it is ordered by, as text that can stand in a URL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lantern::postgres {

using CursorValues = std::vector<std::optional<std::string>>;

std::string cursor_text(const CursorValues& values);
// Nothing: the text is no cursor.
std::optional<CursorValues> parse_cursor(std::string_view text);

}  // namespace lantern::postgres
