// Whether the rows of an audit log are as the plugin left them. What shows: a row that was changed, added or moved,
// one that is missing at the beginning, in the middle or at the end, and a head that does not follow from the rows.
// Without a key that holds against slips only: whoever may write the table can make hashes that fit.
#pragma once

#include <string_view>

#include <lantern/findings.hpp>

namespace audit {

// Of all subjects of the aggregate id; `key` as the rows' hashes were made with.
void check_chains(const lantern::OwnedRows& rows, std::string_view key, lantern::Findings& findings);

}  // namespace audit
