// The stream rows that this worker read or wrote, kept while it holds their partitions. A row here may be stale:
// every write is a compare-and-set, and a miss forgets it.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "host/worker/ports.hpp"

namespace lantern::worker {

class Rows {
public:
    explicit Rows(ReadModel& model) : model_(model) {}

    // Reads those not known, with one statement. A stream without a row gets one of revision 0.
    void read(std::span<const StreamId> streams);
    // Precondition: read.
    const StreamRow& at(StreamId stream) const { return rows_.at(stream); }

    void put(const StreamRow& row) { rows_[row.stream] = row; }
    void forget(StreamId stream) { rows_.erase(stream); }
    void forget_all() { rows_.clear(); }

private:
    static constexpr std::size_t kRowsMax = 100'000;  // about 15 MB

    ReadModel& model_;
    std::unordered_map<StreamId, StreamRow> rows_;
};

}  // namespace lantern::worker
