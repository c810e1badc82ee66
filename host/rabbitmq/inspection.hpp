// What an operator wants to know of a broker before trusting it: its version, whether an alarm stops publishers,
// and whether a handler's queues are there, as declared, with a leader. Changes nothing. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/rabbitmq/topology.hpp"

namespace lantern::rabbitmq {

class Inspection {
public:
    // Connects; throws Fault.
    explicit Inspection(const std::string& url);
    ~Inspection();
    Inspection(const Inspection&) = delete;
    Inspection& operator=(const Inspection&) = delete;

    std::string version() const;
    // Why the broker stops publishers (its memory or disk alarm); nothing: it takes what is published.
    std::optional<std::string> alarm();

    bool has_exchange();
    enum class Queue { fine, missing, other_arguments, no_leader };
    // no_leader: a classic queue whose node is away; of a quorum queue this does not show. An AMQP client can't
    // list bindings; relay and workers declare them anew at each connect.
    Queue queue(const TopologyHandler& handler, Partition partition);
    // Those that deliver nothing, of queues that are there; takes seconds if there are any.
    std::vector<std::string> without_leader(const std::vector<std::string>& queues);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lantern::rabbitmq
