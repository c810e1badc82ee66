// Appends in groups: each member as if it had gone by itself.
#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <map>
#include <thread>

#include "host/postgres/store/store.hpp"
#include "tests/integration/postgres/fixture.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::postgres {
namespace {

using Kind = command::AppendRefusal::Kind;

class AppendGroupTest : public test::PostgresTest {
protected:
    void SetUp() override {
        for (const char* name : {"a", "b", "c", "d", "e", "f"}) make(name);
    }
    void make(const std::string& name) {
        const auto made = store_.append(test::append_of(name, 0, {test::event_of("MADE")}));
        ASSERT_TRUE(made);
        streams_[name] = made.value().stream;
    }
    command::Append change(const std::string& name, std::int64_t expected, int events = 1) {
        auto append = test::append_of(name, expected, {});
        for (int n = 0; n < events; ++n)
            append.events.push_back(test::event_of("CHANGED", R"({"text":"a \"b\" \\ {c}, 'd' NULL"})"));
        append.stream = streams_.at(name);
        return append;
    }
    command::Append keyed(const std::string& name, std::int64_t expected, const std::string& key) {
        auto append = change(name, expected);
        append.idempotency =
            command::IdempotencyRecord{"caller", "route", key, std::string("\0\\\xff", 3), 200, R"({"id":"a"})"};
        return append;
    }
    // Sorted by stream: the order in which they were made.
    static std::vector<std::optional<command::AppendOutcome>> together(
        Store& store, const std::vector<command::Append>& appends) {
        std::vector<const command::Append*> group;
        for (const auto& append : appends) group.push_back(&append);
        return store.append_group(group);
    }
    std::int64_t head(const std::string& name) { return store_.load("user", name, 1, "", {}).head.value; }

    Store store_{url_};
    std::map<std::string, StreamId> streams_;
};

TEST_F(AppendGroupTest, each_member_has_its_own_outcome_and_nothing_is_left_of_those_that_were_refused) {
    ASSERT_TRUE(store_.append(keyed("f", 1, "known")));
    ASSERT_TRUE(store_.append(keyed("f", 2, "expired")));
    sql_.query(
        "update lantern.idempotency set recorded_at = clock_timestamp() - interval '25 hours'"
        " where key = 'expired'");
    auto with_snapshot = change("c", 1, 2), behind = keyed("b", 7, "of one behind");
    with_snapshot.snapshot = behind.snapshot = command::Snapshot{Revision{1}, 1, "build", R"({"folded":1})"};
    const std::vector<command::Append> group = {change("a", 1, 3), behind, with_snapshot, keyed("d", 1, "known"),
                                                keyed("e", 1, "expired")};
    const auto outcomes = together(store_, group);

    ASSERT_TRUE(outcomes[0] && *outcomes[0]);
    EXPECT_EQ(outcomes[0]->value().revision, Revision{4});
    EXPECT_EQ(outcomes[0]->value().stream, streams_["a"]);
    ASSERT_TRUE(outcomes[1] && !*outcomes[1]);
    EXPECT_EQ(outcomes[1]->error().kind, Kind::revision_differs);
    EXPECT_EQ(outcomes[1]->error().head, Revision{1});
    ASSERT_TRUE(outcomes[2] && *outcomes[2]);
    EXPECT_EQ(outcomes[2]->value().revision, Revision{3});
    ASSERT_TRUE(outcomes[3] && !*outcomes[3]);
    EXPECT_EQ(outcomes[3]->error().kind, Kind::idempotency_known);
    ASSERT_TRUE(outcomes[4] && *outcomes[4]);

    for (const auto& [name, revision] : {std::pair{"a", 4}, {"b", 1}, {"c", 3}, {"d", 1}, {"e", 2}}) {
        const auto loaded = store_.load("user", name, 1, "", {});
        EXPECT_EQ(loaded.head, Revision{revision}) << name;
        ASSERT_EQ(loaded.events.size(), static_cast<std::size_t>(revision)) << name;
        for (std::size_t n = 1; n < loaded.events.size(); ++n)
            EXPECT_GT(loaded.events[n].position, loaded.events[n - 1].position) << name;
    }
    const auto of_a = store_.load("user", "a", 1, "", {}).events;
    EXPECT_EQ(of_a[3].position, outcomes[0]->value().position);
    EXPECT_EQ(of_a[3].recorded_at, outcomes[0]->value().recorded_at);
    EXPECT_EQ(store_.load("user", "c", 1, "", {}).events[2].position, outcomes[2]->value().position);
    EXPECT_FALSE(store_.recorded("caller", "route", "of one behind"));
    EXPECT_TRUE(store_.recorded("caller", "route", "expired"));
    EXPECT_EQ(one("select string_agg(s.aggregate_id, ',') from lantern.snapshots n join lantern.streams s"
                  " using (stream_id)"),
              "c");
}

TEST_F(AppendGroupTest, a_group_writes_what_its_members_write_one_by_one) {
    std::vector<command::Append> group;
    for (const char* name : {"a", "b", "c"}) {
        group.push_back(keyed(name, 1, name));
        group.back().events.push_back(test::event_of("CHANGED", "null"));
        group.back().snapshot = command::Snapshot{Revision{1}, 2, "build", R"({"folded":1})"};
    }
    for (const auto& outcome : together(store_, group)) ASSERT_TRUE(outcome && *outcome);
    // The same to three other streams, under other keys and ids.
    for (std::size_t n = 0; n < 3; ++n) {
        auto twin = group[n];
        twin.aggregate_id = std::string(1, static_cast<char>('d' + n));
        twin.stream = streams_[twin.aggregate_id];
        twin.idempotency->key = twin.aggregate_id;
        for (auto& event : twin.events) event.id = test::fresh_id();
        ASSERT_TRUE(store_.append(twin));
    }
    const auto written = [&](const std::string& names) {
        return one(
            "select json_agg(json_build_object('head', s.revision, 'events', (select json_agg(json_build_array("
            "e.revision, e.type, e.schema_version, e.data, e.metadata, e.xid is not null) order by e.position)"
            " from lantern.events e where e.stream_id = s.stream_id and e.revision > 1),"
            " 'snapshot', (select json_build_array(n.revision, n.state_version, n.build, n.state)"
            " from lantern.snapshots n where n.stream_id = s.stream_id),"
            " 'record', (select json_build_array(i.caller, i.route, i.request_mac::text, i.status, i.body)"
            " from lantern.idempotency i where i.key = s.aggregate_id)) order by s.stream_id)"
            " from lantern.streams s where s.aggregate_id in (" +
            names + ")");
    };
    EXPECT_EQ(written("'a', 'b', 'c'"), written("'d', 'e', 'f'"));
    EXPECT_THAT(written("'a'"), ::testing::HasSubstr(R"("head" : 3)"));
}

TEST_F(AppendGroupTest, a_stream_that_somebody_holds_is_passed_over_and_nobody_waits_for_it) {
    Connection holder({.url = url_});
    holder.begin();
    holder.query("select from lantern.streams where aggregate_id = 'b' for no key update");
    const auto outcomes = together(store_, {change("a", 1), keyed("b", 1, "key"), change("c", 1)});
    EXPECT_TRUE(outcomes[0] && *outcomes[0]);
    EXPECT_FALSE(outcomes[1]);
    EXPECT_TRUE(outcomes[2] && *outcomes[2]);
    EXPECT_FALSE(store_.recorded("caller", "route", "key")) << "else it could not be appended by itself";
    EXPECT_EQ(head("b"), 1);
    holder.rollback();
    EXPECT_TRUE(store_.append(keyed("b", 1, "key")));
}

TEST_F(AppendGroupTest, a_stream_id_of_another_store_writes_into_no_other_aggregate) {
    auto astray = change("a", 1);
    astray.stream = streams_["c"];
    const auto outcomes = together(store_, {change("b", 1), astray});
    EXPECT_TRUE(outcomes[0] && *outcomes[0]);
    EXPECT_FALSE(outcomes[1]) << "by itself it finds its stream by name";
    EXPECT_EQ(head("c"), 1);
}

TEST_F(AppendGroupTest, one_bad_value_undoes_the_whole_group) {
    auto bad = change("b", 1);
    bad.events[0].data = "{no json";
    try {
        together(store_, {keyed("a", 1, "key"), bad});
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::data);
    }
    EXPECT_EQ(head("a"), 1);
    EXPECT_FALSE(store_.recorded("caller", "route", "key"));
}

TEST_F(AppendGroupTest, a_twin_of_a_record_that_is_being_written_waits_for_it) {
    Connection other({.url = url_});
    other.begin();
    other.query(
        "insert into lantern.idempotency (caller, route, key, request_mac, status, body)"
        " values ('caller', 'route', 'key', '', 200, '{}')");
    std::vector<std::optional<command::AppendOutcome>> outcomes;
    {
        const std::jthread group([&] { outcomes = together(store_, {keyed("a", 1, "key"), change("b", 1)}); });
        ASSERT_TRUE(test::eventually([&] {
            return one("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                       " and query like '%append_group%' and pid <> pg_backend_pid()") == "1";
        }));
        other.commit();
    }
    ASSERT_TRUE(outcomes[0] && !*outcomes[0]);
    EXPECT_EQ(outcomes[0]->error().kind, Kind::idempotency_known);
    EXPECT_TRUE(outcomes[1] && *outcomes[1]);
}

TEST_F(AppendGroupTest, groups_single_appends_and_keys_in_opposite_orders_do_not_deadlock) {
    constexpr int kRounds = 40;
    std::vector<std::string> names;
    for (int n = 0; n < 40; ++n) make(names.emplace_back("of many " + std::to_string(n)));
    std::atomic<int> appended = 0;
    std::barrier together_now(4);
    const auto work = [&](int number) {
        Store store(url_);
        for (int round = 0; round < kRounds; ++round) {
            std::vector<command::Append> group;
            for (std::size_t n = 0; n < names.size(); ++n) {
                // Keys run against the streams in every second group.
                const auto nth = number % 2 == 0 ? n : names.size() - 1 - n;
                group.push_back(keyed(names[n], store.load("user", names[n], 1, "", {}).head.value,
                                      std::to_string(round) + "-" + std::to_string(nth)));
            }
            together_now.arrive_and_wait();
            if (number < 2) {
                for (const auto& outcome : together(store, group)) appended += outcome && *outcome ? 1 : 0;
            } else {
                for (auto one = group.rbegin(); one != group.rend(); ++one) appended += store.append(*one) ? 1 : 0;
            }
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int number = 0; number < 4; ++number) threads.emplace_back(work, number);
    }
    std::int64_t heads = 0;
    for (const auto& name : names) heads += head(name) - 1;
    EXPECT_EQ(heads, appended);
    EXPECT_EQ(one("select count(*) from lantern.idempotency"), std::to_string(appended));
    EXPECT_EQ(one("select count(*) from lantern.events a join lantern.events b"
                  " on b.stream_id = a.stream_id and b.revision > a.revision and b.position < a.position"),
              "0");
}

}  // namespace
}  // namespace lantern::postgres
