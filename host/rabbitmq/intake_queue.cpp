#include "host/rabbitmq/intake_queue.hpp"

#include <amqp.h>

#include <algorithm>
#include <iterator>

#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "host/rabbitmq/connection.hpp"

namespace lantern::rabbitmq {
namespace {

constexpr amqp_channel_t kConsume = 1, kPublish = 2, kDeclare = 3;
constexpr Milliseconds kNow{0};
constexpr std::size_t kHeaderRoom = 512;  // of a header frame, for all but headers and properties
constexpr const char* kReason = "lantern_refused";
constexpr const char* kDeliveries = "x-delivery-count";  // of quorum queues; says nothing of another queue

// As text; nothing: of a kind that is not kept.
std::optional<std::string> text_of(const amqp_field_value_t& value) {
    switch (value.kind) {
        case AMQP_FIELD_KIND_UTF8:
        case AMQP_FIELD_KIND_BYTES:
            return std::string(view(value.value.bytes));
        case AMQP_FIELD_KIND_I64:
            return std::to_string(value.value.i64);
        case AMQP_FIELD_KIND_I32:
            return std::to_string(value.value.i32);
        case AMQP_FIELD_KIND_I16:
            return std::to_string(value.value.i16);
        case AMQP_FIELD_KIND_I8:
            return std::to_string(value.value.i8);
        case AMQP_FIELD_KIND_BOOLEAN:
            return value.value.boolean ? "true" : "false";
        default:
            return std::nullopt;
    }
}

intake::Message read_properties(const amqp_basic_properties_t& from) {
    intake::Message message;
    const auto text = [&](amqp_flags_t flag, const amqp_bytes_t& value) {
        return from._flags & flag ? std::string(view(value)) : std::string();
    };
    message.content_type = text(AMQP_BASIC_CONTENT_TYPE_FLAG, from.content_type);
    message.correlation_id = text(AMQP_BASIC_CORRELATION_ID_FLAG, from.correlation_id);
    message.user = text(AMQP_BASIC_USER_ID_FLAG, from.user_id);
    if (!(from._flags & AMQP_BASIC_HEADERS_FLAG)) return message;
    for (int at = 0; at < from.headers.num_entries; ++at) {
        const auto& entry = from.headers.entries[at];
        if (auto value = text_of(entry.value)) message.headers.emplace_back(view(entry.key), std::move(*value));
    }
    return message;
}

amqp_table_entry_t text_entry(std::string_view key, std::string_view value) {
    amqp_table_entry_t entry;
    entry.key = bytes(key);
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = bytes(value);
    return entry;
}

enum class Active { one, any };

}  // namespace

std::string refused_queue(const std::string& queue) {
    return queue + ".refused";
}

// All that ends with the connection.
class IntakeQueue::Session final : public Listener {
public:
    enum class Way { in, back };  // back: from the refused messages to the queue

    Session(const std::string& url, const std::string& queue, Way way, Bounds bounds)
        : bounds_(std::move(bounds)),
          from_(way == Way::in ? queue : refused_queue(queue)),
          aside_(way == Way::in ? refused_queue(queue) : queue),
          connection_(parse_addresses(url), "lantern intake", *this) {
        declare(queue, Active::one);
        declare(refused_queue(queue), Active::any);
        connection_.open_channel(kPublish);
        amqp_confirm_select_t select{};
        connection_.call(kPublish, AMQP_CONFIRM_SELECT_METHOD, &select, AMQP_CONFIRM_SELECT_OK_METHOD);
    }

    void receive(std::size_t messages_max, Milliseconds wait) {
        if (!consumes_) consume();
        const auto deadline = std::chrono::steady_clock::now() + wait;
        while (arrived_.size() < messages_max) {
            Milliseconds left = kNow;
            if (arrived_.empty())
                left = std::max(std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now()), kNow);
            if (!connection_.handle_frame(left) && (!arrived_.empty() || left == kNow)) return;
        }
    }
    std::vector<intake::Message> take(std::size_t messages_max) {
        const auto end = arrived_.begin() + static_cast<std::ptrdiff_t>(std::min(messages_max, arrived_.size()));
        std::vector<intake::Message> taken(std::make_move_iterator(arrived_.begin()), std::make_move_iterator(end));
        arrived_.erase(arrived_.begin(), end);
        return taken;
    }

    // With this reason, and no other; none: without any.
    void put_aside(const intake::Message& message, const std::optional<std::string>& problem) {
        settle();
        begin_aside(message, problem, message.body.size());
        connection_.add_body(kPublish, message.body);
        ++published_;
        settle();
    }

    // No message is half laid aside, and the broker has confirmed each that was.
    void settle() {
        while (passes_on_ || confirmed_ < published_)
            if (!connection_.handle_frame(limits::kAmqpTimeout))
                throw Fault(FaultKind::outage, "rabbitmq", "queue " + aside_ + " does not confirm a message");
    }

    // Up to so many of those that lie there now, each given to `see` before the next is read; fewer when others
    // take them meanwhile.
    template <class See>
    std::size_t each(std::size_t messages_max, See see) {
        const auto lying = static_cast<std::size_t>(messages_of(from_));
        const auto wanted = std::min(messages_max, lying);
        std::size_t seen = 0;
        for (; seen < wanted; ++seen) {
            receive(1, limits::kAmqpTimeout);
            const auto taken = take(1);
            if (taken.empty()) break;
            see(taken.front());
        }
        return seen;
    }

    void acknowledge_up_to(std::uint64_t tag) {
        amqp_basic_ack_t ack{};
        ack.delivery_tag = tag;
        ack.multiple = 1;
        connection_.send(kConsume, AMQP_BASIC_ACK_METHOD, &ack);
    }
    void service() {
        while (connection_.handle_frame(kNow)) continue;
    }

    std::int64_t messages_of(const std::string& queue) {
        connection_.open_channel(kDeclare);
        amqp_queue_declare_t declare{};
        declare.queue = bytes(queue);
        declare.passive = 1;
        connection_.call(kDeclare, AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD);
        return connection_.declared_messages();
    }

    void delivered(const amqp_basic_deliver_t& deliver) override { tag_ = deliver.delivery_tag; }
    void properties(const amqp_basic_properties_t& properties, std::uint64_t body_bytes) override {
        message_ = read_properties(properties);
        message_.tag = tag_;
        passes_on_ = message_.lies_aside = body_bytes > bounds_.body_bytes_max;
        if (passes_on_) begin_aside(message_, bounds_.too_large, body_bytes);
    }
    void body(std::string_view part) override {
        if (passes_on_)
            connection_.add_body(kPublish, part);
        else
            message_.body.append(part);
    }
    void content_ends() override {
        if (passes_on_) ++published_;
        passes_on_ = false;
        arrived_.push_back(std::move(message_));
    }
    void returned(const amqp_basic_return_t&) override {
        throw Fault(FaultKind::outage, "rabbitmq", "queue " + aside_ + " is not there any more");
    }
    void confirmed(Confirm confirm, std::uint64_t tag, bool) override {
        if (confirm == Confirm::nack)
            throw Fault(FaultKind::outage, "rabbitmq", "queue " + aside_ + " does not take a message");
        confirmed_ = std::max(confirmed_, tag);
    }
    void cancelled(std::string_view) override {
        throw Fault(FaultKind::outage, "rabbitmq",
                    "the broker ended the consumer of " + from_ + ": the queue was deleted or lost");
    }

private:
    // Its body follows, and then ++published_.
    void begin_aside(const intake::Message& message, const std::optional<std::string>& problem,
                     std::uint64_t body_bytes) {
        std::vector<amqp_table_entry_t> entries;
        std::size_t taken = kHeaderRoom + message.content_type.size() + message.correlation_id.size();
        for (const auto& [name, value] : message.headers) {
            if (name == kReason || name == kDeliveries) continue;
            entries.push_back(text_entry(name, value));
            taken += name.size() + value.size() + 8;
        }
        // A header frame cannot be split.
        const auto room = connection_.frame_bytes_max() - std::min(connection_.frame_bytes_max(), taken);
        if (problem) entries.push_back(text_entry(kReason, std::string_view(*problem).substr(0, room)));
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG;
        properties.content_type = bytes(message.content_type);
        properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
        properties.headers = {static_cast<int>(entries.size()), entries.data()};
        if (!message.correlation_id.empty()) {
            properties._flags |= AMQP_BASIC_CORRELATION_ID_FLAG;
            properties.correlation_id = bytes(message.correlation_id);
        }
        connection_.begin_publish(kPublish, aside_, properties, body_bytes);
    }

    void declare(const std::string& queue, Active active) {
        try {
            messages_of(queue);
            return;
        } catch (const Fault& fault) {
            if (fault.code() != std::to_string(AMQP_NOT_FOUND)) throw;
        }
        connection_.open_channel(kDeclare);
        amqp_table_entry_t arguments[3]{text_entry("x-queue-type", "quorum"), {}, {}};
        arguments[1].key = amqp_cstring_bytes("x-delivery-limit");
        arguments[1].value.kind = AMQP_FIELD_KIND_I64;
        arguments[1].value.value.i64 = limits::kDeliveryLimit;
        arguments[2].key = amqp_cstring_bytes("x-single-active-consumer");
        arguments[2].value.kind = AMQP_FIELD_KIND_BOOLEAN;
        arguments[2].value.value.boolean = 1;
        amqp_queue_declare_t declare{};
        declare.queue = bytes(queue);
        declare.durable = 1;
        declare.arguments = {active == Active::one ? 3 : 2, arguments};
        connection_.call(kDeclare, AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD);
    }

    void consume() {
        connection_.open_channel(kConsume);
        amqp_basic_qos_t qos{};
        qos.prefetch_count = bounds_.in_hand_max;
        connection_.call(kConsume, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD);
        amqp_basic_consume_t consume{};
        consume.queue = bytes(from_);
        connection_.call(kConsume, AMQP_BASIC_CONSUME_METHOD, &consume, AMQP_BASIC_CONSUME_OK_METHOD);
        consumes_ = true;
    }

    const Bounds bounds_;
    const std::string from_, aside_;
    Connection connection_;
    bool consumes_ = false;
    std::uint64_t published_ = 0, confirmed_ = 0;
    std::vector<intake::Message> arrived_;
    // The message that is being read
    intake::Message message_;
    std::uint64_t tag_ = 0;
    bool passes_on_ = false;  // its body, which is not kept
};

IntakeQueue::IntakeQueue(std::string url, std::string queue, Bounds bounds)
    : url_(std::move(url)), queue_(std::move(queue)), bounds_(std::move(bounds)) {}
IntakeQueue::~IntakeQueue() = default;

IntakeQueue::Session& IntakeQueue::session() {
    if (!session_) session_ = std::make_unique<Session>(url_, queue_, Session::Way::in, bounds_);
    return *session_;
}

std::vector<intake::Message> IntakeQueue::take(std::size_t messages_max, Milliseconds wait) {
    session().receive(messages_max, wait);
    session().settle();
    return session().take(messages_max);
}

void IntakeQueue::refuse(const intake::Message& message, const std::string& problem) {
    session().put_aside(message, problem);
}

void IntakeQueue::acknowledge_up_to(std::uint64_t tag) {
    session().acknowledge_up_to(tag);
}

void IntakeQueue::service() {
    session().service();
}

void IntakeQueue::disconnect() {
    session_.reset();
}

IntakeQueue::Depth IntakeQueue::depth() {
    return {session().messages_of(queue_), session().messages_of(refused_queue(queue_))};
}

std::size_t IntakeQueue::see_refused(std::size_t messages_max,
                                     const std::function<void(const intake::Message&)>& see) const {
    Session back(url_, queue_, Session::Way::back, {});
    return back.each(std::min<std::size_t>(messages_max, limits::kIntakePrefetch), see);
}

// 1. Publish, confirmed. 2. Acknowledge. What is in both queues after a crash is one event by its source and id.
std::size_t IntakeQueue::put_back(std::size_t messages_max) const {
    Session back(url_, queue_, Session::Way::back, {.in_hand_max = bounds_.in_hand_max});
    return back.each(messages_max, [&](const intake::Message& message) {
        back.put_aside(message, std::nullopt);
        back.acknowledge_up_to(message.tag);
    });
}

std::string IntakeQueue::reason_of(const intake::Message& refused) {
    for (const auto& [name, value] : refused.headers)
        if (name == kReason) return value;
    return {};
}

}  // namespace lantern::rabbitmq
