// What a worker does about its queues: how far they are worked off, one that is silent, one that overflows, none.
#include "host/worker/read_queues.hpp"

#include <gtest/gtest.h>

#include "tests/unit/worker/world.hpp"

namespace lantern::worker {
namespace {

using fake::World;

TEST(ReadQueues, ReportsHowFarEachIsWorkedOff) {
    World world;
    world.settle(1);
    world.append_and_deliver(1, "a");
    world.append_and_deliver(5, "b");
    world.settle(3);
    EXPECT_EQ(world.leases.worked_off_up_to.at(Partition{1}), Position{2});
    EXPECT_EQ(world.leases.worked_off_up_to[Partition{2}], Position{0}) << "nobody said what was published";
    world.leases.published = Position{2};
    world.settle(8);
    EXPECT_EQ(world.leases.worked_off_up_to.at(Partition{2}), Position{2}) << "empty, and that was published";
}

TEST(ReadQueues, AConsumerThatGetsNothingThoughItsQueueHoldsMessagesIsMadeAnew) {
    World world;
    world.settle(1);
    world.queue.brings_nothing = true;
    world.append_and_deliver(1, "a");
    world.settle(2);
    EXPECT_EQ(world.value(1), "");
    world.settle(20);
    EXPECT_EQ(world.value(1), "a");
}

TEST(ReadQueues, AStreamWithANoteIsCaughtUpAndTheNoteIsCleared) {
    World world;
    world.append(1, "a");
    world.append(1, "b");
    world.settle(2);
    EXPECT_EQ(world.value(1), "") << "its messages were lost";
    world.model.stream(1).stream = StreamId{1};
    world.model.stream(1).next_attempt_at = world.clock.now();
    world.settle(3);
    EXPECT_EQ(world.value(1), "ab");
    EXPECT_EQ(world.model.stream(1).next_attempt_at, std::nullopt);
}

TEST(ReadQueues, WhoIsDetachedIsFedFromTheStoreAndReadsNoQueue) {
    World world;
    world.leases.detached = true;
    world.append_and_deliver(1, "a");
    world.append(2, "x");
    world.leases.edge = Position{2};
    world.settle(4);
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.value(2), "x");
    EXPECT_EQ(world.queue.left(), 1u);
    EXPECT_EQ(world.leases.bindings, 0);
    world.append(2, "y");
    world.leases.detached = false;
    world.leases.feed_to = Position{3};
    world.settle(4);
    EXPECT_EQ(world.leases.bindings, 1);
    EXPECT_EQ(world.value(2), "xy");
    EXPECT_EQ(world.queue.left(), 0u);
}

}  // namespace
}  // namespace lantern::worker
