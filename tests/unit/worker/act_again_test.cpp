// Acts that an operator asked for again: beside delivery, by the lease holder, each with a row of its own.
#include <gtest/gtest.h>

#include "tests/unit/worker/effect_world.hpp"

namespace lantern::worker {
namespace {

using namespace fake;

constexpr std::int64_t kRun = 7;

struct AgainWorld : EffectWorld {
    using EffectWorld::EffectWorld;

    Event asked(std::int64_t stream, const std::string& data) {
        Event event = append(stream, data);
        Effect effect;
        effect.event = event.id;
        effect.stream = event.stream;
        effect.revision = event.revision;
        effect.key = EffectApplier::idempotency_key(HandlerName{"mail"}, event.id);
        effect.state = EffectState::asked;
        effect.attempt = 0;
        effect.run = kRun;
        model.runs.push_back({event, effect});
        return event;
    }
    EffectState state(std::size_t at) const { return model.runs.at(at).effect.state; }
};

TEST(ActAgain, EachIsDoneOnceInOrderWithItsOwnKeyAndNoStreamMoves) {
    AgainWorld world;
    const Event first = world.asked(1, "a");
    world.asked(1, "b");
    world.asked(2, "x");
    world.settle();
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "x", "b"}));
    EXPECT_EQ(world.log.acts[0].second, EffectApplier::idempotency_key(HandlerName{"mail"}, first.id));
    for (std::size_t at = 0; at < 3; ++at) EXPECT_EQ(world.state(at), EffectState::done);
    EXPECT_FALSE(world.model.has_stream(1)) << "delivery's checkpoint is none of its business";
    EXPECT_TRUE(world.model.ledger.empty());
}

TEST(ActAgain, DeliveryGoesOnBesideIt) {
    AgainWorld world;
    world.asked(1, "again");
    world.append_and_deliver(2, "live");
    world.settle();
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"again", "live"}));
    EXPECT_EQ(world.model.stream(2).revision, Revision{1});
}

TEST(ActAgain, AFailureIsTriedAgainAndItsStreamWaitsForIt) {
    AgainWorld world;
    world.asked(1, "a");
    world.asked(1, "b");
    int failures = 2;
    world.log.script = [&](const Event&, const Attempt&) { return failures-- > 0 ? retry("busy") : Outcome{}; };
    world.settle(100);
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "a", "a", "b"}));
    EXPECT_EQ(world.model.runs[0].effect.attempt, 3);
    EXPECT_EQ(world.log.acts[0].second, world.log.acts[2].second);
}

TEST(ActAgain, WhatFailsForGoodEndsItsStreamInThisRunAndNoOther) {
    AgainWorld world;
    world.asked(1, "a");
    world.asked(1, "b");
    world.asked(2, "x");
    world.log.script = [](const Event& event, const Attempt&) {
        return event.data == "a" ? Outcome{Outcome::Kind::rejected, "no such address", {}, {}} : Outcome{};
    };
    world.settle();
    EXPECT_EQ(world.acts(), (std::vector<std::string>{"a", "x"}));
    EXPECT_EQ(world.state(0), EffectState::failed);
    EXPECT_EQ(world.model.runs[0].effect.note, "no such address");
    EXPECT_EQ(world.state(1), EffectState::suppressed);
    EXPECT_EQ(world.state(2), EffectState::done);
    EXPECT_FALSE(world.model.has_stream(1));
}

TEST(ActAgain, AnOutageStopsItWithoutCountingAnAttempt) {
    AgainWorld world;
    world.asked(1, "a");
    world.asked(2, "x");
    int away = 3;
    world.log.script = [&](const Event&, const Attempt&) {
        return away-- > 0 ? Outcome{Outcome::Kind::unavailable, "refused", "smtp", {}} : Outcome{};
    };
    world.settle(100);
    EXPECT_EQ(world.state(0), EffectState::done);
    EXPECT_EQ(world.state(1), EffectState::done);
    EXPECT_EQ(world.model.runs[0].effect.attempt, 1);
}

// Killed between act and commit at any call: it resumes, and an interrupted act is repeated with its key.
TEST(ActAgain, GoesOnAfterEveryInterruption) {
    for (int call = 1;; ++call) {
        AgainWorld world;
        world.asked(1, "a");
        world.asked(1, "b");
        world.asked(2, "x");
        world.trouble.fail_call(call, Fault(FaultKind::outage, "postgres", "away"));
        try {
            for (int turn = 0; turn < 10; ++turn) world.turn();
        } catch (const Fault&) {
            world.crash();
        }
        world.settle(60);
        for (std::size_t at = 0; at < 3; ++at) EXPECT_EQ(world.state(at), EffectState::done) << "call " << call;
        std::map<std::string, std::set<Uuid>> keys;
        for (const auto& [data, key] : world.log.acts) keys[data].insert(key);
        for (const auto& [data, used] : keys) EXPECT_EQ(used.size(), 1u) << data << ", call " << call;
        if (world.trouble.struck() == 0) break;
    }
}

TEST(ActAgain, AnInterruptedOneIsHeldWhereTheHandlerSaysSo) {
    AgainWorld world({}, {.on_interrupted = OnInterrupted::hold, .rate = {}});
    world.asked(1, "a");
    world.asked(1, "b");
    world.model.runs[0].effect.state = EffectState::pending;
    world.model.runs[0].effect.attempt = 1;
    world.settle();
    EXPECT_TRUE(world.acts().empty());
    EXPECT_EQ(world.state(0), EffectState::held);
    EXPECT_EQ(world.state(1), EffectState::suppressed);
}

TEST(ActAgain, AnEventThatWorkersDiedOfIsNotActedOn) {
    AgainWorld world;
    const Event event = world.asked(1, "a");
    world.settle(1);
    world.model.runs[0].effect.state = EffectState::asked;
    world.log.acts.clear();
    const Verdicts verdicts{{event.id, {Outcome::Kind::rejected, "the plugin died of it", {}, {}}}};
    world.process->effects.act_again(world.leases.leases(), verdicts);
    EXPECT_TRUE(world.acts().empty());
    EXPECT_EQ(world.state(0), EffectState::failed);
}

TEST(ActAgain, AnotherRunMayHaveKeysOfItsOwn) {
    const EventId event = Uuid::v7(Timestamp{}, 1, 2);
    const HandlerName mail{"mail"};
    EXPECT_EQ(EffectApplier::idempotency_key(mail, event), EffectApplier::idempotency_key(mail, event, 0));
    EXPECT_NE(EffectApplier::idempotency_key(mail, event), EffectApplier::idempotency_key(mail, event, 1));
    EXPECT_NE(EffectApplier::idempotency_key(mail, event, 2), EffectApplier::idempotency_key(mail, event, 1));
}

}  // namespace
}  // namespace lantern::worker
