#include "host/worker/rows.hpp"

namespace lantern::worker {

void Rows::read(std::span<const StreamId> streams) {
    if (rows_.size() > kRowsMax) rows_.clear();
    std::vector<StreamId> unknown;
    for (const StreamId stream : streams) {
        StreamRow none;
        none.stream = stream;
        if (rows_.try_emplace(stream, none).second) unknown.push_back(stream);
    }
    if (unknown.empty()) return;
    try {
        for (auto& row : model_.rows(unknown)) rows_[row.stream] = std::move(row);
    } catch (...) {
        for (const StreamId stream : unknown) rows_.erase(stream);
        throw;
    }
}

}  // namespace lantern::worker
