#include "tests/sim/broker.hpp"

#include <algorithm>

namespace lantern::sim {

bool Broker::publish(const Event& event) {
    bool routed = true;
    for (auto& [handler, binding] : bindings_) {
        if (!binding.types.contains(event.type)) continue;
        if (!binding.declared) {
            if (binding.known_to_relay) routed = false;
            continue;
        }
        if (!world_.quiet && world_.chance.permille(world_.weather.loss)) continue;
        auto& queue = queues_[{handler, partition_of(bucket_of(event.stream), binding.partitions)}];
        queue.push_back(event);
        if (world_.chance.permille(world_.weather.loss)) queue.push_back(event);
        while (queue.size() > binding.queue_events_max) queue.pop_front();
    }
    return routed;
}

void Broker::declare_known() {
    for (auto& [handler, binding] : bindings_) {
        if (binding.known_to_relay) binding.declared = true;
    }
}

std::size_t Broker::connect(std::size_t handler) {
    connections_[++next_connection_].handler = handler;
    return next_connection_;
}

void Broker::drop(std::size_t number) {
    const auto at = connections_.find(number);
    if (at == connections_.end()) return;
    Connection& connection = at->second;
    connection.open = false;
    for (auto back = connection.unacknowledged.rbegin(); back != connection.unacknowledged.rend(); ++back) {
        auto& queue = queues_[{connection.handler, back->second.partition}];
        const bool behind = !world_.quiet && world_.chance.permille(200);
        const std::size_t place = behind ? world_.chance.below(queue.size() + 1) : 0;
        queue.insert(queue.begin() + static_cast<std::ptrdiff_t>(place), back->second.event);
    }
    connection.unacknowledged.clear();
    connection.arrived.clear();
    connection.subscribed.clear();
}

std::vector<std::size_t> Broker::open_connections() const {
    std::vector<std::size_t> numbers;
    for (const auto& [number, connection] : connections_) {
        if (connection.open) numbers.push_back(number);
    }
    return numbers;
}

void Broker::push(std::size_t number, std::size_t messages) {
    Connection& connection = connections_.at(number);
    std::vector<std::deque<Event>*> ready;
    std::vector<Partition> partitions(connection.subscribed.begin(), connection.subscribed.end());
    for (; messages > 0; --messages) {
        std::erase_if(partitions, [&](Partition partition) {
            return queues_[{connection.handler, partition}].empty();
        });
        if (partitions.empty()) return;
        const Partition partition = partitions[world_.chance.below(partitions.size())];
        auto& queue = queues_[{connection.handler, partition}];
        worker::Delivery delivery{++connection.tag, partition, queue.front(), {}, {}};
        queue.pop_front();
        connection.arrived.push_back(delivery);
        connection.unacknowledged.emplace(delivery.tag, std::move(delivery));
    }
}

void Broker::shuffle() {
    for (auto& [name, queue] : queues_) {
        if (queue.size() < 2) continue;
        const auto from = world_.chance.below(queue.size());
        const auto to = world_.chance.below(queue.size());
        std::swap(queue[from], queue[to]);
    }
}

void Broker::take_away(std::size_t handler) {
    for (auto& [number, connection] : connections_) {
        if (connection.handler != handler || !connection.open || connection.subscribed.empty()) continue;
        connection.unacknowledged.clear();
        drop(number);
    }
    for (auto& [name, queue] : queues_) {
        if (name.first == handler) queue.clear();
    }
    bindings_.at(handler).declared = false;
}

void Broker::wipe() {
    for (const auto& [handler, binding] : bindings_) take_away(handler);
    for (auto& [number, connection] : connections_) drop(number);
}

std::size_t Broker::left() const {
    std::size_t left = 0;
    for (const auto& [name, queue] : queues_) left += queue.size();
    for (const auto& [number, connection] : connections_) left += connection.unacknowledged.size();
    return left;
}

void PublisherPort::declare_topology() {
    world_.call(Place::rabbitmq, Call::read, [&] { broker_.declare_known(); });
    topology_lost_ = false;
}

void PublisherPort::service() {
    world_.call(Place::rabbitmq, Call::read, [] {});
}

std::size_t PublisherPort::publish(std::span<const Event> events) {
    return world_.call(Place::rabbitmq, Call::read, [&] {
        std::size_t confirmed = 0;
        bool broken = false;
        for (const Event& event : events) {
            if (!world_.quiet && world_.chance.permille(world_.weather.fault)) {
                broken = true;  // not taken, or taken and not confirmed
                if (world_.chance.permille(500)) continue;
            }
            if (!broker_.publish(event)) topology_lost_ = broken = true;
            if (broken) continue;
            broker_.confirmed.insert(event.position);
            ++confirmed;
        }
        return world_.flaw == Flaw::confirms_not_awaited ? events.size() : confirmed;
    });
}

Broker::Connection& DeliveriesPort::connected() {
    if (connection_ == 0) throw Fault(FaultKind::outage, "rabbitmq", "not connected");
    auto& connection = broker_.connection(connection_);
    if (!connection.open) throw Fault(FaultKind::outage, "rabbitmq", "connection closed");
    return connection;
}

void DeliveriesPort::declare() {
    world_.call(Place::rabbitmq, Call::read, [&] {
        if (connection_ == 0) connection_ = broker_.connect(handler_);
        connected();
        auto& binding = broker_.binding(handler_);
        if (world_.flaw == Flaw::feeds_before_binding && !binding.known_to_relay) return;
        binding.declared = true;
    });
}

void DeliveriesPort::subscribe(Partition partition) {
    world_.call(Place::rabbitmq, Call::read, [&] {
        if (!broker_.binding(handler_).declared && world_.flaw != Flaw::feeds_before_binding) {
            broker_.drop(connection_);
            throw Fault(FaultKind::outage, "rabbitmq", "no such queue");
        }
        connected().subscribed.insert(partition);
    });
}

std::uint64_t DeliveriesPort::ready(Partition partition) {
    return world_.call(Place::rabbitmq, Call::read, [&] {
        connected();
        return broker_.ready(handler_, partition);
    });
}

std::uint64_t DeliveriesPort::untaken(Partition partition) {
    const auto& arrived = connected().arrived;
    return static_cast<std::uint64_t>(
        std::count_if(arrived.begin(), arrived.end(),
                      [&](const worker::Delivery& delivery) { return delivery.partition == partition; }));
}

std::vector<worker::Delivery> DeliveriesPort::take(std::size_t events_max, std::size_t, Milliseconds) {
    return world_.call(Place::rabbitmq, Call::read, [&] {
        auto& connection = connected();
        broker_.push(connection_, world_.chance.below(8));
        std::vector<worker::Delivery> taken;
        while (!connection.arrived.empty() && taken.size() < events_max) {
            taken.push_back(std::move(connection.arrived.front()));
            connection.arrived.pop_front();
        }
        if (world_.flaw == Flaw::acknowledge_before_commit) {
            for (const auto& delivery : taken) connection.unacknowledged.erase(delivery.tag);
        }
        return taken;
    });
}

void DeliveriesPort::acknowledge_up_to(std::uint64_t tag) {
    world_.call(Place::rabbitmq, Call::read, [&] {
        auto& unacknowledged = connected().unacknowledged;
        const auto end = unacknowledged.upper_bound(tag);
        for (auto at = unacknowledged.begin(); at != end; ++at) {
            if (!may_go_(at->second.event)) {
                world_.violated("acknowledged before its outcome was committed: stream " +
                                std::to_string(at->second.event.stream.value) + " revision " +
                                std::to_string(at->second.event.revision.value));
            }
        }
        unacknowledged.erase(unacknowledged.begin(), end);
    });
}

void DeliveriesPort::disconnect() {
    broker_.drop(connection_);
    connection_ = 0;
}

}  // namespace lantern::sim
