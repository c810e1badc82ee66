// A worker's way from the broker: one connection, one channel, a consumer for each partition that the worker holds.
// Used by one thread.
//
// After a Fault the connection is of no use until disconnect() and declare(); nothing is subscribed then, and what
// was not acknowledged comes again.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "host/rabbitmq/topology.hpp"
#include "host/worker/ports.hpp"

namespace lantern::rabbitmq {

class Deliveries final : public worker::Deliveries {
public:
    // Connects at the first declare().
    Deliveries(std::string url, TopologyHandler handler, std::uint16_t prefetch = limits::kPrefetch);
    ~Deliveries() override;

    // Throws Fault (configuration) when a queue exists with other arguments.
    void declare() override;
    // A queue that gave no answer twice in a row, and holds nothing, is renewed; the Fault says so.
    void subscribe(Partition partition) override;
    std::vector<worker::Delivery> take(std::size_t events_max, std::size_t bytes_max, Milliseconds wait) override;
    // A tag of an earlier connection is ignored: its message comes again.
    void acknowledge_up_to(std::uint64_t tag) override;
    std::uint64_t ready(Partition partition) override;
    std::uint64_t untaken(Partition partition) override;
    void disconnect() override;

    // To be called at least every limits::kAmqpHeartbeatSeconds when take() is not.
    void service() override;

private:
    class Session;
    Session& session();

    const std::string url_;
    const TopologyHandler handler_;
    const std::uint16_t prefetch_;
    std::uint64_t tags_before_ = 0;        // highest tag of earlier connections: tags never repeat
    std::map<Partition, int> unanswered_;  // subscribes in a row
    std::unique_ptr<Session> session_;
};

}  // namespace lantern::rabbitmq
