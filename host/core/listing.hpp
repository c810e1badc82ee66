// Whether a page of a list can be read along the indexes of its table: then it costs the same, however large the
// table is.
#pragma once

#include <string>
#include <vector>

#include "host/core/tables.hpp"

namespace lantern {

using Index = std::vector<std::string>;  // columns, in their order

struct Listing {
    std::vector<std::string> equal;   // columns that are compared with one value each
    std::vector<std::string> bounds;  // columns that are compared with a least or greatest value
    std::vector<std::string> order;   // by these columns, one after the other
};

// Its key and its declared ones. Of an owned table also the first column of the key alone: the rows of one stream
// are few.
std::vector<Index> indexes_of(const Table& table);

// A list is served
//  - when all columns of an index are compared: who declares it says that few rows have the same values in it; or
//  - when each compared column stands in an index that begins with such columns and goes on with the order; without
//    any, when an index begins with the order. Then bounds must be of the column of the order.
// Of the order its first column counts that is not compared; the others only tell its few equals apart.
bool serves(const std::vector<Index>& indexes, const Listing& listing);

// Columns in whose order the same rows would be served.
std::vector<std::string> orders_served(const std::vector<Index>& indexes, Listing listing);

}  // namespace lantern
