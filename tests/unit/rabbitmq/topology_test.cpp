#include "host/rabbitmq/topology.hpp"

#include <gtest/gtest.h>

namespace lantern::rabbitmq {
namespace {

TEST(Topology, NamesQueuesByHandlerNumberOfPartitionsAndPartition) {
    EXPECT_EQ(queue_name(HandlerName{"audit_log"}, 4, Partition{3}), "lantern.audit_log.4.3");
}

TEST(Topology, ARoutingKeyMatchesTheBindingOfItsBucketAndType) {
    EXPECT_EQ(routing_key(Bucket{31}, "user", "USER_CREATED"), "31.user.USER_CREATED");
    EXPECT_EQ(binding_key(Bucket{31}, "USER_CREATED"), "31.*.USER_CREATED");
}

}  // namespace
}  // namespace lantern::rabbitmq
