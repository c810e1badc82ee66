#include "host/relay/relay.hpp"

#include <gtest/gtest.h>

#include "tests/unit/relay/fakes.hpp"

namespace lantern::relay::test {
namespace {

class RelayTest : public ::testing::Test {
protected:
    // Steps until the relay has nothing to do; waits pass at once.
    void run_dry(Relay& relay, int steps_max = 200) {
        for (int i = 0; i < steps_max; ++i) {
            const Step step = relay.step();
            clock.pass(step.wait);
            if (step.kind == Step::Kind::idle) return;
        }
        FAIL() << "the relay still had something to do after " << steps_max << " steps";
    }

    // Published at least once, first publications of a stream in the order of its revisions.
    void expect_all_published() {
        std::map<StreamId, Revision> heads;
        for (const Event& event : broker.published) {
            EXPECT_LE(event.revision.value, heads[event.stream].value + 1) << "a revision was skipped";
            heads[event.stream] = std::max(heads[event.stream], event.revision);
        }
        EXPECT_EQ(broker.confirmed.size(), store.size());
    }

    Faults faults;
    FakeClock clock;
    FakeStore store{faults};
    FakeBroker broker{faults};
    RelayRow row;
    FakeLeadership leadership{1, row, store, broker, clock, faults};
    Relay relay{store, leadership, broker, clock, {.poll = Milliseconds{50}, .page_events = 4}};
};

TEST_F(RelayTest, PublishesWhatWasCommittedAndAdvances) {
    store.append(1, 2);
    store.append(2, 1);

    const Step step = relay.step();

    EXPECT_EQ(step.kind, Step::Kind::published);
    EXPECT_EQ(step.events, 3u);
    EXPECT_EQ(row.writes, 1) << "a slice of one page is noted with one write";
    EXPECT_EQ(relay.step().kind, Step::Kind::idle);
    expect_all_published();
}

TEST_F(RelayTest, DeclaresTopologyBeforeTheFirstPublish) {
    store.append(1);
    broker.in_next_publish([&] { EXPECT_GE(broker.declared, 1); });
    relay.step();
}

TEST_F(RelayTest, AnIdleRelayWritesNothing) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(relay.step().kind, Step::Kind::idle);
    EXPECT_EQ(row.writes, 0);
    EXPECT_EQ(store.marks_taken, 0);
}

TEST_F(RelayTest, AnEmptySliceKeepsTheOldMarkAndDoesNotSpin) {
    store.pretend_new(true);
    Milliseconds waited{0};
    for (int i = 0; i < 10; ++i) waited += relay.step().wait;
    EXPECT_EQ(row.writes, 0);
    EXPECT_GE(waited, Milliseconds{100});
    store.append(1);
    EXPECT_EQ(relay.step().kind, Step::Kind::published);
}

TEST_F(RelayTest, ASliceOfManyPagesIsContinuedAtItsCursorByTheNextLeader) {
    for (int i = 0; i < 10; ++i) store.append(i % 3);
    relay.step();
    ASSERT_TRUE(row.progress.target);
    relay.stop();
    const std::size_t before = broker.published.size();

    FakeLeadership other{2, row, store, broker, clock, faults};
    Relay successor(store, other, broker, clock, {.poll = Milliseconds{50}, .page_events = 4});
    run_dry(successor);

    EXPECT_EQ(before, 4u);
    EXPECT_EQ(broker.published.size(), 10u) << "nothing was published twice";
    expect_all_published();
}

TEST_F(RelayTest, ALateCommitterIsNotSkipped) {
    const auto late = store.begin(1, 2);
    store.append(2, 3);
    run_dry(relay);
    store.commit(late);
    run_dry(relay);
    expect_all_published();
}

TEST_F(RelayTest, ResumesAfterTheLastContiguousConfirmedEvent) {
    store.append(1, 4);
    broker.confirm_only(2);
    Step step = relay.step();
    EXPECT_EQ(step.kind, Step::Kind::held_up);
    EXPECT_EQ(step.events, 2u);
    EXPECT_EQ(row.progress.cursor, Position{2});
    broker.release();
    run_dry(relay);
    EXPECT_EQ(broker.published.size(), 6u);
    expect_all_published();
}

TEST_F(RelayTest, BacksOffLongerAndLongerAndForgetsItAfterSuccess) {
    store.append(1);
    broker.hold();
    Milliseconds last{0};
    for (int i = 0; i < 12; ++i) {
        const Step step = relay.step();
        ASSERT_EQ(step.kind, Step::Kind::held_up);
        EXPECT_FALSE(step.trouble.empty());
        EXPECT_GE(step.wait, last);
        EXPECT_LE(step.wait, limits::kBackoffMax);
        last = step.wait;
        clock.pass(step.wait);
    }
    EXPECT_EQ(last, limits::kBackoffMax);
    broker.release();
    EXPECT_EQ(relay.step().kind, Step::Kind::published);
    store.append(1);
    broker.hold();
    EXPECT_EQ(relay.step().wait, limits::kBackoffFirst);
}

TEST_F(RelayTest, LostTopologyIsDeclaredAndTheEventsArePublishedAgain) {
    store.append(1);
    run_dry(relay);
    broker.in_next_publish([&] { broker.lose_topology(); });
    store.append(1, 3);
    const int declared = broker.declared;

    const Step step = relay.step();

    EXPECT_EQ(step.kind, Step::Kind::held_up);
    EXPECT_EQ(step.events, 0u);
    EXPECT_NE(step.trouble.find("topology"), std::string::npos);
    clock.pass(step.wait);
    run_dry(relay);
    EXPECT_GT(broker.declared, declared);
    expect_all_published();
}

TEST_F(RelayTest, StandsByWhileAnotherLeadsAndTakesOverWhenItDies) {
    FakeLeadership other{2, row, store, broker, clock, faults};
    Relay standby(store, other, broker, clock);
    relay.step();
    EXPECT_EQ(standby.step().kind, Step::Kind::stood_by);
    store.append(1);
    clock.pass(limits::kHeartbeatDead + Milliseconds{1});
    EXPECT_EQ(standby.step().kind, Step::Kind::published);
    EXPECT_EQ(relay.step().kind, Step::Kind::stood_by);
    EXPECT_FALSE(relay.leads());
}

TEST_F(RelayTest, AZombieDoesNotMoveTheMark) {
    FakeLeadership other{2, row, store, broker, clock, faults};
    Relay successor(store, other, broker, clock);
    store.append(1, 2);
    broker.in_next_publish([&] {
        clock.pass(limits::kHeartbeatDead + Milliseconds{1});
        EXPECT_EQ(successor.step().kind, Step::Kind::published);
    });

    const Step step = relay.step();

    EXPECT_EQ(step.kind, Step::Kind::stood_by);
    EXPECT_EQ(row.leader, 2);
    EXPECT_EQ(row.writes, 1);
    expect_all_published();
}

TEST_F(RelayTest, StopResignsSoThatAnotherLeadsAtOnce) {
    store.append(1);
    relay.step();
    relay.stop();
    relay.stop();
    EXPECT_EQ(relay.step().kind, Step::Kind::stopped);
    FakeLeadership other{2, row, store, broker, clock, faults};
    Relay successor(store, other, broker, clock);
    EXPECT_EQ(successor.step().kind, Step::Kind::idle);
    EXPECT_TRUE(successor.leads());
}

// Each call of each port fails once, before or after it did its work, until a run has no N-th call any more.
class RelayFaultTest : public ::testing::TestWithParam<Faults::When> {};

TEST_P(RelayFaultTest, WhateverCallFailsEveryEventIsPublishedInOrderAndTheMarkNeverPassesAnUnconfirmedOne) {
    for (int n = 1;; ++n) {
        SCOPED_TRACE("failing call " + std::to_string(n));
        Faults faults;
        FakeClock clock;
        FakeStore store{faults};
        FakeBroker broker{faults};
        RelayRow row;
        FakeLeadership leadership{1, row, store, broker, clock, faults};
        Relay relay{store, leadership, broker, clock, {.poll = Milliseconds{50}, .page_events = 3}};
        faults.fail_call(n, GetParam());

        const auto late = store.begin(7, 2);
        for (int round = 0; round < 4; ++round) {
            store.append(1, 2);
            store.append(2 + round, 3);
            if (round == 2) store.commit(late);
            if (round == 3) broker.in_next_publish([&] { broker.lose_topology(); });
            for (int i = 0; i < 5; ++i) clock.pass(relay.step().wait);
        }
        for (int i = 0; i < 50; ++i) clock.pass(relay.step().wait);
        relay.stop();

        std::map<StreamId, Revision> heads;
        for (const Event& event : broker.published) {
            ASSERT_LE(event.revision.value, heads[event.stream].value + 1);
            heads[event.stream] = std::max(heads[event.stream], event.revision);
        }
        ASSERT_EQ(broker.confirmed.size(), store.size());
        ASSERT_EQ(store.covered(row.progress).size(), store.size());
        if (!faults.fired()) {
            EXPECT_GT(n, 100) << "the loop covered a whole run";
            break;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(When, RelayFaultTest, ::testing::Values(Faults::When::before, Faults::When::after));

}  // namespace
}  // namespace lantern::relay::test
