// Side effects whose worker, store or lease ended between two steps: pending, act, done.
#include <gtest/gtest.h>

#include "tests/unit/worker/effect_world.hpp"

namespace lantern::worker {
namespace {

using namespace fake;

constexpr HowToAct kHold{.on_interrupted = OnInterrupted::hold, .rate = {}};

// The worker died inside the act, or before its outcome was committed: nobody knows which.
Event interrupt(EffectWorld& world) {
    const Event event = world.append(1, "a");
    world.queue.deliver(event);
    world.log.script = [&](const Event&, const Attempt&) {
        world.trouble.fail_call(1, Fault(FaultKind::outage, "postgres", "away"));
        return Outcome{};
    };
    EXPECT_THROW(world.turn(), Fault);
    world.log.script = nullptr;
    EXPECT_EQ(world.effect_of(event).state, EffectState::pending);
    return event;
}

TEST(Interrupted, IsRepeatedWithTheSameKey) {
    EffectWorld world;
    const Event event = interrupt(world);
    world.crash();
    world.settle();
    ASSERT_EQ(world.log.acts.size(), 2u);
    EXPECT_EQ(world.log.acts[0].second, world.log.acts[1].second);
    EXPECT_EQ(world.effect_of(event).attempt, 2);
    EXPECT_EQ(world.effect_of(event).state, EffectState::done);
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Interrupted, IsHeldForAnOperatorWhoseRetryActs) {
    EffectWorld world({}, kHold);
    const Event event = interrupt(world);
    world.append_and_deliver(1, "b");
    world.append_and_deliver(2, "x");
    world.crash();
    world.settle();
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "x"})) << "not repeated; others go on";
    EXPECT_EQ(world.effect_of(event).state, EffectState::held);
    EXPECT_EQ(world.model.stream(1).state, StreamState::dead);
    EXPECT_NE(world.model.stream(1).last_error.find("interrupted"), std::string::npos);
    ASSERT_EQ(world.model.attempts.size(), 1u);
    EXPECT_EQ(world.model.attempts[0].outcome, "interrupted");

    world.model.stream(1).state = StreamState::retrying;
    world.model.stream(1).attempts = 0;
    world.model.stream(1).next_attempt_at = world.clock.now();
    world.crash();
    world.settle();
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "x", "a", "b"}));
    EXPECT_EQ(world.effect_of(event).state, EffectState::done);
}

// PostgreSQL went away between act and commit, the process lives: it knows what it did.
TEST(Interrupted, WhatThisProcessDidIsNotDoneAgainWhenOnlyItsCommitFailed) {
    for (const auto& how : {HowToAct{}, kHold}) {
        EffectWorld world({}, how);
        const Event event = interrupt(world);
        world.process->worker.recover(Fault(FaultKind::outage, "postgres", "away"));
        world.settle();
        EXPECT_EQ(world.acts(), std::vector<std::string>{"a"});
        EXPECT_EQ(world.effect_of(event).state, EffectState::done);
        EXPECT_EQ(world.model.stream(1).revision, Revision{1});
        EXPECT_EQ(world.queue.left(), 0u);
    }
}

TEST(Interrupted, ALeaseThatWentAndCameBackDoesNotRepeatIt) {
    EffectWorld world;
    const Event event = world.append(1, "a");
    world.queue.deliver(event);
    world.log.script = [&](const Event&, const Attempt&) {
        world.leases.steal(Partition{1});
        return Outcome{};
    };
    world.settle(4);
    EXPECT_EQ(world.acts(), std::vector<std::string>{"a"});
    EXPECT_EQ(world.effect_of(event).state, EffectState::done);
}

// What another worker did in between counts, not what is remembered here.
TEST(Interrupted, AnotherWorkersAttemptOverridesWhatIsRemembered) {
    EffectWorld world;
    const Event event = interrupt(world);
    Effect theirs = world.effect_of(event);
    theirs.epoch = Epoch{7};
    theirs.attempt = 2;
    world.model.ledger[event.id] = theirs;
    world.process->worker.recover(Fault(FaultKind::outage, "postgres", "away"));
    for (int raise = 0; raise < 7; ++raise) world.leases.steal(Partition{1});
    world.settle();
    EXPECT_EQ(world.log.acts.size(), 2u) << "theirs was interrupted";
    EXPECT_EQ(world.effect_of(event).attempt, 3);
}

// The pending row was committed, its answer lost: nothing was done yet, so there is nothing to hold.
TEST(Interrupted, ALostAnswerToThePendingRowIsNoInterruption) {
    EffectWorld world({}, kHold);
    const Event event = world.append(1, "a");
    world.queue.deliver(event);
    world.model.lose_next_answer = true;
    world.settle();
    EXPECT_EQ(world.acts(), std::vector<std::string>{"a"});
    EXPECT_EQ(world.effect_of(event).state, EffectState::done);
}

// The process ends at each call in turn. Repeat: each is done at least once, and twice only by a crash. Hold: never
// twice, and what is not done is held.
TEST(Interrupted, ACrashAtEveryCall) {
    for (const auto& how : {HowToAct{}, kHold}) {
        for (int call = 1;; ++call) {
            SCOPED_TRACE("crash at call " + std::to_string(call));
            EffectWorld world({}, how);
            std::vector<Event> events;
            for (const char* data : {"a", "b", "c"}) events.push_back(world.append(1, data));
            events.push_back(world.append(2, "x"));
            for (const Event& event : events) world.queue.deliver(event);
            world.trouble.fail_call(call, Fault(FaultKind::outage, "kill", "-9"));
            for (int turn = 0; turn < 12; ++turn) {
                try {
                    world.turn();
                } catch (const Fault&) {
                    world.crash();
                }
                world.clock.advance(std::chrono::milliseconds(600));
            }
            const auto acts = world.acts();
            for (const Event& event : events) {
                const auto times = std::count(acts.begin(), acts.end(), event.data);
                const bool reached = world.model.ledger.contains(event.id);
                if (how.on_interrupted == OnInterrupted::hold) {
                    ASSERT_LE(times, 1);
                    if (world.model.stream(event.stream.value).state == StreamState::dead) continue;
                }
                ASSERT_TRUE(reached);
                ASSERT_GE(times, 1);
                ASSERT_LE(times, 1 + world.trouble.struck());
                ASSERT_EQ(world.effect_of(event).state, EffectState::done);
            }
            ASSERT_EQ(world.queue.left(), 0u);
            if (world.trouble.struck() == 0) break;
        }
    }
}

}  // namespace
}  // namespace lantern::worker
