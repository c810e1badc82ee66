#include "host/rabbitmq/deliveries.hpp"

#include <amqp.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "host/core/fault.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/message.hpp"

namespace lantern::rabbitmq {

namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr Milliseconds kNow{0};
// Below the age at which a lease ends.
constexpr Milliseconds kConsumerWithin = limits::kAmqpTimeout / 2;

std::size_t bytes_of(const Event& event) {
    return event.data.size() + event.metadata.size();
}

}  // namespace

// All that ends with the connection.
class Deliveries::Session final : public Listener {
public:
    Session(const Deliveries& deliveries)
        : tags_before_(deliveries.tags_before_),
          highest_tag_(tags_before_),
          connection_(parse_addresses(deliveries.url_), "lantern worker " + deliveries.handler_.name.value, *this) {
        connection_.open_channel(kChannel);
        amqp_basic_qos_t qos{};
        qos.prefetch_count = deliveries.prefetch_;
        connection_.call(kChannel, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD);
    }

    Connection& connection() { return connection_; }
    std::uint64_t highest_tag() const { return highest_tag_; }

    // A fresh consumer tag each time, <partition>-<n>: what comes late for an old one is still told apart.
    void subscribe(const std::string& queue, Partition partition) {
        const std::string tag = std::to_string(partition.value) + "-" + std::to_string(++subscriptions_);
        amqp_basic_consume_t consume{};
        consume.queue = bytes(queue);
        consume.consumer_tag = bytes(tag);
        connection_.send(kChannel, AMQP_BASIC_CONSUME_METHOD, &consume);
        connection_.await(kChannel, AMQP_BASIC_CONSUME_OK_METHOD, kConsumerWithin);
        consumers_[partition.value] = tag;
    }

    void receive(std::size_t events_max, std::size_t bytes_max, Milliseconds wait) {
        const auto deadline = std::chrono::steady_clock::now() + wait;
        while (arrived_.size() < events_max && arrived_bytes_ < bytes_max) {
            Milliseconds left = kNow;
            if (arrived_.empty()) {
                left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
                left = std::max(left, kNow);
            }
            if (!connection_.handle_frame(left) && (!arrived_.empty() || left == kNow)) return;
        }
    }

    // Keeps what goes beyond the limits; at least one is given if any has arrived.
    std::vector<worker::Delivery> take(std::size_t events_max, std::size_t bytes_max) {
        std::size_t count = 0, size = 0;
        while (count < arrived_.size() && count < events_max && (count == 0 || size < bytes_max)) {
            size += bytes_of(arrived_[count++].event);
        }
        std::vector<worker::Delivery> taken;
        if (count == arrived_.size()) {
            taken.swap(arrived_);
        } else {
            const auto end = arrived_.begin() + static_cast<std::ptrdiff_t>(count);
            taken.assign(std::make_move_iterator(arrived_.begin()), std::make_move_iterator(end));
            arrived_.erase(arrived_.begin(), end);
        }
        arrived_bytes_ -= size;
        return taken;
    }

    std::uint64_t untaken(Partition partition) const {
        return static_cast<std::uint64_t>(
            std::count_if(arrived_.begin(), arrived_.end(),
                          [&](const worker::Delivery& delivery) { return delivery.partition == partition; }));
    }

    void service() {
        while (connection_.handle_frame(kNow)) {
        }
    }

    void acknowledge_up_to(std::uint64_t tag) {
        if (tag <= tags_before_) return;
        amqp_basic_ack_t ack{};
        ack.delivery_tag = tag - tags_before_;
        ack.multiple = 1;
        connection_.send(kChannel, AMQP_BASIC_ACK_METHOD, &ack);
    }

    void delivered(const amqp_basic_deliver_t& deliver) override {
        tag_ = tags_before_ + deliver.delivery_tag;
        highest_tag_ = std::max(highest_tag_, tag_);
        const std::string_view consumer = view(deliver.consumer_tag);
        std::from_chars(consumer.data(), consumer.data() + consumer.size(), partition_.value);
    }
    void properties(const amqp_basic_properties_t& properties, std::uint64_t body_bytes) override {
        reader_.begin(properties, body_bytes);
    }
    void body(std::string_view part) override { reader_.add(part); }
    void content_ends() override {
        MessageReader::Read read = reader_.end();
        arrived_bytes_ += bytes_of(read.event);
        arrived_.push_back({tag_, partition_, std::move(read.event), read.incarnation, std::move(read.malformed)});
    }
    void cancelled(std::string_view consumer_tag) override {
        const auto ours = std::find_if(consumers_.begin(), consumers_.end(),
                                       [&](const auto& consumer) { return consumer.second == consumer_tag; });
        if (ours == consumers_.end()) return;
        throw Fault(FaultKind::outage, "rabbitmq",
                    "the broker ended the consumer of partition " + std::to_string(ours->first) +
                        ": its queue was deleted or lost");
    }

private:
    const std::uint64_t tags_before_;
    std::uint64_t highest_tag_;
    Connection connection_;
    std::map<std::int32_t, std::string> consumers_;  // partition -> consumer tag
    std::uint64_t subscriptions_ = 0;
    std::vector<worker::Delivery> arrived_;
    std::size_t arrived_bytes_ = 0;
    // The message that is being read
    MessageReader reader_;
    std::uint64_t tag_ = 0;
    Partition partition_;
};

Deliveries::Deliveries(std::string url, TopologyHandler handler, std::uint16_t prefetch)
    : url_(std::move(url)), handler_(std::move(handler)), prefetch_(prefetch) {}
Deliveries::~Deliveries() = default;

Deliveries::Session& Deliveries::session() {
    if (!session_) throw Fault(FaultKind::outage, "rabbitmq", "not connected");
    return *session_;
}

void Deliveries::disconnect() {
    if (session_) tags_before_ = session_->highest_tag();
    session_.reset();
}

void Deliveries::declare() {
    if (!session_) session_ = std::make_unique<Session>(*this);
    Topology topology(session_->connection());
    topology.declare_exchange();
    topology.declare(handler_);
}

void Deliveries::subscribe(Partition partition) {
    const std::string queue = queue_name(handler_, partition);
    int& unanswered = unanswered_[partition];
    if (unanswered >= kUnansweredMax && handler_.queue_type == QueueType::quorum && ready(partition) == 0) {
        Topology(session().connection()).renew(handler_, partition);
        unanswered = 0;
        throw Fault(FaultKind::outage, "rabbitmq", renewed(queue));
    }
    try {
        session().subscribe(queue, partition);
        unanswered = 0;
    } catch (const Fault& fault) {
        if (fault.code() != kNoAnswer) throw;
        ++unanswered;
        throw Fault(FaultKind::outage, "rabbitmq", "queue " + queue + " does not answer its consumer", kNoAnswer);
    }
}

std::uint64_t Deliveries::ready(Partition partition) {
    return Topology(session().connection()).ready(queue_name(handler_, partition));
}

std::uint64_t Deliveries::untaken(Partition partition) {
    return session().untaken(partition);
}

std::vector<worker::Delivery> Deliveries::take(std::size_t events_max, std::size_t bytes_max, Milliseconds wait) {
    Session& now = session();
    now.receive(events_max, bytes_max, wait);
    return now.take(events_max, bytes_max);
}

void Deliveries::acknowledge_up_to(std::uint64_t tag) {
    session().acknowledge_up_to(tag);
}

void Deliveries::service() {
    session().service();
}

}  // namespace lantern::rabbitmq
