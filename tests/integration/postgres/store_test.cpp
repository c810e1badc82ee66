// What only the real store can show; the rest is in tests/contract/store_contract.hpp.
#include "host/postgres/store/store.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "tests/integration/postgres/fixture.hpp"

namespace lantern::postgres {
namespace {

class StoreTest : public test::PostgresTest {
protected:
    Store store_{url_};
};

TEST_F(StoreTest, EventsAreImmutable) {
    ASSERT_TRUE(store_.append(test::append_of("a", 0, {test::event_of("MADE")})));
    for (const char* change : {"update lantern.events set type = 'OTHER'", "delete from lantern.events",
                               "truncate lantern.events", "truncate lantern.streams cascade"}) {
        try {
            sql_.query(change);
            if (one("select count(*) from lantern.events") != "1") FAIL() << change;
        } catch (const Fault& fault) {
            EXPECT_EQ(fault.code(), "LN002") << change;
            EXPECT_THAT(fault.what(), ::testing::HasSubstr("immutable"));
        }
    }
    EXPECT_EQ(one("select type from lantern.events"), "MADE");
}

TEST_F(StoreTest, TheFirstAnswerToAKeyIsGivenForADayAndThenTheKeyIsNew) {
    const auto record = [](int status) {
        return command::IdempotencyRecord{"caller", "route", "key", std::string(32, 'm'), status, "{}"};
    };
    auto append = test::append_of("a", 0, {test::event_of("MADE")});
    append.idempotency = record(201);
    ASSERT_TRUE(store_.append(append));
    const auto aged = [&](const std::string& age) {
        sql_.query("update lantern.idempotency set recorded_at = clock_timestamp() - $1::interval",
                   Params{}.add(age));
    };
    auto again = test::append_of("a", 1, {test::event_of("MADE")});
    again.idempotency = record(200);
    aged("23 hours");
    EXPECT_TRUE(store_.recorded("caller", "route", "key"));
    EXPECT_EQ(store_.append(again).error().kind, command::AppendRefusal::Kind::idempotency_known);
    aged("24 hours");
    EXPECT_FALSE(store_.recorded("caller", "route", "key"));
    EXPECT_TRUE(store_.append(again));
    EXPECT_EQ(store_.recorded("caller", "route", "key")->status, 200);
}

TEST_F(StoreTest, TwoHundredCreationsOfOneKeyAtOnceOneWins) {
    constexpr int kThreads = 20, kEach = 10;
    std::atomic<int> won = 0, taken = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < kThreads; ++thread)
            threads.emplace_back([&, thread] {
                Store store(url_);
                for (int n = 0; n < kEach; ++n) {
                    auto append = test::append_of(std::to_string(thread) + "-" + std::to_string(n), 0,
                                                  {test::event_of("MADE")});
                    append.holds = {{"username", "sarah"}};
                    const auto answer = store.append(append);
                    if (answer) ++won;
                    if (!answer && answer.error().kind == command::AppendRefusal::Kind::key_taken) ++taken;
                }
            });
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(taken, kThreads * kEach - 1);
    EXPECT_EQ(one("select count(*) from lantern.events"), "1");
    EXPECT_EQ(one("select count(*) from lantern.streams"), "1");
}

TEST_F(StoreTest, ManyWritersOfOneStreamLeaveNoHoleAndPositionsFollowRevisions) {
    constexpr int kThreads = 8, kEach = 40;
    std::atomic<int> refused = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < kThreads; ++thread)
            threads.emplace_back([&] {
                Store store(url_);
                for (int done = 0; done < kEach;) {
                    const auto head = store.load("user", "one", 1, "", {}).head;
                    if (store.append(
                            test::append_of("one", head.value, {test::event_of("A"), test::event_of("B")})))
                        ++done;
                    else
                        ++refused;
                }
            });
    }
    EXPECT_EQ(one("select count(*) from lantern.events"), std::to_string(2 * kThreads * kEach));
    EXPECT_EQ(one("select max(revision) from lantern.events"), std::to_string(2 * kThreads * kEach));
    EXPECT_EQ(one("select count(*) from lantern.events a join lantern.events b"
                  " on b.stream_id = a.stream_id and b.revision > a.revision and b.position < a.position"),
              "0");
    EXPECT_EQ(one("select revision from lantern.streams"), std::to_string(2 * kThreads * kEach));
}

TEST_F(StoreTest, WritersThatWantEachOthersKeysAreRefusedAndDoNotDeadlock) {
    for (const char* name : {"a", "b"}) {
        auto made = test::append_of(name, 0, {test::event_of("MADE")});
        made.holds = {{"name", name}};
        ASSERT_TRUE(store_.append(made));
    }
    const auto swap = [&](const std::string& id, const std::string& other) {
        Store store(url_);
        for (int attempt = 0; attempt < 100; ++attempt) {
            auto append = test::append_of(id, 1, {test::event_of("RENAMED")});
            append.frees = {{"name", id}};
            append.holds = {{"name", other}};
            const auto answer = store.append(append);  // a deadlock would be a Fault
            ASSERT_FALSE(answer);
            EXPECT_EQ(answer.error().kind, command::AppendRefusal::Kind::key_taken);
        }
    };
    {
        const std::jthread first([&] { swap("a", "b"); }), second([&] { swap("b", "a"); });
    }
    EXPECT_EQ(one("select string_agg(key, ',' order by key) from lantern.unique_keys"), "a,b");
}

TEST_F(StoreTest, CountersAreBounded) {
    auto up = test::append_of("a", 0, {test::event_of("MADE")});
    up.counters = {{"administrators", 1, 0}};
    ASSERT_TRUE(store_.append(up));
    auto down = test::append_of("a", 1, {test::event_of("DELETED")});
    down.counters = {{"administrators", -1, 1}};
    const auto refused = store_.append(down);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, command::AppendRefusal::Kind::counter_below);
    EXPECT_EQ(refused.error().what, "administrators");
    EXPECT_EQ(one("select value from lantern.counters"), "1");
    EXPECT_EQ(one("select count(*) from lantern.events"), "1");
}

TEST_F(StoreTest, ConcurrentTwinsOfOneIdempotencyKeyAppendOnce) {
    std::atomic<int> won = 0, known = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 16; ++thread)
            threads.emplace_back([&, thread] {
                Store store(url_);
                auto append = test::append_of(std::to_string(thread), 0, {test::event_of("MADE")});
                append.idempotency = command::IdempotencyRecord{"c", "r", "k", "mac", 201, "{}"};
                const auto answer = store.append(append);
                if (answer) ++won;
                if (!answer && answer.error().kind == command::AppendRefusal::Kind::idempotency_known) ++known;
            });
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(known, 15);
}

TEST_F(StoreTest, ConnectsAgainAfterItsConnectionWasLost) {
    ASSERT_TRUE(store_.append(test::append_of("a", 0, {test::event_of("MADE")})));
    const std::string mine = "from pg_stat_activity where application_name = 'lantern store'";
    sql_.query("select pg_terminate_backend(pid) " + mine);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (one("select count(*) " + mine) != "0" && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_TRUE(store_.append(test::append_of("a", 1, {test::event_of("MADE")})))
        << "it was gone before, not in doubt";
    EXPECT_EQ(store_.load("user", "a", 1, "", {}).head, Revision{2});
}

// Imports bring their own times, in any order.
TEST_F(StoreTest, WhatWasThereAtATimeHasNoHolesThoughTimesGoBack) {
    const auto stream = [&](const std::string& id, const std::vector<std::string>& times) {
        sql_.query("insert into lantern.streams (aggregate_type, aggregate_id, revision) values ('user', $1, 4)",
                   Params{}.add(id));
        for (std::size_t at = 0; at < times.size(); ++at)
            sql_.query(
                "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at,"
                " xid, data, metadata) select nextval('lantern.events_position'), stream_id, $2::bigint,"
                " gen_random_uuid(), 'MADE', 1, $3::timestamptz, pg_current_xact_id(), '{}', '{}'"
                " from lantern.streams where aggregate_id = $1",
                Params{}.add(id).add(static_cast<std::int64_t>(at + 1)).add(times[at]));
    };
    stream("late", {"2026-01-01", "2020-01-01"});
    stream("both", {"2020-01-01", "2020-03-01", "2026-01-01", "2020-02-01"});
    const auto at = [&](const std::string& id, const std::string& time) {
        return store_.load("user", id, 1, "b1", {.until_time = parse_iso8601(time)});
    };
    EXPECT_EQ(at("late", "2021-01-01T00:00:00Z").events.size(), 0u);
    EXPECT_EQ(at("late", "2026-01-01T00:00:00Z").events.size(), 2u);
    EXPECT_EQ(at("both", "2021-01-01T00:00:00Z").events.size(), 2u);
    EXPECT_EQ(at("both", "2020-02-15T00:00:00Z").events.size(), 1u);
    EXPECT_EQ(store_.load("user", "both", 1, "b1", {}).events.size(), 4u);

    const auto snapshot = [&](int revision) {
        sql_.query(
            "insert into lantern.snapshots (stream_id, revision, state_version, build, state)"
            " select stream_id, $1::bigint, 1, 'b1', '{}' from lantern.streams where aggregate_id = 'both'"
            " on conflict (stream_id) do update set revision = excluded.revision",
            Params{}.add(std::int64_t{revision}));
    };
    snapshot(4);
    EXPECT_FALSE(at("both", "2021-01-01T00:00:00Z").snapshot) << "recorded then, but behind a later one";
    snapshot(2);
    EXPECT_TRUE(at("both", "2021-01-01T00:00:00Z").snapshot);
    EXPECT_EQ(at("both", "2021-01-01T00:00:00Z").events.size(), 0u);
}

TEST_F(StoreTest, DataThatIsNoJsonIsADataFault) {
    try {
        EXPECT_FALSE(store_.append(test::append_of("a", 0, {test::event_of("MADE", "{no json")})));
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::data);
    }
    EXPECT_FALSE(store_.load("user", "a", 1, "", {}).stream);
}

TEST(Connecting, SaysWhetherItIsAnOutageOrAMistake) {
    const auto kind_of = [](const std::string& url) {
        try {
            Store store(url);
            return std::optional<FaultKind>();
        } catch (const Fault& fault) {
            return std::optional(fault.kind());
        }
    };
    const auto url = test::fresh_database();
    EXPECT_EQ(kind_of("postgresql://nobody@127.0.0.1:1/nothing"), FaultKind::outage);
    EXPECT_EQ(kind_of(url + "_not_there"), FaultKind::configuration);
    EXPECT_EQ(kind_of("postgresql://127.0.0.1/x?no_such_option=1"), FaultKind::configuration);
}

}  // namespace
}  // namespace lantern::postgres
