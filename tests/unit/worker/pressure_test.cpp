// What slows a handler on purpose: the breaker, its rate, and other things that must be looked after meanwhile.
#include <gtest/gtest.h>

#include "host/worker/pace.hpp"
#include "tests/unit/worker/effect_world.hpp"

namespace lantern::worker {
namespace {

using namespace fake;
using namespace std::chrono_literals;

constexpr int kMany = static_cast<int>(limits::kBreakerStreams) + 10;

Backoff few_attempts() {
    return {.attempts = 2, .initial = 100ms, .factor = 1, .max = 100ms, .jitter = Backoff::Jitter::none};
}

TEST(Breaker, OpensWhenManyStreamsFailInARowAndBurnsNoMoreAttempts) {
    World world(few_attempts());
    int calls = 0;
    bool away = true;
    world.script = [&](const Event&) {
        ++calls;
        return away ? retry("timed out") : Outcome{};
    };
    for (int stream = 1; stream <= kMany; ++stream) world.append_and_deliver(stream, "a");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(calls, static_cast<int>(limits::kBreakerStreams));
    EXPECT_NE(world.notes.waits_for.find("10 streams in a row failed: timed out"), std::string::npos)
        << world.notes.waits_for;
    for (int turn = 0; turn < 20; ++turn) world.worker.turn(Milliseconds(0));
    EXPECT_EQ(calls, static_cast<int>(limits::kBreakerStreams)) << "it waits";
    world.clock.advance(limits::kBackoffMax);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(calls, static_cast<int>(limits::kBreakerStreams) + 1) << "one probe";

    world.settle(300);
    for (int stream = 1; stream <= kMany; ++stream) {
        ASSERT_NE(world.model.stream(stream).state, StreamState::dead) << stream;
        ASSERT_LE(world.model.stream(stream).attempts, 1) << stream;
    }
    away = false;
    world.settle(100);
    for (int stream = 1; stream <= kMany; ++stream) {
        ASSERT_EQ(world.value(stream), "a") << stream;
        ASSERT_EQ(world.model.stream(stream).state, StreamState::live);
    }
    EXPECT_EQ(world.notes.waits_for, "");
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Breaker, StaysClosedWhileOthersSucceedAndWhenOneStreamFailsOftenOrManyAreRejected) {
    World world(Backoff{.attempts = 50, .initial = 1ms, .factor = 1, .max = 1ms, .jitter = Backoff::Jitter::none});
    world.script = [&](const Event& event) {
        if (event.data == "poison") return retry("poison");
        if (event.data == "refused") return Outcome{Outcome::Kind::rejected, "no", {}, {}};
        return Outcome{};
    };
    for (int stream = 1; stream <= kMany; ++stream) {
        world.append_and_deliver(stream, stream % 5 == 0 ? "fine" : "poison");
        world.append_and_deliver(1000 + stream, "refused");
    }
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.notes.waits_for, "");
    World single(Backoff{.attempts = 50, .initial = 1ms, .factor = 1, .max = 1ms, .jitter = Backoff::Jitter::none});
    single.script = [&](const Event&) { return retry("poison"); };
    single.append_and_deliver(1, "a");
    single.settle(30);
    EXPECT_EQ(single.notes.waits_for, "");
    EXPECT_GT(single.model.stream(1).attempts, static_cast<int>(limits::kBreakerStreams));
}

// Streams that wait for their next attempt leave the worker nothing to try; that says nothing of the dependency.
TEST(Breaker, IsSaidToBeOpenUntilAnEventShowsThatItIsClosed) {
    World world(few_attempts());
    bool away = true;
    Outcome answer{Outcome::Kind::unavailable, "refused", "smtp", 10min};
    world.script = [&](const Event&) { return away ? answer : Outcome{}; };
    world.append_and_deliver(1, "a");
    world.settle(50);
    EXPECT_EQ(world.queue.left(), 0u);
    EXPECT_EQ(world.notes.waits_for, "smtp: refused");
    answer = {Outcome::Kind::rejected, "no such mailbox", {}, {}};
    world.append_and_deliver(2, "b");
    world.settle(10);
    EXPECT_EQ(world.notes.waits_for, "") << "it answers again";

    answer = {Outcome::Kind::retry, "timed out", {}, 10min};
    for (int stream = 11; stream <= 10 + kMany; ++stream) world.append_and_deliver(stream, "a");
    world.settle(50);
    EXPECT_NE(world.notes.waits_for.find("10 streams in a row failed: timed out"), std::string::npos);
    answer = {Outcome::Kind::rejected, "no such mailbox", {}, {}};
    world.append_and_deliver(3, "c");
    world.settle(50);
    EXPECT_NE(world.notes.waits_for, "") << "one that is refused shows nothing of what the others share";
    away = false;
    world.append_and_deliver(4, "d");
    world.settle(50);
    EXPECT_EQ(world.notes.waits_for, "");
}

// Whoever holds the partitions now finds out by itself.
TEST(Breaker, IsNobodysWhoHoldsNoPartition) {
    World world(few_attempts());
    world.script = [&](const Event&) { return Outcome{Outcome::Kind::unavailable, "refused", "smtp", 10min}; };
    world.append_and_deliver(1, "a");
    world.settle(5);
    EXPECT_EQ(world.notes.waits_for, "smtp: refused");
    for (int partition = 0; partition < kPartitions; ++partition)
        world.leases.to_release.push_back(Partition{partition});
    world.settle(5);
    EXPECT_EQ(world.notes.waits_for, "");
}

TEST(Breaker, OpensForSideEffectsToo) {
    EffectWorld world(few_attempts());
    bool away = true;
    world.log.script = [&](const Event&, const Attempt&) { return away ? retry("timed out") : Outcome{}; };
    for (int stream = 1; stream <= kMany; ++stream) world.append_and_deliver(stream, "a");
    world.turn();
    EXPECT_EQ(world.log.acts.size(), limits::kBreakerStreams);
    world.settle(200);
    for (int stream = 1; stream <= kMany; ++stream)
        ASSERT_NE(world.model.stream(stream).state, StreamState::dead) << stream;
    away = false;
    world.settle(100);
    for (const auto& [event, effect] : world.model.ledger) ASSERT_EQ(effect.state, EffectState::done);
    EXPECT_EQ(world.queue.left(), 0u);
}

// As after a restart or a pause: more poison streams than open the breaker are due at once, again and again.
TEST(Breaker, ManyPoisonStreamsThatAreDueHoldNoHealthyOneBackAndEndDead) {
    World world(Backoff{.attempts = 4, .initial = 1ms, .factor = 1, .max = 1ms, .jitter = Backoff::Jitter::none});
    world.script = [](const Event& event) { return event.data == "poison" ? retry("poison") : Outcome{}; };
    for (std::int64_t stream = 1; stream <= kMany; ++stream) {
        world.append(stream, "poison");
        world.park(stream);
    }
    world.clock.advance(1ms);
    world.append(500, "due");
    world.park(500);
    for (std::int64_t stream = 1001; stream <= 1010; ++stream) world.append_and_deliver(stream, "healthy");
    world.settle(20);
    for (std::int64_t stream = 1001; stream <= 1010; ++stream) ASSERT_EQ(world.value(stream), "healthy") << stream;
    EXPECT_EQ(world.queue.left(), 0u);
    for (std::int64_t stream = 2001; stream <= 2200; ++stream) {
        world.append_and_deliver(stream, "healthy");
        world.settle(1);
    }
    world.settle(5);
    EXPECT_EQ(world.value(500), "due");
    EXPECT_EQ(world.value(2200), "healthy");
    for (std::int64_t stream = 1; stream <= kMany; ++stream) {
        ASSERT_EQ(world.model.stream(stream).state, StreamState::dead) << stream;
        ASSERT_EQ(world.model.stream(stream).attempts, 4) << stream;
    }
    EXPECT_EQ(world.notes.waits_for, "");
}

// History, what is due, what an operator asked for again, what was delivered: whichever of them is poisoned, the
// others go on.
TEST(Breaker, ProbesGoRoundAllThatThereIsToTry) {
    EffectWorld world(few_attempts());
    world.log.script = [](const Event& event, const Attempt&) {
        return event.data == "healthy" ? Outcome{} : Outcome{Outcome::Kind::unavailable, "refused", "hook", {}};
    };
    for (std::int64_t stream = 1; stream <= kMany; ++stream) {
        world.append(stream, "fed");
        world.append(100 + stream, "due");
        world.park(100 + stream);
    }
    world.leases.feed_to = world.store.events().back().position;
    const Event again = world.append(500, "healthy");
    Effect asked{again.id, again.stream, again.revision, Uuid{}, EffectState::asked, Epoch{}, 0, {}};
    asked.run = 1;
    world.model.runs.push_back({again, asked});
    world.settle(10);
    EXPECT_EQ(world.model.runs.front().effect.state, EffectState::done);
    world.settle(300);
    const int last = 1000;
    world.append_and_deliver(last, "healthy");
    world.settle(10);
    EXPECT_EQ(world.model.stream(last).revision, Revision{1});
}

TEST(Pace, KeepsToTheRateWithASecondsWorthAtOnce) {
    ManualClock clock;
    Pace pace(Rate{10, 1s});
    int done = 0;
    for (int ms = 0; ms < 10'000; ++ms) {
        done += pace.take(clock.steady(), 1).count() == 0 ? 1 : 0;
        clock.advance(1ms);
    }
    EXPECT_GE(done, 99);
    EXPECT_LE(done, 101);
    clock.advance(1h);
    int burst = 0;
    while (pace.take(clock.steady(), 1).count() == 0) ++burst;
    EXPECT_EQ(burst, 10);
}

TEST(Pace, AShareOfThePartitionsIsAShareOfTheRate) {
    ManualClock clock;
    Pace quarter(Rate{60, 1min}), three_quarters(Rate{60, 1min});
    int few = 0, many = 0;
    for (int tenth = 0; tenth < 36'000; ++tenth) {
        few += quarter.take(clock.steady(), 0.25).count() == 0 ? 1 : 0;
        many += three_quarters.take(clock.steady(), 0.75).count() == 0 ? 1 : 0;
        clock.advance(100ms);
    }
    EXPECT_NEAR(few, 900, 20);
    EXPECT_NEAR(few + many, 3600, 150);
    EXPECT_LE(few + many, 3602);
    EXPECT_EQ(Pace(std::nullopt).take(clock.steady(), 1).count(), 0);
}

TEST(Rates, AreKeptWithoutAnAttemptAndWithoutForgettingLeasesAndBroker) {
    EffectWorld world({}, {.on_interrupted = OnInterrupted::repeat, .rate = Rate{2, 1s}});
    for (int stream = 1; stream <= 20; ++stream) world.append_and_deliver(stream, "a");
    std::size_t most = 0;
    for (int tenths = 0; tenths < 120; ++tenths) {
        const auto before = world.log.acts.size();
        const int serviced = world.queue.serviced;
        const Milliseconds idle = world.turn();
        most = std::max(most, world.log.acts.size() - before);
        if (before > 0 && world.queue.left() > 0) {
            EXPECT_GT(world.queue.serviced, serviced);
        }
        EXPECT_LE(idle, limits::kBackoffFirst);
        world.clock.advance(100ms);
    }
    EXPECT_LE(most, 2u);
    EXPECT_EQ(world.log.acts.size(), 20u) << "2 a second for 12 seconds";
    EXPECT_EQ(world.notes.parks, 0);
    EXPECT_EQ(world.model.attempts.size(), 0u);
    EXPECT_EQ(world.queue.left(), 0u);
    for (const auto& [event, effect] : world.model.ledger) EXPECT_EQ(effect.attempt, 1);
}

// 500 mails of 30 s each must not keep a worker from its leases for hours.
TEST(SlowActs, LetTheWorkerLookAfterItsLeasesAndTheBrokerInBetween) {
    EffectWorld world;
    world.log.script = [&](const Event&, const Attempt&) {
        world.clock.advance(30s);
        return Outcome{};
    };
    for (int stream = 1; stream <= 8; ++stream) world.append_and_deliver(stream, "a");
    for (std::size_t acts = 1; acts <= 8; ++acts) {
        world.turn();
        ASSERT_EQ(world.log.acts.size(), acts);
    }
    world.turn();
    EXPECT_EQ(world.queue.left(), 0u);
    EXPECT_GE(world.queue.serviced, 7);
}

// Caught up in pieces, a stream becomes live only with its last event.
TEST(SlowActs, AStreamThatIsCaughtUpSlowlyStaysParkedUntilItsEnd) {
    EffectWorld world(few_attempts());
    bool broken = true;
    world.log.script = [&](const Event&, const Attempt&) {
        if (broken) return retry("no");
        world.clock.advance(30s);
        return Outcome{};
    };
    for (const char* data : {"a", "b", "c", "d"}) world.append_and_deliver(1, data);
    world.turn();
    broken = false;
    world.log.acts.clear();
    world.settle(20);
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "b", "c", "d"}));
    EXPECT_EQ(world.model.stream(1).state, StreamState::live);
    EXPECT_EQ(world.model.stream(1).revision, Revision{4});
}

// Of many workers on one machine: each commit takes long, whatever is in it.
TEST(FewAtATime, MoreIsLetComeForTheNextCommitAndALongQueueIsNotKeptWaiting) {
    World world;
    Milliseconds took{20};
    world.script = [&](const Event&) {
        world.clock.advance(took);
        return Outcome{};
    };
    std::int64_t stream = 0;
    const auto turn_with = [&](int events) {
        for (int n = 0; n < events; ++n) world.append_and_deliver(++stream, "a");
        world.worker.turn(Milliseconds(0));
        return world.worker.turn(Milliseconds(0));  // what is left to rest
    };
    world.settle(3);
    EXPECT_EQ(turn_with(1).count(), 0);
    EXPECT_EQ(turn_with(1).count(), 0) << "twice may be a coincidence";
    EXPECT_EQ(turn_with(1), took);
    world.append_and_deliver(++stream, "a");
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.queue.left(), 1u) << "not before it has rested as long as the last commit took";
    world.clock.advance(took);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.queue.left(), 0u);
    world.clock.advance(took);
    EXPECT_EQ(turn_with(20), Milliseconds(100)) << "and not longer than that";
    world.clock.advance(Milliseconds(100));
    EXPECT_EQ(turn_with(200).count(), 0) << "a queue";
    took = Milliseconds(1);
    for (int n = 0; n < 5; ++n) EXPECT_EQ(turn_with(1).count(), 0) << "quick";
}

// A store that was adopted: what its earlier incarnation published is passed over, what another one did is not.
TEST(Incarnations, OfThePastArePassedOverAndForeignOnesHoldTheHandler) {
    World world;
    const Uuid before = Uuid::v7(Timestamp{}, 1, 1), now = Uuid::v7(Timestamp{}, 2, 2);
    world.store.incarnation_now = now;
    world.store.past = {before};
    world.queue.incarnation = before;
    Event lost = world.append(1, "lost");
    lost.revision = Revision{9};
    world.queue.deliver(lost);
    world.worker.turn(Milliseconds(0));
    EXPECT_EQ(world.value(1), "");
    EXPECT_EQ(world.queue.left(), 0u);

    world.queue.incarnation = Uuid::v7(Timestamp{}, 3, 3);
    world.append_and_deliver(2, "x");
    EXPECT_THROW(world.worker.turn(Milliseconds(0)), Fault);
    EXPECT_EQ(world.value(2), "");
    EXPECT_EQ(world.queue.left(), 1u) << "not acknowledged";
}

// A worker that lived through it: with the next connection it knows the store's new incarnation.
TEST(Incarnations, AreReadAgainAfterALostConnection) {
    World world;
    world.worker.turn(Milliseconds(0));
    world.store.incarnation_now = world.queue.incarnation = Uuid::v7(Timestamp{}, 2, 2);
    world.worker.recover(Fault(FaultKind::outage, "postgres", "restarted"));
    world.append_and_deliver(1, "a");
    world.settle(3);
    EXPECT_EQ(world.value(1), "a");
}

}  // namespace
}  // namespace lantern::worker
