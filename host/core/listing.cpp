#include "host/core/listing.hpp"

#include <algorithm>

namespace lantern {
namespace {

using Columns = std::vector<std::string>;

bool among(const Columns& columns, const std::string& name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
}

// With how many columns that are compared the index begins.
Columns::const_iterator behind_compared(const Index& index, const Columns& equal) {
    return std::find_if(index.begin(), index.end(), [&](const auto& column) { return !among(equal, column); });
}

}  // namespace

std::vector<Index> indexes_of(const Table& table) {
    auto indexes = table.indexes;
    auto& key = indexes.emplace_back();
    for (std::size_t at = 0; at < table.key_columns && at < table.columns.size(); ++at)
        key.push_back(table.columns[at].name);
    if (table.ownership == Ownership::owned && key.size() > 1) indexes.push_back({key.front()});
    return indexes;
}

bool serves(const std::vector<Index>& indexes, const Listing& listing) {
    const auto& equal = listing.equal;
    const auto any = [&](const auto& fits) { return std::any_of(indexes.begin(), indexes.end(), fits); };
    if (any([&](const Index& index) { return !index.empty() && behind_compared(index, equal) == index.end(); }))
        return true;
    const auto order = behind_compared(listing.order, equal);
    if (order == listing.order.end()) return false;
    if (std::any_of(listing.bounds.begin(), listing.bounds.end(), [&](const auto& of) { return of != *order; }))
        return false;
    if (equal.empty()) return any([&](const Index& index) { return !index.empty() && index.front() == *order; });
    return std::all_of(equal.begin(), equal.end(), [&](const std::string& column) {
        return any([&](const Index& index) {
            const auto next = behind_compared(index, equal);
            return next != index.end() && *next == *order && std::find(index.begin(), next, column) != next;
        });
    });
}

std::vector<std::string> orders_served(const std::vector<Index>& indexes, Listing listing) {
    std::vector<std::string> served;
    for (const auto& index : indexes)
        for (const auto& column : index) {
            listing.order = {column};
            if (!among(served, column) && serves(indexes, listing)) served.push_back(column);
        }
    return served;
}

}  // namespace lantern
