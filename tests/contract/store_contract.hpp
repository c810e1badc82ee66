// What every command::Store must do. A World has store() and another(), two stores of the same events, and its
// aggregate type kAggregate; it is made anew for each test.
#pragma once

#include <gtest/gtest.h>

#include "host/command/ports.hpp"
#include "host/core/clock.hpp"

namespace lantern::contract {

template <class World>
class StoreContract : public ::testing::Test {
protected:
    using Kind = command::AppendRefusal::Kind;

    command::Append append(const std::string& id, std::int64_t expected, int events = 1) {
        command::Append made;
        made.aggregate_type = "user";
        made.aggregate_id = id;
        made.expected = expected;
        for (int n = 0; n < events; ++n)
            made.events.push_back({Uuid::v7(clock_.now(), random_.next(), random_.next()), "MADE", 2,
                                   R"({"text":"a \"b\" \\ {c}, 'd'"})", R"({"actor":"tester"})"});
        return made;
    }
    command::LoadedStream load(const std::string& id, const command::Range& range = {}) {
        return world_.store().load("user", id, 1, "build", range);
    }

    World world_;
    SystemClock clock_;
    SystemRandom random_;
};
TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, AStreamThatIsNotThereIsEmpty) {
    const auto loaded = this->load("nobody");
    EXPECT_FALSE(loaded.stream);
    EXPECT_EQ(loaded.head, Revision{0});
    EXPECT_TRUE(loaded.events.empty());
}

TYPED_TEST_P(StoreContract, LoadsWhatWasAppendedInOrder) {
    const auto append = this->append("a", 0, 3);
    const auto appended = this->world_.store().append(append);
    ASSERT_TRUE(appended);
    EXPECT_EQ(appended.value().revision, Revision{3});
    const auto loaded = this->world_.another().load("user", "a", 1, "build", {});
    ASSERT_EQ(loaded.events.size(), 3u);
    EXPECT_EQ(loaded.head, Revision{3});
    EXPECT_EQ(loaded.stream, appended.value().stream);
    for (std::size_t n = 0; n < 3; ++n) {
        const auto& event = loaded.events[n];
        EXPECT_EQ(event.revision.value, static_cast<std::int64_t>(n) + 1);
        EXPECT_EQ(event.id, append.events[n].id);
        EXPECT_EQ(event.type, "MADE");
        EXPECT_EQ(event.schema_version, 2);
        EXPECT_EQ(event.data, append.events[n].data);
        EXPECT_EQ(event.metadata, append.events[n].metadata);
        EXPECT_EQ(event.aggregate_type, "user");
        EXPECT_EQ(event.aggregate_id, "a");
        EXPECT_EQ(event.recorded_at, appended.value().recorded_at);
        if (n > 0) {
            EXPECT_GT(event.position, loaded.events[n - 1].position);
        }
    }
    EXPECT_EQ(loaded.events[2].position, appended.value().position);
}

TYPED_TEST_P(StoreContract, ExpectedRevisionExactNoneAny) {
    auto& store = this->world_.store();
    const auto refused_at = [&](const std::string& id, std::int64_t expected) {
        const auto answer = store.append(this->append(id, expected));
        EXPECT_FALSE(answer);
        if (answer) return std::int64_t{-1};
        EXPECT_EQ(answer.error().kind, command::AppendRefusal::Kind::revision_differs);
        return answer.error().head.value;
    };
    EXPECT_EQ(refused_at("a", 1), 0) << "exact, and there is none";
    EXPECT_TRUE(store.append(this->append("a", 0)));
    EXPECT_EQ(refused_at("a", 0), 1) << "none, and there is one";
    EXPECT_EQ(refused_at("a", 2), 1);
    EXPECT_TRUE(store.append(this->append("a", 1)));
    EXPECT_TRUE(store.append(this->append("a", command::kAnyRevision)));
    EXPECT_TRUE(store.append(this->append("b", command::kAnyRevision))) << "any creates";
    EXPECT_EQ(this->load("a").head, Revision{3});
}

TYPED_TEST_P(StoreContract, UniqueKeysAreHeldFreedAndRefused) {
    auto& store = this->world_.store();
    auto first = this->append("a", 0);
    first.holds = {{"email", "x@y"}, {"name", "sarah"}};
    ASSERT_TRUE(store.append(first));
    auto second = this->append("b", 0);
    second.holds = {{"name", "sarah"}};
    const auto refused = store.append(second);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, command::AppendRefusal::Kind::key_taken);
    EXPECT_EQ(refused.error().what, "name");
    EXPECT_FALSE(this->load("b").stream) << "a refused append writes nothing";

    auto again = this->append("a", 1);
    again.holds = {{"name", "sarah"}};
    EXPECT_TRUE(store.append(again)) << "one's own key";
    auto renamed = this->append("a", 2);
    renamed.frees = {{"name", "sarah"}};
    renamed.holds = {{"name", "connor"}};
    EXPECT_TRUE(store.append(renamed));
    EXPECT_TRUE(store.append(second)) << "the key is free again";
}

TYPED_TEST_P(StoreContract, AKeyNamesItsHolder) {
    auto& store = this->world_.store();
    auto append = this->append("a", 0);
    append.holds = {{"name", "sarah"}};
    ASSERT_TRUE(store.append(append));
    EXPECT_EQ(store.holder("user", {"name", "sarah"}), "a");
    EXPECT_FALSE(store.holder("user", {"email", "sarah"}));
    EXPECT_FALSE(store.holder("account", {"name", "sarah"})) << "of another type";
}

TYPED_TEST_P(StoreContract, CountersStopAtTheirMinimum) {
    auto& store = this->world_.store();
    const auto moved = [&](const std::string& id, std::int64_t expected, std::int64_t delta, std::int64_t minimum) {
        auto append = this->append(id, expected);
        append.counters = {{"administrators", delta, minimum, "", ""}};
        return store.append(append);
    };
    ASSERT_TRUE(moved("a", 0, 1, 0));
    ASSERT_TRUE(moved("b", 0, 1, 0));
    EXPECT_TRUE(moved("a", 1, -1, 1));
    const auto refused = moved("b", 1, -1, 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, command::AppendRefusal::Kind::counter_below);
    EXPECT_EQ(refused.error().what, "administrators");
    EXPECT_EQ(this->load("b").head, Revision{1}) << "a refused append writes nothing";
    ASSERT_TRUE(moved("a", 2, 1, 0));
    EXPECT_TRUE(moved("b", 1, -1, 1)) << "the refused one did not count";
}

TYPED_TEST_P(StoreContract, IdempotencyRecordsAreKeptOnce) {
    auto& store = this->world_.store();
    EXPECT_FALSE(store.recorded("caller", "route", "key"));
    auto append = this->append("a", 0);
    append.idempotency =
        command::IdempotencyRecord{"caller", "route", "key", std::string("\0\xff mac", 6), 201, R"({"id":"a"})"};
    ASSERT_TRUE(store.append(append));
    const auto recorded = store.recorded("caller", "route", "key");
    ASSERT_TRUE(recorded);
    EXPECT_EQ(recorded->status, 201);
    EXPECT_EQ(recorded->body, R"({"id":"a"})");
    EXPECT_EQ(recorded->request_mac, append.idempotency->request_mac);
    EXPECT_FALSE(store.recorded("another", "route", "key"));

    append.expected = 1;
    const auto known = store.append(append);
    ASSERT_FALSE(known);
    EXPECT_EQ(known.error().kind, command::AppendRefusal::Kind::idempotency_known);

    auto refusal = this->append("a", 0, 0);
    refusal.idempotency = command::IdempotencyRecord{"caller", "route", "other", "mac", 422, "{}"};
    EXPECT_TRUE(store.append(refusal)) << "only the record; the stream is not looked at";
    EXPECT_EQ(store.recorded("caller", "route", "other")->status, 422);
    EXPECT_EQ(this->load("a").head, Revision{1});
}

TYPED_TEST_P(StoreContract, RangesEndWhereAsked) {
    for (int n = 0; n < 4; ++n) ASSERT_TRUE(this->world_.store().append(this->append("a", n)));
    const auto all = this->load("a").events;
    auto part = this->load("a", {Revision{2}, {}});
    EXPECT_EQ(part.events.size(), 2u);
    EXPECT_EQ(part.head, Revision{4}) << "the head is the stream's";
    part = this->load("a", {{}, all[2].recorded_at});
    EXPECT_GE(part.events.size(), 3u);
    part = this->load("a", {{}, all[0].recorded_at - std::chrono::microseconds(1)});
    EXPECT_TRUE(part.events.empty());
}

TYPED_TEST_P(StoreContract, ASnapshotStandsForTheEventsBeforeIt) {
    auto& store = this->world_.store();
    ASSERT_TRUE(store.append(this->append("a", 0, 3)));
    auto with = this->append("a", 3, 2);
    with.snapshot = command::Snapshot{Revision{3}, 1, "build", R"({"folded":3})"};
    ASSERT_TRUE(store.append(with));
    auto loaded = this->load("a");
    ASSERT_TRUE(loaded.snapshot);
    EXPECT_EQ(loaded.snapshot->revision, Revision{3});
    EXPECT_EQ(loaded.snapshot->state, R"({"folded":3})");
    ASSERT_EQ(loaded.events.size(), 2u);
    EXPECT_EQ(loaded.events[0].revision, Revision{4});

    EXPECT_FALSE(store.load("user", "a", 2, "build", {}).snapshot) << "another state version";
    EXPECT_EQ(store.load("user", "a", 1, "other", {}).events.size(), 5u) << "another build";
    EXPECT_FALSE(this->load("a", {Revision{2}, {}}).snapshot) << "newer than the range";
    EXPECT_EQ(this->load("a", {Revision{2}, {}}).events.size(), 2u);
}

TYPED_TEST_P(StoreContract, AGroupHasAnOutcomeForEach) {
    auto& store = this->world_.store();
    std::vector<command::Append> group;
    for (const char* id : {"a", "b", "c"}) {
        const auto made = store.append(this->append(id, 0));
        ASSERT_TRUE(made);
        group.push_back(this->append(id, 1, 2));
        group.back().stream = made.value().stream;
    }
    group[1].expected = 7;
    group[1].idempotency = group[2].idempotency =
        command::IdempotencyRecord{"caller", "route", "key", "mac", 200, "{}"};
    group[2].idempotency->key = "known";
    auto first = this->append("d", 0);
    first.idempotency = group[2].idempotency;
    ASSERT_TRUE(store.append(first));

    const auto outcomes = store.append_group({&group[0], &group[1], &group[2]});
    ASSERT_EQ(outcomes.size(), 3u);
    ASSERT_TRUE(outcomes[0] && *outcomes[0]);
    EXPECT_EQ(outcomes[0]->value().revision, Revision{3});
    EXPECT_EQ(outcomes[0]->value().stream, group[0].stream);
    ASSERT_TRUE(outcomes[1] && !*outcomes[1]);
    EXPECT_EQ(outcomes[1]->error().kind, command::AppendRefusal::Kind::revision_differs);
    EXPECT_EQ(outcomes[1]->error().head, Revision{1});
    ASSERT_TRUE(outcomes[2] && !*outcomes[2]);
    EXPECT_EQ(outcomes[2]->error().kind, command::AppendRefusal::Kind::idempotency_known);

    const auto loaded = this->load("a");
    ASSERT_EQ(loaded.events.size(), 3u);
    EXPECT_EQ(loaded.events[2].id, group[0].events[1].id);
    EXPECT_EQ(loaded.events[2].data, group[0].events[1].data);
    EXPECT_EQ(loaded.events[2].metadata, group[0].events[1].metadata);
    EXPECT_EQ(loaded.events[2].position, outcomes[0]->value().position);
    EXPECT_EQ(this->load("b").head, Revision{1});
    EXPECT_EQ(this->load("c").head, Revision{1});
    EXPECT_FALSE(store.recorded("caller", "route", "key")) << "a refused append leaves no record";
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, AStreamThatIsNotThereIsEmpty, LoadsWhatWasAppendedInOrder,
                            ExpectedRevisionExactNoneAny, UniqueKeysAreHeldFreedAndRefused, AKeyNamesItsHolder,
                            CountersStopAtTheirMinimum, IdempotencyRecordsAreKeptOnce, RangesEndWhereAsked,
                            ASnapshotStandsForTheEventsBeforeIt, AGroupHasAnOutcomeForEach);

}  // namespace lantern::contract
