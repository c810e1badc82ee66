#include "host/worker/worker.hpp"

#include <gtest/gtest.h>

#include "tests/unit/worker/world.hpp"

namespace lantern::worker {
namespace {

using fake::retry;
using fake::World;

TEST(Worker, AppliesWhatArrivesAndAcknowledgesAfterTheCommit) {
    World world;
    world.append_and_deliver(1, "a");
    world.append_and_deliver(2, "x");
    world.append_and_deliver(1, "b");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "ab");
    EXPECT_EQ(world.value(2), "x");
    EXPECT_EQ(world.model.flushes, 1) << "one batch, one transaction";
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Worker, DropsDuplicates) {
    World world;
    const Event event = world.append(1, "a");
    for (int time = 0; time < 3; ++time) world.queue.deliver(event);
    world.worker.turn(Milliseconds(0));
    world.queue.deliver(event);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.notes.duplicates, 3u);
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Worker, FillsGapsFromTheStoreInOrder) {
    World world;
    world.append(1, "a");
    world.append(1, "b");
    world.append_and_deliver(1, "c");
    const Event late = world.append(1, "d");
    world.append_and_deliver(1, "e");
    world.queue.deliver(late);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "abcde");
    EXPECT_EQ(world.store.reads, 1) << "all gaps of a batch with one query";
}

TEST(Worker, EventsOfOtherTypesAreNoGap) {
    World world;
    world.store.append(1, "OTHER");
    world.store.append(1, "OTHER");
    world.append_and_deliver(1, "a");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.model.stream(1).revision, Revision{3});
}

TEST(Worker, AGapLongerThanOneReadIsFilledInParts) {
    World world;
    world.store.fill_max = 3;
    std::string all;
    for (char letter = 'a'; letter < 'p'; ++letter) {
        world.append(1, std::string(1, letter));
        world.append(5, std::string(1, letter));
        all.push_back(letter);
    }
    world.append_and_deliver(1, "!");
    world.append_and_deliver(5, "!");
    world.append(1, "?");
    world.append_and_deliver(1, ".");
    world.settle(2);
    EXPECT_EQ(world.value(1), all + "!?.");
    EXPECT_EQ(world.value(5), all + "!");
    EXPECT_EQ(world.queue.left(), 0u);
}

// Gaps arrive in any order of streams; where the store's answer is cut, a gap that was not read is no empty one.
TEST(Worker, AGapThatWasNotReadIsNotSkipped) {
    World world;
    world.store.fill_max = 3;
    for (const std::int64_t stream : {1, 5, 3}) {
        for (const char* data : {"a", "b", "c"}) world.append(stream, data);
    }
    for (const std::int64_t stream : {1, 5, 3}) world.append_and_deliver(stream, "!");
    world.settle(2);
    for (const std::int64_t stream : {1, 5, 3}) EXPECT_EQ(world.value(stream), "abc!") << stream;
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Worker, AFailingEventHoldsBackOnlyItsStream) {
    World world;
    bool broken = true;
    world.script = [&](const Event& event) { return broken && event.data == "b" ? retry("not now") : Outcome{}; };
    for (const char* data : {"a", "b", "c"}) world.append_and_deliver(1, data);
    world.append_and_deliver(2, "x");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.value(2), "x");
    EXPECT_EQ(world.model.stream(1).state, StreamState::retrying);
    EXPECT_EQ(world.model.stream(1).seen, Revision{3});
    EXPECT_EQ(world.model.stream(1).last_error, "not now");
    EXPECT_EQ(world.queue.left(), 0u) << "parked is an outcome: acknowledged, the store has it";

    world.append_and_deliver(1, "d");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.model.stream(1).seen, Revision{4});

    world.settle(4);
    EXPECT_GE(world.model.stream(1).attempts, 2);
    broken = false;
    world.settle(20);
    EXPECT_EQ(world.value(1), "abcd");
    EXPECT_EQ(world.model.stream(1).state, StreamState::live);
    EXPECT_EQ(world.model.stream(1).attempts, 0);
    EXPECT_GE(world.model.attempts.size(), 2u);
}

TEST(Worker, WhatAFailedEventRecordedIsDropped) {
    World world;
    world.script = [](const Event& event) { return event.data == "b" ? retry("no") : Outcome{}; };
    world.append_and_deliver(1, "a");
    world.append_and_deliver(1, "b");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "a");
}

TEST(Worker, AnEventThatTheDatabaseRefusesIsFoundAndParkedAlone) {
    World world;
    world.append_and_deliver(1, "a");
    world.append_and_deliver(2, "refused by the database");
    world.append_and_deliver(3, "c");
    world.settle(1);
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.value(3), "c");
    EXPECT_EQ(world.model.stream(2).state, StreamState::retrying);
    EXPECT_EQ(world.model.stream(2).revision, Revision{0});
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Worker, ANewerSchemaVersionWaitsAndIsNeverGivenRaw) {
    World world;
    Event event = world.append(1, "new");
    event.schema_version = 2;
    bool called = false;
    world.script = [&](const Event&) {
        called = true;
        return Outcome{};
    };
    world.queue.deliver(event);
    world.worker.turn(Milliseconds(0));
    EXPECT_FALSE(called);
    EXPECT_EQ(world.model.stream(1).state, StreamState::retrying);
}

TEST(Worker, ACommitInDoubtIsNotAppliedTwice) {
    World world;
    world.append_and_deliver(1, "a");
    world.model.lose_next_answer = true;
    world.settle(3);
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.objects, 1) << "no second object: everything was found applied";
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Worker, AStolenLeaseWritesNothing) {
    World world;
    world.append_and_deliver(1, "a");
    world.worker.turn(Milliseconds(0));
    world.leases.steal(Partition{1});
    world.append_and_deliver(1, "b");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.queue.left(), 1u) << "not acknowledged";
    world.settle(3);
    EXPECT_EQ(world.value(1), "ab");
}

TEST(Worker, AnotherWritersCheckpointIsFoundByCompareAndSet) {
    World world;
    world.append_and_deliver(1, "a");
    world.worker.turn(Milliseconds(0));
    // Behind this worker's back: b was applied by another.
    world.append_and_deliver(1, "b");
    world.model.stream(1).revision = Revision{2};
    world.model.table["thing-1"][1] = std::string("ab");
    world.append_and_deliver(1, "c");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "abc");
}

TEST(Worker, ANewGenerationDropsCachesAndGoesOn) {
    World world;
    world.append_and_deliver(1, "a");
    world.worker.turn(Milliseconds(0));
    world.model.generation_now = Generation{2};
    world.append_and_deliver(1, "b");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "ab");
}

// Its writes might fit the new tables, whose columns only have other meanings.
TEST(Worker, AReplayOfAStreamDropsWhatTheObjectRemembers) {
    World world;
    world.append_and_deliver(1, "a");
    world.settle(2);
    ASSERT_EQ(world.objects, 1);
    // As a replay leaves it: folded anew, with a note.
    world.model.table.at("thing-1").at(1) = std::string("b");
    world.model.stream(1).seen = Revision{-1};
    world.model.stream(1).next_attempt_at = world.clock.now();
    world.settle(2);
    EXPECT_EQ(world.model.stream(1).seen, Revision{0});
    world.append_and_deliver(1, "c");
    world.settle(2);
    EXPECT_EQ(world.value(1), "bc");
    EXPECT_EQ(world.objects, 2);
}

TEST(Worker, ABuildWhoseTablesWereSwappedAwayWritesNothingAndIsHeldWithTheReason) {
    World world;
    world.append_and_deliver(1, "a");
    world.worker.turn(Milliseconds(0));
    world.model.generation_now = Generation{2};
    world.model.swapped = "its tables are of schema version 2";
    world.append_and_deliver(1, "b");
    int waits = 0;
    std::size_t left = 0;
    world.worker.run([&](Milliseconds) {
        world.clock.advance(std::chrono::milliseconds(600));
        left = world.queue.left();
        return ++waits > 20;
    });
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.model.stream(1).revision, Revision{1});
    EXPECT_EQ(left, 1u) << "not acknowledged, so that another takes it";
    EXPECT_EQ(world.notes.waits_for, "held: postgres: its tables are of schema version 2");
}

TEST(Worker, HistoryIsFedFromTheStoreBeforeTheQueueIsRead) {
    World world;
    std::map<std::int64_t, std::string> expected;
    for (int round = 0; round < 400; ++round) {
        const std::int64_t stream = 1 + round % 7;
        world.append(stream, std::string(1, static_cast<char>('a' + round % 26)));
        expected[stream].push_back(static_cast<char>('a' + round % 26));
    }
    world.leases.feed_to = world.store.events().back().position;
    for (const auto& event : world.store.events()) {
        if (event.position.value > 390) world.queue.deliver(event);
    }
    world.append_and_deliver(3, "!");
    expected[3] += "!";
    world.settle(5);
    for (const auto& [stream, value] : expected) EXPECT_EQ(world.value(stream), value) << stream;
    EXPECT_EQ(world.queue.left(), 0u);
}

// Read up to its next event, it would run into the time limit of a statement, again and again from the start.
TEST(Worker, HistoryOfARareTypeIsReadInPartsAndWhatWasFoundEmptyIsNotReadAgain) {
    constexpr std::int64_t kWindow = 100'000;
    World world;
    world.store.pass(20'000'000);
    world.append(1, "rare");
    world.store.pass(20'000'000);
    world.leases.feed_to = Position{40'000'001};
    world.settle(2);
    EXPECT_LE(world.store.widest_page, kWindow);
    for (const Lease& lease : world.leases.leases()) EXPECT_EQ(lease.feed_cursor, Position{2 * kWindow});
    world.settle(400);
    EXPECT_EQ(world.value(1), "rare");
    EXPECT_LE(world.store.widest_page, kWindow);
    for (const Lease& lease : world.leases.leases()) EXPECT_TRUE(lease.fed());
}

TEST(Worker, AskedToReleaseItHandsThePartitionOverUnacknowledged) {
    World world;
    world.worker.turn(Milliseconds(0));
    world.append_and_deliver(1, "a");
    world.leases.to_release = {Partition{1}};
    world.clock.advance(std::chrono::seconds(2));
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.leases.released, std::vector<Partition>{Partition{1}});
    EXPECT_EQ(world.value(1), "");
    EXPECT_EQ(world.queue.left(), 1u);
}

TEST(Worker, WhoHoldsNothingTakesAtOnceWhatAnotherLetsGo) {
    World world;
    world.leases.held_by_another = true;
    world.worker.turn(Milliseconds(0));
    world.append_and_deliver(1, "a");
    world.leases.held_by_another = false;
    world.clock.advance(std::chrono::milliseconds(100));
    for (int turn = 0; turn < 5; ++turn) world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "a") << "before a heartbeat is due";
}

TEST(Worker, WhoStandsByForLongAsksNoMoreOftenThanOthers) {
    World world;
    world.leases.held_by_another = true;
    world.settle(20);  // twelve seconds
    const int before = world.leases.ticks;
    for (int turn = 0; turn < 50; ++turn) {
        world.worker.turn(Milliseconds(0));
        world.clock.advance(std::chrono::milliseconds(100));
    }
    EXPECT_LE(world.leases.ticks - before, 6) << "in five seconds";
}

// Another one in its place stops only once this one reads the queues that are in force.
TEST(Worker, HasNotSettledInBeforeItsFirstHeartbeatNorWhileItsQueuesAreRefused) {
    World world;
    world.leases.others_in_force = true;
    world.trouble.fail_call(1, Fault(FaultKind::configuration, "postgres", "permission denied"));
    EXPECT_THROW(world.worker.turn(Milliseconds(0)), Fault);
    EXPECT_FALSE(world.worker.settled_in());
    world.append_and_deliver(1, "a");
    world.settle(3);
    EXPECT_EQ(world.leases.bindings, 1) << "bound once";
    EXPECT_FALSE(world.worker.settled_in());
    EXPECT_NE(world.notes.waits_for.find("queues are in force"), std::string::npos) << world.notes.waits_for;
    EXPECT_EQ(world.value(1), "");

    world.leases.others_in_force = false;
    world.settle(3);
    EXPECT_TRUE(world.worker.settled_in());
    EXPECT_EQ(world.notes.waits_for, "");
    EXPECT_EQ(world.value(1), "a");
}

// The n-th call of any port fails, for n = 1, 2, ... until a run is clean; after each the tables are as a fold.
TEST(Worker, SurvivesAFaultAtEveryCall) {
    for (const FaultKind kind : {FaultKind::outage, FaultKind::in_doubt, FaultKind::conflict}) {
        for (const char* place : {"postgres", "rabbitmq"}) {
            for (int call = 1;; ++call) {
                World world;
                int failures = 2;
                world.script = [&](const Event& event) {
                    return event.data == "poison" && failures-- > 0 ? retry("poison") : Outcome{};
                };
                world.trouble.fail_call(call, Fault(kind, place, "broken by the test"));
                world.append_and_deliver(1, "a");
                world.append(1, "b");
                world.append_and_deliver(1, "c");
                world.append_and_deliver(2, "poison");
                world.append_and_deliver(2, "x");
                world.append_and_deliver(6, "y");
                world.settle(12);
                ASSERT_EQ(world.value(1), "abc") << "call " << call << " of " << place;
                ASSERT_EQ(world.value(2), "poisonx") << "call " << call << " of " << place;
                ASSERT_EQ(world.value(6), "y") << "call " << call << " of " << place;
                ASSERT_EQ(world.queue.left(), 0u);
                if (world.trouble.struck() == 0) {
                    ASSERT_GT(call, 5);
                    break;
                }
            }
        }
    }
}

}  // namespace
}  // namespace lantern::worker
