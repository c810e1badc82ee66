#include "host/rabbitmq/leader_check.hpp"

#include "host/rabbitmq/connection.hpp"

namespace lantern::rabbitmq {
namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr Milliseconds kLeaderWithin = limits::kAmqpTimeout / 2;

}  // namespace

struct LeaderCheck::Session {
    explicit Session(const std::string& url) : connection(parse_addresses(url), "lantern leader check", listener) {
        connection.open_channel(kChannel);
    }

    Listener listener;
    Connection connection;
};

LeaderCheck::LeaderCheck(std::string url) : url_(std::move(url)) {}
LeaderCheck::~LeaderCheck() = default;

bool LeaderCheck::has_leader(const std::string& queue) {
    if (!session_) session_ = std::make_unique<Session>(url_);
    Connection& connection = session_->connection;
    amqp_basic_get_t get{};
    get.queue = bytes(queue);
    connection.send(kChannel, AMQP_BASIC_GET_METHOD, &get);
    const bool empty_or_not =
        connection.await_any(kChannel, {AMQP_BASIC_GET_EMPTY_METHOD, AMQP_BASIC_GET_OK_METHOD}, kLeaderWithin);
    // Without a leader the channel stands still.
    if (!empty_or_not) session_.reset();
    return empty_or_not;
}

}  // namespace lantern::rabbitmq
