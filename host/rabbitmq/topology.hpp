// Which queues a handler has and what is bound to them. Computed from the routing alone, so that the relay and each
// worker declare the same; what exists already is left as it is.
#pragma once

#include <string>
#include <vector>

#include "host/core/handler.hpp"
#include "host/core/identifiers.hpp"
#include "host/core/limits.hpp"
#include "host/core/queues.hpp"

namespace lantern::rabbitmq {

inline constexpr const char* kExchange = "lantern.events";
// So often in a row a queue may not answer; then it is renewed.
inline constexpr int kUnansweredMax = 2;

struct TopologyHandler {
    HandlerName name;
    int partitions = 4;
    QueueType queue_type = QueueType::quorum;
    std::vector<std::string> event_types;
    std::int64_t queue_length_max = limits::kQueueLengthMax;
    bool detached = false;  // routed, but fed from the store: its queues are taken away
    bool operator==(const TopologyHandler&) const = default;
};

std::string queue_set(const TopologyHandler& handler);  // core/queues.hpp
// lantern.<handler>.<queue set>.<k>
std::string queue_name(const HandlerName& handler, const std::string& queue_set, Partition partition);
std::string queue_name(const TopologyHandler& handler, Partition partition);
// <bucket>.*.<event type>; the word in the middle is the aggregate type.
std::string binding_key(Bucket bucket, const std::string& event_type);
std::string routing_key(Bucket bucket, const std::string& aggregate_type, const std::string& event_type);

// What nobody wants any more: the bindings of one event type, or all queues of a set (event_type empty).
struct Retired {
    HandlerName handler;
    std::string queue_set, event_type;
    bool operator==(const Retired&) const = default;
};

class Connection;

// What is done about a queue that answers nobody, for logs.
std::string renewed(const std::string& queue);

// Declares over a channel of its own, so that a refusal does not close the channel that publishes or consumes.
class Topology final {
public:
    // The connection must outlive it.
    explicit Topology(Connection& connection);

    void declare_exchange();
    // Queues and bindings. Throws Fault (configuration) when a queue exists with other arguments; the handler's
    // other queues and all bindings are in place then.
    void declare(const TopologyHandler& handler);
    // One queue, without its bindings. Throws as declare() does.
    void declare_queue(const TopologyHandler& handler, Partition partition);
    // Makes one queue anew, with its bindings; what it held comes from the store. For a quorum queue that is
    // forgotten: RabbitMQ 3.10 forgets the one that was declared last when it is killed soon after. It answers
    // who declares it, as empty, and who deletes it; who consumes or publishes waits in vain. (One whose nodes are
    // away does so too: as empty, even when it holds messages; those come from the store then as well.)
    void renew(const TopologyHandler& handler, Partition partition);
    // Messages in the queue that were given to nobody. Throws Fault when there is no such queue.
    std::uint64_t ready(const std::string& queue);
    // Unbinds a type, what is queued stays; or deletes queues with all that they hold. What is gone already is
    // fine.
    void retire(const Retired& gone);

private:
    void open();
    void delete_queue(const std::string& queue);
    void bind(const TopologyHandler& handler);

    Connection& connection_;
};

}  // namespace lantern::rabbitmq
