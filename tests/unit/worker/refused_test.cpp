// What was carried out and could not be committed: nothing of it is acknowledged, and nothing is told of it.
#include <gtest/gtest.h>

#include "tests/unit/worker/effect_world.hpp"

namespace lantern::worker {
namespace {

using namespace fake;

const Backoff kInAnHour{
    .initial = std::chrono::hours(1), .factor = 1, .max = std::chrono::hours(1), .jitter = Backoff::Jitter::none};

// A later edit may route it, and its worker may have fenced this one: then the event is the successor's.
TEST(Refused, WhatTheRoutesDoNotWantIsDroppedOnlyUnderItsLease) {
    World world;
    world.settle(1);
    world.leases.steal(Partition{1});
    world.queue.deliver(world.store.append(1, "OTHER"));
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.queue.left(), 1u) << "not acknowledged";
    world.settle(3);
    EXPECT_EQ(world.queue.left(), 0u);
    const Event wanted = world.append(1, "a");
    world.queue.deliver(wanted);
    world.settle(1);
    const int flushes = world.model.flushes;
    world.queue.deliver(wanted);
    world.settle(1);
    EXPECT_EQ(world.queue.left(), 0u);
    EXPECT_EQ(world.model.flushes, flushes) << "a duplicate asks for nothing";
}

TEST(Refused, WhatASideEffectsRoutesDoNotWantIsDroppedOnlyUnderItsLease) {
    EffectWorld world;
    world.settle(1);
    world.leases.steal(Partition{1});
    world.queue.deliver(world.store.append(1, "OTHER"));
    world.turn();
    EXPECT_EQ(world.queue.left(), 1u) << "not acknowledged";
    world.settle(3);
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Refused, AFailureIsReportedOnceItsCommitHolds) {
    const auto once = [](const char* what, int failures, auto refuse) {
        World world(kInAnHour);
        bool refused = false;
        world.script = [&](const Event& event) {
            if (event.data != "poison") return Outcome{};
            if (!std::exchange(refused, true)) refuse(world);
            return retry("no");
        };
        world.append_and_deliver(1, "poison");
        world.append_and_deliver(2, what);
        world.settle(5);
        EXPECT_EQ(world.model.stream(1).state, StreamState::retrying) << what;
        EXPECT_EQ(world.notes.parks, failures) << what;
        EXPECT_EQ(world.model.attempts.size(), static_cast<std::size_t>(failures)) << what;
        EXPECT_EQ(world.queue.left(), 0u) << what;
    };
    once("regenerated", 1, [](World& world) { ++world.model.generation_now.value; });
    once("conflict", 1, [](World& world) {
        world.model.stream(1).stream = StreamId{1};
        world.model.stream(1).seen = Revision{1};
    });
    once("lost", 1, [](World& world) {
        world.trouble.fail_call(1, Fault(FaultKind::outage, "postgres", "lost"));  // the flush
    });
    once("refused by the database", 2, [](World&) {});
}

TEST(Refused, AFailedActIsReportedOnceItsCommitHolds) {
    EffectWorld world(kInAnHour);
    world.log.script = [&](const Event&, const Attempt&) {
        if (world.log.acts.size() == 1) ++world.model.generation_now.value;
        return retry("no");
    };
    world.append_and_deliver(1, "a");
    world.settle(5);
    EXPECT_EQ(world.model.stream(1).state, StreamState::retrying);
    EXPECT_EQ(world.notes.parks, 1);
}

}  // namespace
}  // namespace lantern::worker
