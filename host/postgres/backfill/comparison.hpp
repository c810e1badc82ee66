// Two models of one handler, row by row. Rows of a stream are compared where both models stand at the same
// checkpoint; those of others are unsettled, and counted as such: nothing is left out in silence. They are looked
// at again, by themselves, once both models have moved on. Shared tables are compared as a whole, and settled only
// when all streams are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/core/tables.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

struct Difference {
    std::string table;
    std::string left, right;  // rows as JSON; empty: there is none
};

struct TableComparison {
    std::string table;
    std::int64_t equal = 0, differing = 0, unsettled = 0;
    bool compared = true;  // false: shared rows are not of the chosen streams alone
};

struct Comparison {
    std::vector<TableComparison> tables;
    std::vector<Difference> differences;  // at most kDifferencesMax
    std::int64_t streams_unsettled = 0;
    std::vector<StreamId> unsettled;  // which they are; none when there are more than kUnsettledMax

    // Adds what another look, at `unsettled` alone, has found.
    void settle(Comparison again);
    bool equal() const;  // nothing differs, and nothing is unsettled
    bool settled() const;
    std::int64_t not_shown() const;  // rows that differ and are not among `differences`
    std::string json() const;
};

inline constexpr std::size_t kDifferencesMax = 1000;
inline constexpr std::size_t kUnsettledMax = 20'000;

// `left` and `right` are schemas with these tables, seen at one moment. `chosen`: only rows of these streams, and
// no shared tables; nothing: all.
Comparison compare(Connection& connection, const std::string& left, const std::string& right,
                   const std::vector<Table>& tables,
                   const std::optional<std::vector<StreamId>>& chosen = std::nullopt);

}  // namespace lantern::postgres
