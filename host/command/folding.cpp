#include "host/command/folding.hpp"

namespace lantern::command {

Result<void> evolve(State& state, Event& event, const Upcasts& upcasts) {
    const auto place = [&] {
        return event.aggregate_type + "/" + event.aggregate_id + " revision " +
               std::to_string(event.revision.value) + " (" + event.type + "): ";
    };
    if (const auto refused = upcasts.upcast(event)) return failure(place() + *refused);
    if (const auto evolved = state.evolve(event); !evolved) return failure(place() + evolved.error());
    return boost::outcome_v2::success();
}

Result<Folded, Unfoldable> fold(const Aggregate& aggregate, const Upcasts& upcasts, const LoadedStream& stream) {
    Folded folded{aggregate.state(), Revision{0}, std::nullopt};
    if (stream.snapshot) {
        if (const auto loaded = folded.state->load(stream.snapshot->state); !loaded)
            return failure(Unfoldable{true, "snapshot: " + loaded.error()});
        folded.revision = stream.snapshot->revision;
    }
    Event event;  // one for all: its texts keep their room
    for (const auto& stored : stream.events) {
        event = stored;
        if (const auto evolved = evolve(*folded.state, event, upcasts); !evolved)
            return failure(Unfoldable{false, evolved.error()});
        folded.revision = event.revision;
        folded.recorded_at = event.recorded_at;
    }
    return folded;
}

Result<Folded> load_and_fold(Store& store, const Aggregate& aggregate, const Upcasts& upcasts,
                             const std::string& aggregate_id, const Range& range, LoadedStream& loaded) {
    const auto& described = aggregate.description();
    loaded = store.load(described.aggregate_type, aggregate_id, described.state_version, described.build, range);
    auto folded = fold(aggregate, upcasts, loaded);
    if (!folded && folded.error().by_snapshot) {
        // No snapshot has an empty build, so this reads the events from the first on.
        loaded = store.load(described.aggregate_type, aggregate_id, described.state_version, "", range);
        folded = fold(aggregate, upcasts, loaded);
    }
    if (!folded) return failure(folded.error().why);
    return std::move(folded.value());
}

}  // namespace lantern::command
