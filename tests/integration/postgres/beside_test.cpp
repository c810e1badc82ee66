#include "tests/integration/postgres/beside.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "host/postgres/backfill/comparison.hpp"
#include "host/postgres/operate/backlogs.hpp"

namespace lantern::postgres {
namespace {

using ::testing::HasSubstr;

// Hosts register handlers, and with them rights, whenever something has changed.
TEST_F(BesideTest, IsMadeWhileHandlersAreRegistered) {
    std::atomic<bool> end{false};
    std::thread host([&] {
        for (Catalog catalog(url_); !end;)
            EXPECT_TRUE(
                catalog.apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 1));
    });
    for (int round = 0; round < 30; ++round) EXPECT_NO_THROW(create_beside(connection_, schema_));
    end = true;
    host.join();
}

TEST_F(BesideTest, WhatWasLoadedIsThereWithItsKeysAndPartialResultsAreOneRow) {
    jobs_.plan(job_, 1000);
    const auto slot = jobs_.lease(job_, self_, Jobs::Share::history);
    ASSERT_TRUE(slot);
    Load load(connection_, schema_, *slot);
    const auto id = test::fresh_id();
    load.add(0, person(id, "tab\tnewline\nback\\slash"));
    load.add_partial(1, monday("DE"), {{2, std::int64_t{2}}, {4, std::int64_t{50}}, {6, std::string("late")}},
                     Position{9});
    load.add_partial(1, monday("DE"),
                     {{2, std::int64_t{3}}, {3, 0.5}, {4, std::int64_t{40}}, {6, std::string("early")}},
                     Position{4});
    load.add_partial(1, monday("FR"), {{2, std::int64_t{1}}}, Position{0});
    worker::StreamRow row;
    row.stream = StreamId{1};
    row.revision = Revision{3};
    load.add(row);
    ASSERT_TRUE(load.commit(slot->until, {4, 0}));
    build_keys(connection_, schema_);
    build_keys(connection_, schema_);  // safe to repeat

    EXPECT_EQ(one(R"(select name from "people@2".people)"), "tab\tnewline\nback\\slash");
    EXPECT_EQ(one(R"(select concat_ws(' ', country, made, sum, extract(epoch from first) * 1000000, newest_name,
                     lantern_position) from "people@2".per_day where country = 'DE')"),
              "DE 5 0.5 40.000000 late 9");
    EXPECT_EQ(one(R"(select made || coalesce(newest_name, '-') from "people@2".per_day where country = 'FR')"),
              "1-");
    EXPECT_EQ(
        one("select string_agg(tablename, ' ' order by tablename) from pg_tables where schemaname = 'people@2'"),
        "lantern_streams people per_day");
    constexpr const char* kIndexes =
        "select string_agg(replace(indexdef, '\"people@2\"', 'people'), ' ' order by indexname) from pg_indexes "
        "where"
        " schemaname = ";
    EXPECT_EQ(one(kIndexes + std::string("'people@2'")), one(kIndexes + std::string("'people'")));
    EXPECT_EQ(jobs_.find(job_)->slots_done, jobs_.find(job_)->slots);
}

// Keys are made some at a time: what one of them meets must neither be lost nor stop the others.
TEST_F(BesideTest, AKeyThatTwoStreamsWroteIsNamedAndMadeOnceItIsMended) {
    jobs_.plan(job_, 1000);
    const auto slot = jobs_.lease(job_, self_, Jobs::Share::history);
    ASSERT_TRUE(slot);
    Load load(connection_, schema_, *slot);
    const auto id = test::fresh_id();
    for (const char* name : {"one", "other"}) load.add(0, person(id, name));
    ASSERT_TRUE(load.commit(slot->until, {2, 0}));
    try {
        build_keys(connection_, schema_);
        FAIL() << "two rows have one key";
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::data);
        EXPECT_THAT(fault.what(), HasSubstr(id.text()));
    }
    sql_.script(R"(delete from "people@2".people where name = 'other')");
    build_keys(connection_, schema_);
    constexpr const char* kIndexes =
        "select string_agg(indexname, ' ' order by indexname) from pg_indexes where "
        "schemaname = ";
    EXPECT_EQ(one(kIndexes + std::string("'people@2'")), one(kIndexes + std::string("'people'")));
}

TEST_F(BesideTest, AShareIsReadByStreamAndRevision) {
    sql_.script(
        "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, "
        "data,"
        " metadata) select nextval('lantern.events_position'), s.stream_id, r, gen_random_uuid(),"
        " case when r % 5 = 0 then 'OTHER' else 'MADE' end, 1, now(), pg_current_xact_id(),"
        " json_build_object('r', r), '{}' from lantern.streams s, generate_series(1, 10) r order by r desc");
    jobs_.plan(job_, 1000);
    const auto slot = jobs_.lease(job_, self_, Jobs::Share::history);
    ASSERT_TRUE(slot);
    Connection names{session_of_backfill(url_)};
    Scan scan(connection_, names, *slot, {"MADE"});
    std::vector<std::pair<std::int64_t, std::int64_t>> found;
    for (backfill::Scanned scanned; scan.next(scanned);) {
        const auto& event = scanned.event;
        EXPECT_EQ(event.data, R"({"r" : )" + std::to_string(event.revision.value) + "}");
        EXPECT_EQ(event.aggregate_id, "u" + std::to_string(event.stream.value));
        found.emplace_back(event.stream.value, event.revision.value);
    }
    EXPECT_EQ(found.size(), 160u) << "of 20 streams, eight events each";
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
    EXPECT_EQ(std::adjacent_find(found.begin(), found.end()), found.end());
    backfill::Scanned more;
    EXPECT_FALSE(scan.next(more)) << "it stays at its end";
}

// A rebuild lets live delivery go first; who takes nothing is not waited for, and not looked at.
TEST_F(BesideTest, ABacklogCountsWhileSomebodyWorksOnIt) {
    sql_.script(
        "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, "
        "data,"
        " metadata) select nextval('lantern.events_position'), min(s.stream_id), 1, gen_random_uuid(), 'MADE', 1, "
        "now(),"
        " pg_current_xact_id(), '{}', '{}' from lantern.streams s;"
        "update lantern.handlers set state = 'attached';"
        "update lantern.routes set begin_position = 0");
    Backlogs backlogs(url_);
    const auto names = [&](Backlogs::Of of) {
        std::string all;
        for (const auto& backlog : backlogs.of_handlers(of)) all += backlog.handler + " ";
        return all;
    };
    EXPECT_EQ(names(Backlogs::Of::all), "mail people ");
    EXPECT_EQ(names(Backlogs::Of::worked_on), "") << "nobody works";
    sql_.query(
        "insert into lantern.workers (worker_id, handler, host, pid, plugin_build) values ($1::uuid, 'people', "
        "'h', 1, '')",
        Params{}.add(other_));
    sql_.query("insert into lantern.leases (handler, partition, worker_id) values ('people', 0, $1::uuid)",
               Params{}.add(other_));
    EXPECT_EQ(names(Backlogs::Of::worked_on), "people ");
    sql_.script("update lantern.workers set heartbeat_at = now() - interval '1 minute'");
    EXPECT_EQ(names(Backlogs::Of::worked_on), "") << "its worker is dead";
    sql_.script("update lantern.workers set heartbeat_at = now(); update lantern.handlers set state = 'paused'");
    EXPECT_EQ(names(Backlogs::Of::worked_on), "") << "it takes nothing";
    EXPECT_EQ(names(Backlogs::Of::all), "mail people ");
}

TEST_F(BesideTest, WhoLostItsShareWritesNothing) {
    jobs_.plan(job_, 1000);
    const auto slot = jobs_.lease(job_, self_, Jobs::Share::history);
    ASSERT_TRUE(slot);
    EXPECT_FALSE(jobs_.lease(job_, other_, Jobs::Share::history)) << "it is held";
    sql_.query("update lantern.job_slots set beat_at = now() - interval '1 minute'");
    const auto taken = jobs_.lease(job_, other_, Jobs::Share::history);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->lost, 1);
    Load stale(connection_, schema_, *slot);
    stale.add(0, person(test::fresh_id(), "x"));
    EXPECT_FALSE(stale.commit(slot->until, {1, 0}));
    EXPECT_EQ(one(R"(select count(*) from "people@2".people)"), "0");
    Load fresh(connection_, schema_, *taken);
    EXPECT_TRUE(fresh.commit(StreamId{7}, {1, 0}));
    jobs_.release(other_);
    EXPECT_EQ(jobs_.lease(job_, self_, Jobs::Share::history)->after, StreamId{7}) << "goes on behind the cursor";
}

TEST_F(BesideTest, SharesCoverAllStreamsOnce) {
    jobs_.plan(job_, 35);  // of 20 streams with 10 events each
    EXPECT_GT(jobs_.find(job_)->slots, 3);
    EXPECT_EQ(jobs_.find(job_)->events_total, 200);
    EXPECT_EQ(one("select count(*) from lantern.streams s where (select count(*) from lantern.job_slots t where "
                  "t.slot > 0"
                  " and s.stream_id > t.first_stream and s.stream_id <= t.last_stream) <> 1"),
              "0");
}

TEST_F(BesideTest, ComparisonLeavesNothingOutInSilence) {
    build_keys(connection_, schema_);
    const auto tables = schema_.tables;
    const auto a = test::fresh_id().text(), b = test::fresh_id().text(), c = test::fresh_id().text();
    sql_.script(
        "insert into lantern.streams (aggregate_type, aggregate_id, revision) values ('user', '" + a +
        "', 1), ('user', '" + b + "', 2), ('user', '" + c +
        "', 1);"
        "insert into people.people (id, name) values ('" +
        a + "', 'same'), ('" + b + "', 'live'), ('" + c +
        "', 'live');"
        "insert into \"people@2\".people (id, name) values ('" +
        a + "', 'same'), ('" + b + "', 'fresh'), ('" + c +
        "', 'fresh');"
        // b stands elsewhere in the two models, the others at the same checkpoint
        "insert into people.lantern_streams (stream_id, revision) select stream_id, revision from lantern.streams"
        " where aggregate_id in ('" +
        a + "', '" + b + "', '" + c +
        "');"
        "insert into \"people@2\".lantern_streams (stream_id, revision) select stream_id, 1 from lantern.streams"
        " where aggregate_id in ('" +
        a + "', '" + b + "', '" + c + "')");
    auto compared = compare(connection_, "people", "people@2", tables);
    EXPECT_EQ(compared.tables[0].equal, 1);
    EXPECT_EQ(compared.tables[0].differing, 1);
    EXPECT_EQ(compared.tables[0].unsettled, 1);
    EXPECT_EQ(compared.streams_unsettled, 1);
    EXPECT_FALSE(compared.settled());
    ASSERT_EQ(compared.differences.size(), 1u);
    EXPECT_THAT(compared.differences[0].left, HasSubstr(c));
    // b comes to stand alike, and is looked at alone: a then stands elsewhere, and was compared before.
    ASSERT_EQ(compared.unsettled.size(), 1u);
    sql_.script("update people.lantern_streams set revision = 1 - (stream_id <> " +
                std::to_string(compared.unsettled[0].value) + ")::integer");
    compared.settle(compare(connection_, "people", "people@2", tables, compared.unsettled));
    EXPECT_TRUE(compared.settled()) << compared.json();
    EXPECT_EQ(compared.tables[0].equal, 1);
    EXPECT_EQ(compared.tables[0].differing, 2);
    EXPECT_EQ(compared.tables[0].unsettled, 0);
    ASSERT_EQ(compared.differences.size(), 2u);
    EXPECT_THAT(compared.differences[1].left, HasSubstr(b));

    sql_.script(
        "update people.people set name = 'fresh'; update \"people@2\".people set name = 'fresh';"
        "update people.lantern_streams set revision = 1");
    compared = compare(connection_, "people", "people@2", tables);
    EXPECT_TRUE(compared.equal()) << compared.json();
}

}  // namespace
}  // namespace lantern::postgres
