#include "host/rabbitmq/topology.hpp"

#include <amqp.h>

#include <cstdlib>
#include <vector>

#include "host/core/fault.hpp"
#include "host/rabbitmq/connection.hpp"

namespace lantern::rabbitmq {

namespace {

constexpr amqp_channel_t kChannel = 2;
constexpr std::size_t kBindsInFlight = 256;

// x-max-length with drop-head: an overflow loses the oldest, which are gaps then and come from the store.
// x-delivery-limit never fires; it makes a quorum queue put what comes back to its front.
class QueueArguments final {
public:
    explicit QueueArguments(const TopologyHandler& handler) {
        text("x-queue-type", handler.queue_type == QueueType::quorum ? "quorum" : "classic");
        number("x-max-length", handler.queue_length_max);
        text("x-overflow", "drop-head");
        if (handler.queue_type == QueueType::quorum) number("x-delivery-limit", limits::kDeliveryLimit);
    }
    amqp_table_t table() { return {count_, entries_}; }

private:
    void text(const char* key, const char* value) {
        amqp_table_entry_t& entry = entries_[count_++];
        entry.key = amqp_cstring_bytes(key);
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = amqp_cstring_bytes(value);
    }
    void number(const char* key, std::int64_t value) {
        amqp_table_entry_t& entry = entries_[count_++];
        entry.key = amqp_cstring_bytes(key);
        entry.value.kind = AMQP_FIELD_KIND_I64;
        entry.value.value.i64 = value;
    }

    amqp_table_entry_t entries_[4];
    int count_ = 0;
};

}  // namespace

std::string queue_name(const HandlerName& handler, const std::string& queue_set, Partition partition) {
    return "lantern." + handler.value + "." + queue_set + "." + std::to_string(partition.value);
}

std::string queue_set(const TopologyHandler& handler) {
    return lantern::queue_set(handler.partitions, handler.queue_type, handler.queue_length_max);
}

std::string queue_name(const TopologyHandler& handler, Partition partition) {
    return queue_name(handler.name, queue_set(handler), partition);
}

std::string binding_key(Bucket bucket, const std::string& event_type) {
    return std::to_string(bucket.value) + ".*." + event_type;
}

std::string routing_key(Bucket bucket, const std::string& aggregate_type, const std::string& event_type) {
    return std::to_string(bucket.value) + "." + aggregate_type + "." + event_type;
}

std::string renewed(const std::string& queue) {
    return "queue " + queue +
           " had no leader: it was deleted and declared anew, and what it held comes from the store";
}

Topology::Topology(Connection& connection) : connection_(connection) {}

void Topology::open() {
    connection_.open_channel(kChannel);
}

void Topology::declare_exchange() {
    open();
    amqp_exchange_declare_t declare{};
    declare.exchange = amqp_cstring_bytes(kExchange);
    declare.type = amqp_cstring_bytes("topic");
    declare.durable = 1;
    connection_.call(kChannel, AMQP_EXCHANGE_DECLARE_METHOD, &declare, AMQP_EXCHANGE_DECLARE_OK_METHOD);
}

void Topology::declare(const TopologyHandler& handler) {
    std::optional<Fault> refused;
    for (int k = 0; k < handler.partitions; ++k) {
        try {
            declare_queue(handler, Partition{k});
        } catch (const Fault& fault) {
            if (fault.kind() != FaultKind::configuration) throw;
            refused = fault;
        }
    }
    bind(handler);
    if (refused) throw Fault(*refused);
}

void Topology::declare_queue(const TopologyHandler& handler, Partition partition) {
    open();
    const std::string queue = queue_name(handler, partition);
    QueueArguments arguments(handler);
    amqp_queue_declare_t declare{};
    declare.queue = bytes(queue);
    declare.durable = 1;
    declare.arguments = arguments.table();
    try {
        connection_.call(kChannel, AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD);
    } catch (const Fault& fault) {
        if (fault.code() != std::to_string(AMQP_PRECONDITION_FAILED)) throw;
        throw Fault(FaultKind::configuration, "rabbitmq",
                    "queue " + queue + " exists with other arguments than handler " + handler.name.value +
                        " expects (" + fault.what() + "). Delete it (rabbitmqctl delete_queue " + queue +
                        "): it is declared anew, and what it held comes from the store.",
                    fault.code());
    }
}

// Binds are answered in order, so many are in flight at once: a handler may well have hundreds.
void Topology::bind(const TopologyHandler& handler) {
    open();
    std::size_t in_flight = 0;
    const auto await_one = [&] {
        connection_.await(kChannel, AMQP_QUEUE_BIND_OK_METHOD);
        --in_flight;
    };
    for (const std::string& type : handler.event_types) {
        for (int b = 0; b < kBuckets; ++b) {
            const std::string queue = queue_name(handler, partition_of(Bucket{b}, handler.partitions));
            const std::string key = binding_key(Bucket{b}, type);
            amqp_queue_bind_t bind{};
            bind.queue = bytes(queue);
            bind.exchange = amqp_cstring_bytes(kExchange);
            bind.routing_key = bytes(key);
            connection_.send(kChannel, AMQP_QUEUE_BIND_METHOD, &bind);
            if (++in_flight == kBindsInFlight) await_one();
        }
    }
    while (in_flight > 0) await_one();
}

void Topology::delete_queue(const std::string& queue) {
    amqp_queue_delete_t deletion{};
    deletion.queue = bytes(queue);
    connection_.call(kChannel, AMQP_QUEUE_DELETE_METHOD, &deletion, AMQP_QUEUE_DELETE_OK_METHOD);
}

void Topology::renew(const TopologyHandler& handler, Partition partition) {
    open();
    delete_queue(queue_name(handler, partition));
    declare(handler);
}

std::uint64_t Topology::ready(const std::string& queue) {
    open();
    amqp_queue_declare_t declare{};
    declare.queue = bytes(queue);
    declare.passive = 1;
    connection_.call(kChannel, AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD);
    return connection_.declared_messages();
}

void Topology::retire(const Retired& gone) {
    open();
    const int partitions = std::atoi(gone.queue_set.c_str());
    if (gone.event_type.empty()) {
        for (int k = 0; k < partitions; ++k) delete_queue(queue_name(gone.handler, gone.queue_set, Partition{k}));
        return;
    }
    for (int b = 0; partitions > 0 && b < kBuckets; ++b) {
        const std::string queue = queue_name(gone.handler, gone.queue_set, partition_of(Bucket{b}, partitions));
        const std::string key = binding_key(Bucket{b}, gone.event_type);
        amqp_queue_unbind_t unbind{};
        unbind.queue = bytes(queue);
        unbind.exchange = amqp_cstring_bytes(kExchange);
        unbind.routing_key = bytes(key);
        connection_.call(kChannel, AMQP_QUEUE_UNBIND_METHOD, &unbind, AMQP_QUEUE_UNBIND_OK_METHOD);
    }
}

}  // namespace lantern::rabbitmq
