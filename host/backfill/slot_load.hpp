// Folds one slot of a handler's history into tables without indexes: stream by stream, event by event, and writes
// what is done every so many events, together with how far it has come. Whoever takes the slot up after a crash
// goes on behind the last stream that was written.
//
// A stream whose event fails is parked there, and the rebuild goes on. A stream that is longer than fits in memory
// is left out: it is caught up once the tables have their keys.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>

#include "host/backfill/fold.hpp"
#include "host/backfill/ports.hpp"

namespace lantern::backfill {

// Longer ones may own more rows than memory should hold.
inline constexpr std::int64_t kLongStream = 50'000;

inline constexpr std::int64_t kChunkEventsMin = 1'000, kChunkEventsMax = 16'000;
// Of a share with so many events: small enough to lose, large enough not to cost.
inline std::int64_t chunk_events(std::int64_t of_share) {
    return std::clamp(of_share / 25, kChunkEventsMin, kChunkEventsMax);
}

class SlotLoad {
public:
    struct Parts {
        const std::vector<Table>& tables;
        const Routes& routes;
        worker::Upcasts& upcasts;
        // Makes the plugin's object. Throws Fault of kind configuration when the plugin refuses.
        std::function<std::unique_ptr<worker::Projection>()> make_object;
        Clock& clock;
        // Asked between chunks, with the events folded since it was asked last; false: stop here.
        std::function<bool(std::int64_t events)> go_on;
        // Between two commits, at about that many: what a process that dies has folded in vain.
        std::int64_t chunk_events = kChunkEventsMax;
    };
    explicit SlotLoad(Parts parts);

    enum class Done {
        whole,
        stopped,  // asked to: what was committed stays
        lost,     // the slot is no longer ours
    };
    // `until`: the slot's last stream. Fault outage when the plugin says that a dependency is away.
    Done run(Scan& scan, Load& load, StreamId until);

private:
    static constexpr std::size_t kChunkBytes = 32u << 20;
    static constexpr std::size_t kPartialsMax = 200'000;

    void fold(Event& event);
    void end_stream(Load& load);
    bool commit(Load& load, StreamId done);

    Parts parts_;
    Fold fold_;
    std::unique_ptr<worker::Projection> object_;
    worker::StreamRow row_;  // of the stream in hand
    bool left_out_ = false;  // the stream in hand is too long
    Tally tally_;
};

}  // namespace lantern::backfill
