// The broker: queues of each handler's partitions, connections that consume and drop, messages that come again, out
// of order, or never.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "host/relay/ports.hpp"
#include "host/worker/ports.hpp"
#include "tests/sim/world.hpp"

namespace lantern::sim {

class Broker {
public:
    using QueueName = std::pair<std::size_t, Partition>;  // handler's number

    struct Binding {
        int partitions = 1;
        std::set<std::string> types;
        bool declared = false;
        bool known_to_relay = false;
        std::size_t queue_events_max = 1'000'000;  // its oldest are dropped beyond
    };
    struct Connection {
        std::size_t handler = 0;
        bool open = true;
        std::set<Partition> subscribed;
        std::deque<worker::Delivery> arrived;
        std::map<std::uint64_t, worker::Delivery> unacknowledged;
        std::uint64_t tag = 0;
    };

    explicit Broker(World& world) : world_(world) {}

    void route(std::size_t handler, int partitions, std::set<std::string> types, std::size_t queue_events_max) {
        bindings_[handler] = {partitions, std::move(types), false, false, queue_events_max};
    }
    Binding& binding(std::size_t handler) { return bindings_.at(handler); }
    // False: a handler that the relay knows has no queues.
    bool publish(const Event& event);
    void declare_known();

    std::size_t connect(std::size_t handler);
    Connection& connection(std::size_t number) { return connections_.at(number); }
    // What was not acknowledged goes back, more or less to where it came from.
    void drop(std::size_t number);
    std::vector<std::size_t> open_connections() const;
    // Pushes ready messages to one subscribed consumer.
    void push(std::size_t number, std::size_t messages);

    // Queues, bindings, messages: gone, and whoever read them is told.
    void take_away(std::size_t handler);

    // Mischief
    void shuffle();
    void wipe();

    std::size_t ready(std::size_t handler, Partition partition) { return queues_[{handler, partition}].size(); }
    std::size_t left() const;
    std::set<Position> confirmed;

private:
    World& world_;
    std::map<std::size_t, Binding> bindings_;
    std::map<QueueName, std::deque<Event>> queues_;
    std::map<std::size_t, Connection> connections_;
    std::size_t next_connection_ = 0;
};

class PublisherPort final : public relay::Publisher {
public:
    PublisherPort(World& world, Broker& broker) : world_(world), broker_(broker) {}

    void declare_topology() override;
    void service() override;
    std::size_t publish(std::span<const Event> events) override;
    bool topology_was_lost() override { return topology_lost_; }

private:
    World& world_;
    Broker& broker_;
    bool topology_lost_ = false;
};

class DeliveriesPort final : public worker::Deliveries {
public:
    // Asked of each event when it is acknowledged: may it be?
    using MayGo = std::function<bool(const Event&)>;

    DeliveriesPort(World& world, Broker& broker, std::size_t handler, MayGo may_go)
        : world_(world), broker_(broker), handler_(handler), may_go_(std::move(may_go)) {}
    ~DeliveriesPort() override { broker_.drop(connection_); }

    void declare() override;
    void subscribe(Partition partition) override;
    std::vector<worker::Delivery> take(std::size_t events_max, std::size_t bytes_max, Milliseconds wait) override;
    void acknowledge_up_to(std::uint64_t tag) override;
    void service() override { connected(); }
    std::uint64_t ready(Partition partition) override;
    std::uint64_t untaken(Partition partition) override;
    void disconnect() override;

private:
    Broker::Connection& connected();

    World& world_;
    Broker& broker_;
    const std::size_t handler_;
    const MayGo may_go_;
    std::size_t connection_ = 0;  // 0: none
};

}  // namespace lantern::sim
