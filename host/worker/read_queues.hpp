// The queues that a worker reads: how far each has been worked off, and whether it gets what they hold.
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <vector>

#include "host/core/clock.hpp"
#include "host/core/limits.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker {

class ReadQueues {
public:
    ReadQueues(Deliveries& deliveries, Clock& clock, std::uint64_t queue_events_max)
        : deliveries_(deliveries), clock_(clock), queue_events_max_(queue_events_max) {}

    // Twice is fine.
    void subscribe(Partition partition);
    // The connection is gone. How far they were worked off still holds.
    void forget();

    void arrived(std::span<const Delivery> deliveries);
    // Committed and acknowledged.
    void settled(std::span<const Delivery> deliveries);

    enum class Found {
        nothing,
        silent,       // a queue holds messages that don't come: its consumer is one in name only
        overflowing,  // a queue is full and loses its oldest
    };
    // Asks the broker, if it is time for that. Each queue is judged by itself, however busy the others are.
    // `in_hand`: taken, and not settled. `published`: what lies at or below it had been published before now.
    Found look(std::span<const Delivery> in_hand, Position published);

    std::vector<WorkedOff> worked_off() const;

private:
    static constexpr int kSilentMax = 3;  // looks in a row

    struct Queue {
        bool came = false;  // something, since the last look
        int silent = 0;     // looks in a row
    };

    Deliveries& deliveries_;
    Clock& clock_;
    const std::uint64_t queue_events_max_;
    std::map<Partition, Queue> subscribed_;
    std::map<Partition, Position> worked_off_;
    std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace lantern::worker
