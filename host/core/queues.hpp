// Which of a handler's queues. Their names carry all that makes a queue another one, so that a change of it makes
// other queues beside those that are there.
#pragma once

#include <string>

#include "host/core/handler.hpp"

namespace lantern {

// "4": four quorum queues, one for each partition; "4c": four classic ones.
inline std::string queue_set(int partitions, QueueType type) {
    return std::to_string(partitions) + (type == QueueType::classic ? "c" : "");
}

}  // namespace lantern
