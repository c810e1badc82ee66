#include "host/rabbitmq/leader_check.hpp"

#include <algorithm>
#include <set>

#include "host/rabbitmq/connection.hpp"

namespace lantern::rabbitmq {
namespace {

constexpr std::size_t kAtOnce = 30;  // a connection has 31 channels
constexpr Milliseconds kLeaderWithin = limits::kAmqpTimeout / 2;

amqp_channel_t channel_of(std::size_t place) {
    return static_cast<amqp_channel_t>(place + 1);
}

}  // namespace

struct LeaderCheck::Session {
    explicit Session(const std::string& url) : connection(parse_addresses(url), "lantern leader check", listener) {}

    Listener listener;
    Connection connection;
};

LeaderCheck::LeaderCheck(std::string url) : url_(std::move(url)) {}
LeaderCheck::~LeaderCheck() = default;

std::vector<std::string> LeaderCheck::without_leader(const std::vector<std::string>& queues) {
    std::vector<std::string> silent;
    for (std::size_t at = 0; at < queues.size(); at += kAtOnce)
        ask(std::span(queues).subspan(at, std::min(kAtOnce, queues.size() - at)), silent);
    return silent;
}

// Each on a channel of its own: without a leader a channel stands still.
void LeaderCheck::ask(std::span<const std::string> queues, std::vector<std::string>& silent) {
    if (!session_) session_ = std::make_unique<Session>(url_);
    Connection& connection = session_->connection;
    std::set<amqp_channel_t> asked;
    for (std::size_t at = 0; at < queues.size(); ++at) {
        asked.insert(channel_of(at));
        connection.open_channel(channel_of(at));
    }
    for (std::size_t at = 0; at < queues.size(); ++at) {
        amqp_basic_get_t get{};
        get.queue = bytes(queues[at]);
        connection.send(channel_of(at), AMQP_BASIC_GET_METHOD, &get);
    }
    const auto left = connection.await_each(std::move(asked),
                                            {AMQP_BASIC_GET_EMPTY_METHOD, AMQP_BASIC_GET_OK_METHOD}, kLeaderWithin);
    if (!left.empty()) session_.reset();
    for (std::size_t at = 0; at < queues.size(); ++at)
        if (left.contains(channel_of(at))) silent.push_back(queues[at]);
}

}  // namespace lantern::rabbitmq
