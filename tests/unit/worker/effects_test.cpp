#include <gtest/gtest.h>

#include "tests/unit/worker/effect_world.hpp"

namespace lantern::worker {
namespace {

using namespace fake;

TEST(Effects, ActOnceEachAndLeaveADoneRow) {
    EffectWorld world;
    world.append_and_deliver(1, "a");
    world.append_and_deliver(2, "x");
    world.append_and_deliver(1, "b");
    world.settle(2);
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "x", "b"}));
    ASSERT_EQ(world.model.ledger.size(), 3u);
    for (const auto& [event, effect] : world.model.ledger) EXPECT_EQ(effect.state, EffectState::done);
    EXPECT_EQ(world.model.stream(1).revision, Revision{2});
    EXPECT_EQ(world.queue.left(), 0u);
}

TEST(Effects, DuplicatesAreNotActedOn) {
    EffectWorld world;
    const Event event = world.append(1, "a");
    world.queue.deliver(event);
    world.settle(1);
    world.queue.deliver(event);
    world.settle(1);
    EXPECT_EQ(world.log.acts.size(), 1u);
}

TEST(Effects, PendingIsCommittedBeforeTheAct) {
    EffectWorld world;
    world.log.script = [&](const Event& event, const Attempt&) {
        EXPECT_EQ(world.model.ledger.at(event.id).state, EffectState::pending);
        return Outcome{};
    };
    world.append_and_deliver(1, "a");
    world.settle(1);
    EXPECT_EQ(world.log.acts.size(), 1u);
}

TEST(Effects, WithoutTheLeaseNothingIsDone) {
    EffectWorld world;
    world.append_and_deliver(1, "a");
    // Stolen between the pending row and the act: the look at the lease finds it.
    world.turn();
    world.log.acts.clear();
    world.append_and_deliver(1, "b");
    world.leases.steal(Partition{1});
    world.turn();
    EXPECT_TRUE(world.log.acts.empty());
    world.settle(3);
    EXPECT_EQ(world.acts(), std::vector<std::string>{"b"});
}

TEST(Effects, AFailingOneParksItsStreamAndIsTriedAgain) {
    EffectWorld world;
    world.log.script = [&](const Event& event, const Attempt& attempt) {
        return event.data == "a" && attempt.number < 3 ? retry("mailbox busy") : Outcome{};
    };
    world.append_and_deliver(1, "a");
    world.append_and_deliver(1, "b");
    world.append_and_deliver(2, "x");
    world.turn();
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "x"}));
    EXPECT_EQ(world.model.stream(1).state, StreamState::retrying);
    world.settle(10);
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "x", "a", "a", "b"}));
    EXPECT_EQ(world.model.stream(1).state, StreamState::live);
}

TEST(Effects, AnOutageStopsAtTheFirstThatMeetsItAndLosesNone) {
    EffectWorld world;
    bool away = true;
    world.log.script = [&](const Event&, const Attempt&) {
        return away ? Outcome{Outcome::Kind::unavailable, "connection refused", "smtp", {}} : Outcome{};
    };
    for (std::int64_t stream = 1; stream <= 20; ++stream) {
        world.append_and_deliver(stream, "a" + std::to_string(stream));
        world.append_and_deliver(stream, "b" + std::to_string(stream));
    }
    world.turn();
    EXPECT_EQ(world.log.acts.size(), 1u) << "the others would wait for the same";
    world.settle(40);
    EXPECT_LT(world.log.acts.size(), 43u);
    away = false;
    world.log.acts.clear();
    world.settle(40);
    EXPECT_EQ(world.log.acts.size(), 40u) << "each once";
    for (const auto& [event, effect] : world.model.ledger) EXPECT_EQ(effect.state, EffectState::done);
    EXPECT_EQ(world.queue.left(), 0u);
}

// As long as the process lives it knows what it did: whatever call fails, and however, each event is acted on once.
TEST(Effects, SurviveAFaultAtEveryCallAndActOnce) {
    for (const FaultKind kind :
         {FaultKind::outage, FaultKind::in_doubt, FaultKind::conflict, FaultKind::configuration}) {
        for (const char* place : {"postgres", "rabbitmq"}) {
            for (int call = 1;; ++call) {
                SCOPED_TRACE("call " + std::to_string(call) + " of " + place);
                EffectWorld world;
                world.trouble.fail_call(call, Fault(kind, place, "broken by the test"));
                for (const char* data : {"a", "b", "c"}) world.append_and_deliver(1, data);
                world.append_and_deliver(2, "x");
                world.settle(12);
                auto acts = world.acts();
                std::sort(acts.begin(), acts.end());
                ASSERT_EQ(acts, (std::vector<std::string>{"a", "b", "c", "x"}));
                for (const auto& [event, effect] : world.model.ledger) ASSERT_EQ(effect.state, EffectState::done);
                ASSERT_EQ(world.model.stream(1).revision, Revision{3});
                ASSERT_EQ(world.queue.left(), 0u);
                if (world.trouble.struck() == 0) {
                    ASSERT_GT(call, 10);
                    break;
                }
            }
        }
    }
}

TEST(Effects, IsNotLeftPendingByAnEventThatIsNotUnderstoodBehindIt) {
    EffectWorld world;
    const Event before = world.append(1, "a");
    Event newer = world.append(2, "x");
    newer.schema_version = 2;
    world.queue.deliver(before);
    world.queue.deliver(newer);

    world.settle(3);
    EXPECT_EQ(world.acts(), std::vector<std::string>{"a"});
    EXPECT_EQ(world.model.ledger.at(before.id).state, EffectState::done);
    EXPECT_EQ(world.model.ledger.at(newer.id).state, EffectState::failed);
}

}  // namespace
}  // namespace lantern::worker
