#include "host/rabbitmq/inspection.hpp"

#include "host/core/fault.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/leader_check.hpp"

namespace lantern::rabbitmq {
namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr Milliseconds kAlarmWithin{500};
// The default exchange drops what goes to a queue that is not there.
constexpr const char* kNobody = "lantern.inspection.nobody";

// AMQP 0-9-1, 2.3.5: a content header frame on kChannel, class basic, of no bytes and without properties.
constexpr std::string_view kNoContent(
    "\x02\x00\x01\x00\x00\x00\x0e\x00\x3c\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xce",
    22);

bool has_code(const Fault& fault, int code) {
    return fault.code() == std::to_string(code);
}

}  // namespace

struct Inspection::Impl {
    explicit Impl(const std::string& where)
        : url(where), connection(parse_addresses(url), "lantern inspection", listener), leaders(url) {}

    const std::string url;
    Listener listener;
    Connection connection;
    LeaderCheck leaders;
};

Inspection::Inspection(const std::string& url) : impl_(std::make_unique<Impl>(url)) {}

Inspection::~Inspection() = default;

std::string Inspection::version() const {
    return impl_->connection.server_property("version");
}

// The broker tells of an alarm only to those who publish, and then hears them no more until it is over.
std::optional<std::string> Inspection::alarm() {
    Listener listener;
    Connection connection(parse_addresses(impl_->url), "lantern inspection of alarms", listener);
    connection.open_channel(kChannel);
    amqp_basic_publish_t publish{};
    publish.routing_key = amqp_cstring_bytes(kNobody);
    connection.send(kChannel, AMQP_BASIC_PUBLISH_METHOD, &publish);
    connection.write(kNoContent);
    const auto until = std::chrono::steady_clock::now() + kAlarmWithin;
    while (!connection.blocked()) {
        const auto left = std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        connection.handle_frame(left);
    }
    return connection.blocked();
}

bool Inspection::has_exchange() {
    impl_->connection.open_channel(kChannel);
    amqp_exchange_declare_t declare{};
    declare.exchange = amqp_cstring_bytes(kExchange);
    declare.passive = 1;
    try {
        impl_->connection.call(kChannel, AMQP_EXCHANGE_DECLARE_METHOD, &declare, AMQP_EXCHANGE_DECLARE_OK_METHOD);
        return true;
    } catch (const Fault& fault) {
        if (has_code(fault, AMQP_NOT_FOUND)) return false;
        throw;
    }
}

Inspection::Queue Inspection::queue(const TopologyHandler& handler, Partition partition) {
    Connection& connection = impl_->connection;
    connection.open_channel(kChannel);
    const std::string name = queue_name(handler, partition);
    amqp_queue_declare_t declare{};
    declare.queue = bytes(name);
    declare.passive = 1;
    try {
        connection.call(kChannel, AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD);
        // It is there: declared again it stays as it is, or is refused.
        Topology(connection).declare_queue(handler, partition);
        return Queue::fine;
    } catch (const Fault& fault) {
        if (has_code(fault, AMQP_PRECONDITION_FAILED)) return Queue::other_arguments;
        if (!has_code(fault, AMQP_NOT_FOUND)) throw;
        // "no queue", or a classic queue whose home is a node that is away.
        const std::string why = fault.what();
        return why.find("no queue") != std::string::npos ? Queue::missing : Queue::no_leader;
    }
}

std::vector<std::string> Inspection::without_leader(const std::vector<std::string>& queues) {
    return impl_->leaders.without_leader(queues);
}

}  // namespace lantern::rabbitmq
