// Crashes as rows: what they are counted by, what forgives them, and what becomes of builds.
#include "host/postgres/operate/crashes.hpp"

#include <gtest/gtest.h>

#include "host/core/limits.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

class CrashesTest : public test::PostgresTest {
protected:
    CrashesTest() {
        EXPECT_TRUE(
            Catalog(url_).apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 0));
    }
    static supervise::Crash crash_of(const std::optional<EventId>& event, const std::string& build = "b1") {
        supervise::Crash crash;
        crash.subject = "people";
        crash.build = build;
        crash.event = event;
        crash.stream = StreamId{7};
        crash.cause = "signal 11 (Segmentation fault)";
        crash.backtrace = "#0 here";
        return crash;
    }
    CrashCounts record(const supervise::Crash& crash) { return book.record(crash, "here", 1); }
    worker::Suspicion suspicion(const std::string& build = "b1") {
        return Crashes(sql_, HandlerName{"people"}, build).suspicion();
    }
    std::string state() { return one("select state from lantern.handlers where handler = 'people'"); }
    static Description build_of(const std::string& build) {
        auto plugin = test::projection_plugin();
        plugin.build = build;
        return plugin;
    }

    CrashBook book{url_};
    const HandlerName people{"people"};
};

TEST_F(CrashesTest, are_counted_by_event_and_build) {
    const auto one_event = test::fresh_id(), other = test::fresh_id();
    EXPECT_EQ(record(crash_of(one_event)).same, 1);
    EXPECT_EQ(record(crash_of(one_event)).same, 2);
    EXPECT_EQ(record(crash_of(one_event, "b2")).same, 1);
    const auto counts = record(crash_of(other));
    EXPECT_EQ(counts.same, 1);
    EXPECT_EQ(counts.events, 2);
    EXPECT_EQ(counts.loose, 0);
    EXPECT_EQ(record(crash_of(std::nullopt)).loose, 1);

    const auto known = suspicion("b2");
    ASSERT_EQ(known.events.size(), 1u);
    EXPECT_EQ(known.events[0].event, one_event);
    EXPECT_EQ(known.events[0].crashes, 1);
    EXPECT_EQ(known.events[0].cause, "signal 11 (Segmentation fault)");
    EXPECT_EQ(known.events[0].backtrace, "#0 here");
    EXPECT_EQ(known.all, Milliseconds{0});
    EXPECT_EQ(suspicion().events.size(), 2u);
    EXPECT_GT(suspicion().all, Milliseconds{0});
}

TEST_F(CrashesTest, a_loose_crash_is_held_against_all_events_for_a_while_only) {
    record(crash_of(std::nullopt));
    sql_.query("update lantern.crashes set at = at - interval '1 hour'");
    EXPECT_EQ(suspicion().all, Milliseconds{0});
}

TEST_F(CrashesTest, an_operators_retry_forgives_those_of_the_stream) {
    record(crash_of(test::fresh_id()));
    auto elsewhere = crash_of(test::fresh_id());
    elsewhere.stream = StreamId{8};
    record(elsewhere);
    sql_.query("insert into people.lantern_streams (stream_id, revision, state) values (7, 3, 2)");
    sql_.query("select lantern.parked_act('people', 'retry', '{7}', '{3}', '{null}', '{null}', 'me', '', '{}')");
    ASSERT_EQ(suspicion().events.size(), 1u);
    EXPECT_EQ(suspicion().events[0].event, *elsewhere.event);
}

TEST_F(CrashesTest, a_command_is_blocked_at_the_third_crash_of_its_build) {
    supervise::Crash crash;
    crash.role = supervise::Role::api;
    crash.subject = "user";
    crash.build = "b1";
    crash.command = "rename";
    crash.cause = "signal 11";
    for (int times = 1; times < limits::kCrashesMax; ++times) EXPECT_EQ(record(crash).same, times);
    EXPECT_TRUE(book.blocked().empty());
    record(crash);
    EXPECT_EQ(book.blocked(), (std::vector<BlockedCommand>{{"user", "b1", "rename", "signal 11"}}));
}

TEST_F(CrashesTest, a_quarantined_handler_stands_until_it_is_resumed_and_its_builds_are_let_go) {
    record(crash_of(test::fresh_id()));
    book.starts(people, build_of("b1"));
    EXPECT_TRUE(book.quarantine_build(people, "b1", "too many"));
    EXPECT_FALSE(book.quarantine_build(people, "b1", "again"));
    book.quarantine(people, "too many; lantern resume people");
    EXPECT_EQ(state(), "quarantined");
    ASSERT_EQ(book.builds().size(), 1u);
    EXPECT_TRUE(book.builds()[0].quarantined);

    EXPECT_EQ(Catalog(url_).resume(people, {"me", "try"}), "quarantined");
    EXPECT_NE(state(), "quarantined");
    EXPECT_FALSE(book.builds()[0].quarantined);
    EXPECT_TRUE(suspicion().events.empty());
}

TEST_F(CrashesTest, a_good_build_ends_the_quarantine_and_the_bad_one_stays_where_it_is) {
    book.starts(people, build_of("b1"));
    book.quarantine_build(people, "b1", "too many");
    book.quarantine(people, "too many");
    book.starts(people, build_of("b2"));
    EXPECT_NE(state(), "quarantined");
    const auto builds = book.builds();
    ASSERT_EQ(builds.size(), 2u);
    EXPECT_EQ(builds[0].build, "b2");
    EXPECT_FALSE(builds[0].quarantined);
    EXPECT_TRUE(builds[1].quarantined);
    EXPECT_EQ(one("select count(*) from lantern.admin_log where action = 'resume' and who = 'lantern'"), "1");
}

TEST_F(CrashesTest, a_paused_handler_stays_paused) {
    Catalog(url_).pause(people, {"me", "why"});
    book.quarantine(people, "too many");
    book.starts(people, build_of("b2"));
    EXPECT_EQ(state(), "paused");
}

}  // namespace
}  // namespace lantern::postgres
