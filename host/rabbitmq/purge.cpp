#include "host/rabbitmq/purge.hpp"

#include <amqp.h>

#include <cstdlib>

#include "host/core/fault.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/topology.hpp"

namespace lantern::rabbitmq {
namespace {

constexpr amqp_channel_t kChannel = 1;

// The answer tells how many messages there were.
class Purger final : public Listener {
public:
    explicit Purger(const std::string& url) : connection_(parse_addresses(url), "lantern store adopt", *this) {}

    std::int64_t purge(const std::string& queue) {
        connection_.open_channel(kChannel);
        amqp_queue_purge_t purge{};
        purge.queue = bytes(queue);
        purged_ = 0;
        try {
            connection_.call(kChannel, AMQP_QUEUE_PURGE_METHOD, &purge, AMQP_QUEUE_PURGE_OK_METHOD);
        } catch (const Fault& fault) {
            if (fault.code() != std::to_string(AMQP_NOT_FOUND)) throw;
        }
        return purged_;
    }

    void purged(std::uint32_t messages) override { purged_ = messages; }

private:
    std::int64_t purged_ = 0;
    Connection connection_;
};

}  // namespace

std::int64_t purge(const std::string& url, const std::vector<QueueSet>& sets) {
    Purger purger(url);
    std::int64_t messages = 0;
    for (const QueueSet& set : sets) {
        const int partitions = std::atoi(set.name.c_str());
        for (int k = 0; k < partitions; ++k)
            messages += purger.purge(queue_name(set.handler, set.name, Partition{k}));
    }
    return messages;
}

}  // namespace lantern::rabbitmq
