// Which of a handler's queues. Their names carry all that makes a queue another one, so that a change of it makes
// other queues beside those that are there.
#pragma once

#include <string>

#include "host/core/handler.hpp"
#include "host/core/limits.hpp"

namespace lantern {

// "4": four quorum queues, one for each partition; "4c": four classic ones; "4-1000": each holds 1000 messages, and
// not as many as usual.
inline std::string queue_set(int partitions, QueueType type, std::int64_t length_max) {
    return std::to_string(partitions) + (type == QueueType::classic ? "c" : "") +
           (length_max == limits::kQueueLengthMax ? "" : "-" + std::to_string(length_max));
}
inline std::string queue_set(const HandlerSettings& handler) {
    return queue_set(handler.partitions, handler.queue_type, handler.queue_length_max);
}

}  // namespace lantern
