// From a stored stream to the aggregate's state: snapshot, then the tail, each event upcast and evolved.
#pragma once

#include <memory>
#include <optional>

#include "host/command/ports.hpp"

namespace lantern::command {

struct Folded {
    std::unique_ptr<State> state;
    Revision revision;                     // 0: no event
    std::optional<Timestamp> recorded_at;  // of the last event; nothing: none, or it lies in the snapshot
};

struct Unfoldable {
    bool by_snapshot = false;  // load again without it
    std::string why;           // a defect of the plugin or of the stored data, with stream and revision
};

Result<Folded, Unfoldable> fold(const Aggregate& aggregate, const Upcasts& upcasts, const LoadedStream& stream);

// Upcasts the event in its place and evolves the state by it.
Result<void> evolve(State& state, Event& event, const Upcasts& upcasts);

// Loads and folds; a snapshot that cannot be read is ignored. `loaded` is what was read.
Result<Folded> load_and_fold(Store& store, const Aggregate& aggregate, const Upcasts& upcasts,
                             const std::string& aggregate_id, const Range& range, LoadedStream& loaded);

}  // namespace lantern::command
