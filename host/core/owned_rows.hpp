// What a handler's owned tables hold for one aggregate id, and what its plugin finds wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/core/identifiers.hpp"
#include "host/core/tables.hpp"

namespace lantern {

struct OwnedRows {
    struct Stream {
        std::string aggregate_type;
        Revision revision;  // the handler's checkpoint
        bool operator==(const Stream&) const = default;
    };
    std::string aggregate_id;
    // Of this id, by type: one, as a rule. None: rows of which the handler knows no stream.
    std::vector<Stream> streams;
    std::vector<std::vector<Row>> tables;  // by declared table, sorted by key; of shared tables none
};

struct Finding {
    std::uint32_t table = 0;
    std::vector<Value> key;  // of the row, or of one that should be there
    std::string found, expected;
};

}  // namespace lantern
