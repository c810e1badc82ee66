#include "host/rabbitmq/topology.hpp"

#include <gtest/gtest.h>

namespace lantern::rabbitmq {
namespace {

TEST(Topology, NamesQueuesByHandlerNumberOfPartitionsAndPartition) {
    const TopologyHandler quorum{HandlerName{"audit_log"}, 4, QueueType::quorum, {}};
    EXPECT_EQ(queue_name(quorum, Partition{3}), "lantern.audit_log.4.3");
    const TopologyHandler classic{HandlerName{"audit_log"}, 4, QueueType::classic, {}};
    EXPECT_EQ(queue_name(classic, Partition{3}), "lantern.audit_log.4c.3") << "another type is another queue";
    const TopologyHandler small{HandlerName{"audit_log"}, 4, QueueType::quorum, {}, 1000};
    EXPECT_EQ(queue_name(small, Partition{3}), "lantern.audit_log.4-1000.3") << "another length is another queue";
}

TEST(Topology, ARoutingKeyMatchesTheBindingOfItsBucketAndType) {
    EXPECT_EQ(routing_key(Bucket{31}, "user", "USER_CREATED"), "31.user.USER_CREATED");
    EXPECT_EQ(binding_key(Bucket{31}, "USER_CREATED"), "31.*.USER_CREATED");
}

}  // namespace
}  // namespace lantern::rabbitmq
