// The relay's way to the broker: one connection, publisher confirms, messages of one window written together.
// Used by one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/rabbitmq/topology.hpp"
#include "host/relay/ports.hpp"

namespace lantern::rabbitmq {

class Publisher final : public relay::Publisher {
public:
    // Connects at the first declare_topology(). `incarnation` of the store goes with each message.
    Publisher(std::string url, Uuid incarnation);
    ~Publisher() override;

    // What is to be declared from now on. What was routed before stays bound until it is retired; the queues of who
    // is detached are taken away.
    void route(std::vector<TopologyHandler> handlers);
    // A worker that did not know yet may have made queues of a detached handler once more.
    void take_away_again();
    // Takes something away from the broker; false: not now, the topology is not declared.
    bool retire(const Retired& gone);
    // What was retired is wanted again: it is declared with the next declare_topology().
    void declare_again() { declared_ = false; }

    // Of which store the messages are that are published from now on.
    void belong_to(const Uuid& incarnation);

    void declare_topology() override;
    void service() override;
    std::size_t publish(std::span<const Event> events) override;
    bool topology_was_lost() override;

    // Messages that came back because nothing is routed there, by event type, since the start.
    const std::map<std::string, std::uint64_t>& unroutable() const;
    // Queues that cannot be declared as they should be; the others are, and the relay goes on.
    const std::vector<std::string>& problems() const;

private:
    class Session;
    void declare(const std::vector<TopologyHandler>& handlers);
    void renew_leaderless();

    const std::string url_;
    Uuid incarnation_;
    std::vector<TopologyHandler> handlers_;
    std::vector<TopologyHandler> changed_;  // of these, not declared yet
    std::map<HandlerName, std::string> problem_of_;
    std::map<std::string, std::uint64_t> unroutable_;
    std::vector<std::string> problems_;
    bool declared_ = false;
    int unanswered_ = 0;  // publishes in a row, of which nothing was confirmed: some queue may have no leader
    std::optional<std::pair<TopologyHandler, Partition>> leaderless_;  // a queue that was found so
    std::unique_ptr<Session> session_;                                 // nothing: not connected
};

}  // namespace lantern::rabbitmq
