// Empties the queues of handlers: what a store that was set back published before may not be delivered.
#pragma once

#include <string>
#include <vector>

#include "host/core/identifiers.hpp"

namespace lantern::rabbitmq {

struct QueueSet {
    HandlerName handler;
    std::string name;  // core/queues.hpp
};

// How many messages were removed. Queues that do not exist are empty. What a consumer has in hand stays.
std::int64_t purge(const std::string& url, const std::vector<QueueSet>& sets);

}  // namespace lantern::rabbitmq
