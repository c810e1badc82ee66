// When a failed event is tried again, and when no more.
#include "host/worker/parking.hpp"

#include <gtest/gtest.h>

#include "host/core/limits.hpp"
#include "tests/unit/worker/world.hpp"

namespace lantern::worker {
namespace {

using namespace std::chrono_literals;
using fake::retry;
using fake::World;
using std::chrono::microseconds;

Backoff backoff_of(int attempts, Backoff::Jitter jitter) {
    return {.attempts = attempts, .initial = 1000ms, .factor = 3, .max = 20'000ms, .jitter = jitter};
}

Outcome outcome_of(Outcome::Kind kind, microseconds after = 0us) {
    return {kind, "no", {}, after};
}

struct ParkingTest : ::testing::Test {
    StreamRow parked(const Backoff& backoff, const Outcome& outcome, int attempts_before = 0) {
        StreamRow row;
        row.attempts = attempts_before;
        row.seen = Revision{3};
        Event event;
        event.revision = Revision{4};
        return Parking(backoff, clock, random).parked(row, event, outcome);
    }

    fake::ManualClock clock;
    SystemRandom random{11};
};

TEST_F(ParkingTest, DelaysGrowByTheFactorUpToTheCap) {
    const auto backoff = backoff_of(8, Backoff::Jitter::none);
    EXPECT_EQ(delay_after(backoff, 1, 99), 1000ms);
    EXPECT_EQ(delay_after(backoff, 2, 99), 3000ms);
    EXPECT_EQ(delay_after(backoff, 3, 99), 9000ms);
    EXPECT_EQ(delay_after(backoff, 4, 99), 20'000ms);
    EXPECT_EQ(delay_after(backoff, 100'000, 99), 20'000ms) << "far beyond what a number holds";
    EXPECT_EQ(delay_after(backoff, 0, 99), 1000ms);
}

TEST_F(ParkingTest, FullJitterIsSpreadOverTheWholeDelayAndReplaysWithItsSeed) {
    const auto backoff = backoff_of(8, Backoff::Jitter::full);
    SystemRandom seeded(5), again(5);
    microseconds least = 1h, most = 0us;
    for (int time = 0; time < 1000; ++time) {
        const auto delay = delay_after(backoff, 2, seeded.next());
        EXPECT_EQ(delay, delay_after(backoff, 2, again.next()));
        least = std::min(least, delay);
        most = std::max(most, delay);
    }
    EXPECT_GE(least, 0us);
    EXPECT_LT(least, 100ms);
    EXPECT_GT(most, 2900ms);
    EXPECT_LE(most, 3000ms);
}

TEST_F(ParkingTest, ARetryCountsAnAttemptAndIsDueLater) {
    const auto row = parked(backoff_of(3, Backoff::Jitter::none), outcome_of(Outcome::Kind::retry), 1);
    EXPECT_EQ(row.state, StreamState::retrying);
    EXPECT_EQ(row.attempts, 2);
    EXPECT_EQ(row.next_attempt_at, clock.now() + 3000ms);
    EXPECT_EQ(row.seen, Revision{4});
    EXPECT_EQ(row.last_error, "no");
}

TEST_F(ParkingTest, WhatThePluginAskedForWins) {
    const auto backoff = backoff_of(8, Backoff::Jitter::full);
    for (const auto kind : {Outcome::Kind::retry, Outcome::Kind::unavailable}) {
        EXPECT_EQ(parked(backoff, outcome_of(kind, 90s)).next_attempt_at, clock.now() + 90s)
            << "longer than the cap";
        EXPECT_EQ(parked(backoff, outcome_of(kind, 5us), 6).next_attempt_at, clock.now() + 5us);
    }
}

TEST_F(ParkingTest, TheLastAttemptIsDeadEvenIfThePluginAskedForMore) {
    const auto backoff = backoff_of(3, Backoff::Jitter::full);
    EXPECT_EQ(parked(backoff, outcome_of(Outcome::Kind::retry), 1).state, StreamState::retrying);
    const auto row = parked(backoff, outcome_of(Outcome::Kind::retry, 5s), 2);
    EXPECT_EQ(row.state, StreamState::dead);
    EXPECT_EQ(row.attempts, 3);
    EXPECT_FALSE(row.next_attempt_at);
}

TEST_F(ParkingTest, RejectedIsDeadAtOnce) {
    const auto row = parked(backoff_of(8, Backoff::Jitter::full), outcome_of(Outcome::Kind::rejected));
    EXPECT_EQ(row.state, StreamState::dead);
    EXPECT_EQ(row.attempts, 1);
    EXPECT_FALSE(row.next_attempt_at);
}

TEST_F(ParkingTest, ADependencyThatIsAwayCostsNoAttemptAndIsTriedAgainSoon) {
    const auto backoff = backoff_of(3, Backoff::Jitter::none);
    const auto row = parked(backoff, outcome_of(Outcome::Kind::unavailable), 2);
    EXPECT_EQ(row.state, StreamState::retrying);
    EXPECT_EQ(row.attempts, 2);
    EXPECT_EQ(row.next_attempt_at, clock.now() + limits::kUnavailableDelay);
}

TEST(Retrying, StreamsThatAreDueTogetherAreReadAndWrittenTogether) {
    World world(backoff_of(4, Backoff::Jitter::none));
    bool broken = true;
    world.script = [&](const Event&) { return broken ? retry("broken") : Outcome{}; };
    for (int stream = 1; stream <= 5; ++stream) world.append_and_deliver(stream, "a");
    world.worker.turn(Milliseconds(0));
    for (int stream = 1; stream <= 5; ++stream) world.append_and_deliver(stream, "b");
    world.worker.turn(Milliseconds(0));
    broken = false;
    const int reads = world.store.reads, flushes = world.model.flushes;
    world.clock.advance(10s);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.store.reads, reads + 1);
    EXPECT_EQ(world.model.flushes, flushes + 1);
    for (int stream = 1; stream <= 5; ++stream) {
        EXPECT_EQ(world.value(stream), "ab") << stream;
        EXPECT_EQ(world.model.stream(stream).state, StreamState::live) << stream;
    }
}

// The store's answer ends somewhere: in the middle of a stream, which goes on next time, and before others.
TEST(Retrying, StreamsThatOneReadDoesNotHoldAreCaughtUpInParts) {
    World world(backoff_of(4, Backoff::Jitter::none));
    bool broken = true;
    world.script = [&](const Event&) { return broken ? retry("broken") : Outcome{}; };
    for (int round = 0; round < 4; ++round)
        for (int stream = 1; stream <= 5; ++stream)
            world.append_and_deliver(stream, std::string(1, char('a' + round)));
    world.worker.turn(Milliseconds(0));
    broken = false;
    world.store.fill_max = 3;
    world.settle(30);
    for (int stream = 1; stream <= 5; ++stream) {
        EXPECT_EQ(world.value(stream), "abcd") << stream;
        EXPECT_EQ(world.model.stream(stream).state, StreamState::live) << stream;
    }
}

// What stands behind it was not tried: it is neither live, nor counted an attempt, nor moved to later.
TEST(Retrying, ADependencyThatIsAwayLeavesTheOtherDueStreamsAsTheyAre) {
    World world(backoff_of(4, Backoff::Jitter::none));
    Outcome answer = retry("broken");
    world.script = [&](const Event& event) { return event.stream == StreamId{1} ? Outcome{} : answer; };
    for (int stream = 2; stream <= 4; ++stream) world.append_and_deliver(stream, "a");
    world.worker.turn(Milliseconds(0));
    const StreamRow third = world.model.stream(3);
    answer = {Outcome::Kind::unavailable, "refused", "smtp", 5s};
    world.clock.advance(10s);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.notes.waits_for, "smtp: refused");
    EXPECT_NE(world.model.stream(2).next_attempt_at, third.next_attempt_at) << "the probe";
    EXPECT_EQ(world.model.stream(3), third);
    EXPECT_EQ(world.value(3), "");

    answer = {};
    world.settle(30);
    for (int stream = 2; stream <= 4; ++stream) {
        EXPECT_EQ(world.value(stream), "a") << stream;
        EXPECT_EQ(world.model.stream(stream).state, StreamState::live) << stream;
    }
}

TEST(Retrying, AnEventThatFailsEachTimeIsDeadAfterItsAttempts) {
    World world(backoff_of(4, Backoff::Jitter::full));
    int calls = 0;
    world.script = [&](const Event& event) {
        if (event.data != "b") return Outcome{};
        ++calls;
        return retry("broken");
    };
    for (const char* data : {"a", "b", "c"}) world.append_and_deliver(1, data);
    world.settle(100);
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(world.model.stream(1).state, StreamState::dead);
    ASSERT_EQ(world.model.attempts.size(), 4u) << "each is kept";
    for (int number = 1; number <= 4; ++number)
        EXPECT_EQ(world.model.attempts[static_cast<std::size_t>(number - 1)].attempt, number);

    world.append_and_deliver(1, "d");
    world.append_and_deliver(2, "x");
    world.settle(100);
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(world.value(1), "a");
    EXPECT_EQ(world.value(2), "x") << "others are not held back";
    EXPECT_EQ(world.model.stream(1).seen, Revision{4});
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Retrying, AnOutageOfADependencyBurnsNoAttemptAndIsNotedOnce) {
    World world(backoff_of(2, Backoff::Jitter::full));
    bool away = true;
    world.script = [&](const Event&) {
        return away ? Outcome{Outcome::Kind::unavailable, "mail server away", "smtp", {}} : Outcome{};
    };
    world.append_and_deliver(1, "a");
    world.settle(200);
    EXPECT_EQ(world.model.stream(1).state, StreamState::retrying);
    EXPECT_EQ(world.model.stream(1).attempts, 0);
    EXPECT_GT(world.notes.parks, 10);
    EXPECT_EQ(world.model.attempts.size(), 1u);
    away = false;
    world.settle(20);
    EXPECT_EQ(world.value(1), "a");
}

TEST(Retrying, AnEventOfANewerVersionIsNeverChargedAndNeverDead) {
    World world(backoff_of(1, Backoff::Jitter::none));
    Event event = world.append(1, "new");
    event.schema_version = 2;
    world.queue.deliver(event);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.model.stream(1).state, StreamState::retrying);
    EXPECT_EQ(world.model.stream(1).attempts, 0);
}

TEST(Retrying, ARestartLosesNoAttemptAndNoDueTime) {
    World world(backoff_of(3, Backoff::Jitter::none));
    world.script = [](const Event&) { return retry("broken"); };
    world.append_and_deliver(1, "a");
    world.worker.turn(Milliseconds(0));
    const StreamRow before = world.model.stream(1);

    Rows rows(world.model);
    int calls = 0;
    ProjectionApplier applier({
        .tables = {{"notes", Ownership::owned, {{"id", ColumnType::text}, {"value", ColumnType::text}}, 1, {}}},
        .make_object =
            [&] {
                return std::make_unique<fake::Appender>([&](const Event&) {
                    ++calls;
                    return retry("broken");
                });
            },
        .model = world.model,
        .rows = rows,
        .upcasts = world.upcasts,
        .watch = world.notes,
        .clock = world.clock,
        .parking = {world.backoff_, world.clock, world.random},
    });
    HandlerSettings settings;
    settings.partitions = fake::kPartitions;
    Worker successor({settings, world.queue, world.leases, world.store, world.model, applier, rows, world.notes,
                      world.clock, world.random});
    const auto turn_after = [&](std::chrono::milliseconds time) {
        world.clock.advance(time);
        successor.turn(Milliseconds(0));
    };
    turn_after(900ms);
    EXPECT_EQ(calls, 0) << "not due yet";
    EXPECT_EQ(world.model.stream(1), before);
    turn_after(500ms);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(world.model.stream(1).attempts, 2);
    turn_after(3000ms);
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(world.model.stream(1).state, StreamState::dead);
}

// An operator's "try again now" was written over by a worker that raised `seen` with the row that it remembered.
TEST(Retrying, ANoteLeftByAnOperatorIsNotWrittenOver) {
    World world(Backoff{.attempts = 9, .initial = 1h, .factor = 1, .max = 1h, .jitter = Backoff::Jitter::none});
    bool broken = true;
    world.script = [&](const Event& event) { return broken && event.data == "a" ? retry("broken") : Outcome{}; };
    world.append_and_deliver(1, "a");
    world.worker.turn(Milliseconds(0));
    ASSERT_EQ(world.model.stream(1).next_attempt_at, world.clock.now() + 1h);

    world.model.stream(1).next_attempt_at = world.clock.now() + 1s;
    world.append_and_deliver(1, "b");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.model.stream(1).seen, Revision{2});
    EXPECT_EQ(world.model.stream(1).next_attempt_at, world.clock.now() + 1s);
    broken = false;
    world.settle(5);
    EXPECT_EQ(world.value(1), "ab");
}

TEST(Retrying, WhatWasSetAsideWhileRetryingIsAppliedInOrder) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        World world(backoff_of(100, Backoff::Jitter::full));
        SystemRandom dice(seed);
        world.script = [&](const Event&) { return dice.next() % 3 == 0 ? retry("dice") : Outcome{}; };
        std::string expected;
        for (char letter = 'a'; letter < 'k'; ++letter) {
            world.append_and_deliver(1, std::string(1, letter));
            world.append_and_deliver(2, std::string(1, letter));
            expected.push_back(letter);
            world.settle(1 + static_cast<int>(dice.next() % 3));
        }
        world.settle(600);
        ASSERT_EQ(world.value(1), expected) << "seed " << seed;
        ASSERT_EQ(world.value(2), expected) << "seed " << seed;
        ASSERT_EQ(world.model.stream(1).state, StreamState::live);
    }
}

// A dependency of the plugin that can be taken away.
struct Outage {
    bool away = true;
    int calls = 0;

    Outcome operator()() {
        ++calls;
        return away ? Outcome{Outcome::Kind::unavailable, "connection refused", "smtp", {}} : Outcome{};
    }
};

TEST(Outages, OneProbeAtATimeIsMadeAndTheRestStaysInHand) {
    World world(backoff_of(2, Backoff::Jitter::full));
    Outage smtp;
    world.script = [&](const Event&) { return smtp(); };
    for (std::int64_t stream = 1; stream <= 20; ++stream) world.append_and_deliver(stream, "a");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(smtp.calls, 1);
    EXPECT_EQ(world.queue.left(), 20u) << "not acknowledged";
    for (int turn = 0; turn < 50; ++turn) world.worker.turn(Milliseconds(0));
    EXPECT_EQ(smtp.calls, 1) << "not before its time";
    world.clock.advance(limits::kBackoffMax);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(smtp.calls, 2);
    world.settle(100);
    EXPECT_LT(smtp.calls, 103);
    EXPECT_TRUE(world.model.table.empty());

    smtp.away = false;
    world.settle(30);
    for (std::int64_t stream = 1; stream <= 20; ++stream) {
        EXPECT_EQ(world.value(stream), "a") << stream;
        EXPECT_EQ(world.model.stream(stream).state, StreamState::live);
    }
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Outages, ComeAndGoWithoutALossOrAnAttempt) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        World world(backoff_of(1, Backoff::Jitter::full));
        SystemRandom dice(seed);
        bool quiet = false;
        world.script = [&](const Event&) {
            if (quiet || dice.next() % 3 != 0) return Outcome{};
            return Outcome{Outcome::Kind::unavailable, "away", "smtp", {}};
        };
        std::string expected;
        for (char letter = 'a'; letter < 'k'; ++letter) {
            for (const std::int64_t stream : {1, 2, 5}) {
                const Event event = world.append(stream, std::string(1, letter));
                if (dice.next() % 4 != 0) world.queue.deliver(event);  // a gap otherwise
            }
            expected.push_back(letter);
            world.settle(static_cast<int>(dice.next() % 4));
        }
        quiet = true;
        for (const std::int64_t stream : {1, 2, 5}) world.append_and_deliver(stream, "!");
        world.settle(60);
        for (const std::int64_t stream : {1, 2, 5}) {
            ASSERT_EQ(world.value(stream), expected + "!") << "seed " << seed;
            ASSERT_EQ(world.model.stream(stream).state, StreamState::live) << "seed " << seed;
        }
        ASSERT_EQ(world.queue.left(), 0u) << "seed " << seed;
    }
}

// An event that waits for a newer build is no reason for others to wait.
TEST(Outages, ANewerVersionPausesNothing) {
    World world;
    Event event = world.append(1, "new");
    event.schema_version = 2;
    world.queue.deliver(event);
    world.append_and_deliver(2, "x");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(2), "x");
    EXPECT_EQ(world.queue.left(), 0u);
}

}  // namespace
}  // namespace lantern::worker
