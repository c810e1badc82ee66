// What a worker does about its queues: how far they are worked off, one that is silent, one that overflows, none.
#include "host/worker/read_queues.hpp"

#include <gtest/gtest.h>

#include "tests/unit/worker/effect_world.hpp"

namespace lantern::worker {
namespace {

using fake::EffectWorld;
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

TEST(ReadQueues, AConsumerThatGetsNothingIsMadeAnewHoweverBusyTheOthersAre) {
    World world;
    world.settle(1);
    world.queue.hung = Partition{1};
    world.queue.disconnects = 0;
    world.append_and_deliver(1, "a");
    const auto busy = [&](int turns) {
        for (; turns > 0; --turns) {
            world.append_and_deliver(2, "x");
            world.settle(1);
        }
    };
    world.queue.arrived_of_hung = limits::kPrefetch;  // all that the broker gives at once
    busy(40);
    EXPECT_EQ(world.queue.disconnects, 0);
    world.queue.arrived_of_hung = 0;
    busy(40);
    EXPECT_EQ(world.queue.disconnects, 1);
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

TEST(ReadQueues, WhileTheBrokerIsAwayRetriesHistoryAndRerunEffectsGoOn) {
    EffectWorld world;
    const Event again = world.append(3, "asked");
    Effect asked{again.id, again.stream, again.revision, Uuid{}, EffectState::asked, Epoch{}, 0, {}};
    asked.run = 1;
    for (const bool had_begun : {true, false}) {
        if (had_begun) world.settle(2);
        world.queue.away = true;
        if (!had_begun) world.crash();  // its successor has never bound anything
        const std::int64_t fed = had_begun ? 1 : 11, due = had_begun ? 2 : 12;
        world.append(fed, "fed");
        world.append(due, "due");
        world.park(due);
        world.leases.feed_again_to(Position{world.store.events().back().position});
        world.model.runs.assign(1, {again, asked});
        world.queue.declares = 0;
        world.settle(100);
        EXPECT_EQ(world.model.stream(fed).revision, Revision{1}) << had_begun;
        EXPECT_EQ(world.model.stream(due).state, StreamState::live) << had_begun;
        EXPECT_EQ(world.model.runs.front().effect.state, EffectState::done) << had_begun;
        EXPECT_EQ(world.notes.waits_for, "rabbitmq: connection refused");
        EXPECT_LT(world.queue.declares, 30) << "in a minute: it is not hammered";
        EXPECT_FALSE(world.process->worker.settled_in());

        world.queue.away = false;
        world.append_and_deliver(fed, "delivered");
        world.settle(20);
        EXPECT_EQ(world.model.stream(fed).revision, Revision{2});
        EXPECT_EQ(world.notes.waits_for, "");
        EXPECT_TRUE(world.process->worker.settled_in());
    }
}

}  // namespace
}  // namespace lantern::worker
