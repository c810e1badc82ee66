#include "host/worker/read_queues.hpp"

#include <algorithm>
#include <set>

namespace lantern::worker {

void ReadQueues::subscribe(Partition partition) {
    if (subscribed_.contains(partition)) return;
    deliveries_.subscribe(partition);
    subscribed_.try_emplace(partition);
}

void ReadQueues::forget() {
    subscribed_.clear();
}

void ReadQueues::arrived(std::span<const Delivery> deliveries) {
    for (const Delivery& delivery : deliveries) {
        const auto queue = subscribed_.find(delivery.partition);
        if (queue != subscribed_.end()) queue->second.came = true;
    }
}

void ReadQueues::settled(std::span<const Delivery> deliveries) {
    for (const Delivery& delivery : deliveries) {
        Position& up_to = worked_off_[delivery.partition];
        up_to = std::max(up_to, delivery.event.position);
    }
}

ReadQueues::Found ReadQueues::look(std::span<const Delivery> in_hand, Position published) {
    if (clock_.steady() < next_look_) return Found::nothing;
    next_look_ = clock_.steady() + limits::kQueuesLookedAtEvery;
    std::set<Partition> unsettled;
    for (const Delivery& delivery : in_hand) unsettled.insert(delivery.partition);
    Found found = Found::nothing;
    for (auto& [partition, queue] : subscribed_) {
        const auto ready = deliveries_.ready(partition);
        if (ready >= queue_events_max_) return Found::overflowing;
        // What is unacknowledged may be as much as the broker gives.
        const bool all_settled = !unsettled.contains(partition) && deliveries_.untaken(partition) == 0;
        if (all_settled && ready == 0) {
            Position& up_to = worked_off_[partition];
            up_to = std::max(up_to, published);
        }
        queue.silent = all_settled && ready > 0 && !queue.came ? queue.silent + 1 : 0;
        queue.came = false;
        if (queue.silent >= kSilentMax) found = Found::silent;
    }
    return found;
}

std::vector<WorkedOff> ReadQueues::worked_off() const {
    std::vector<WorkedOff> all;
    for (const auto& [partition, up_to] : worked_off_) all.push_back({partition, up_to});
    return all;
}

}  // namespace lantern::worker
