#include "host/postgres/delivery/read_model.hpp"

#include <gmock/gmock.h>

#include "host/postgres/delivery/leases.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

using worker::Flush;
using worker::Flushed;
using worker::StreamRow;
using worker::StreamState;

class ReadModelTest : public test::PostgresTest {
protected:
    ReadModelTest() {
        Catalog catalog(url_);
        const auto applied =
            catalog.apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "tester", 0);
        EXPECT_TRUE(applied);
        lease_ = leases_.tick("", {}).held.at(0);
    }

    Flush flush_of(std::vector<worker::StreamUpdate> streams) {
        Flush flush;
        flush.entry = {Generation{1}, {{lease_.partition, lease_.epoch}}};
        flush.streams = std::move(streams);
        return flush;
    }
    static StreamRow row_of(std::int64_t stream, std::int64_t revision) {
        StreamRow row;
        row.stream = StreamId{stream};
        row.revision = Revision{revision};
        return row;
    }
    static Row person(const Uuid& id, const std::string& name) {
        return {id.text(),        name,
                std::int64_t{41}, 1.5,
                std::int64_t{1},  std::int64_t{1'795'232'006'000'123},
                std::int64_t{-1}, std::string(R"({"a": "b\"c"})")};
    }

    const HandlerName name_{"people"};
    const std::vector<Table> tables_ = test::projection_plugin().tables;
    Connection connection_{session_of(url_, name_)};
    Leases leases_{connection_, {test::fresh_id(), name_, "here", 1, "b1"}};
    ReadModel model_{connection_, name_, tables_, "b1"};
    worker::Lease lease_;
};

TEST_F(ReadModelTest, WritesRowsWithTheirStreamsAndFindsThem) {
    const auto id = test::fresh_id(), other = test::fresh_id();
    auto flush = flush_of({{row_of(7, 0), row_of(7, 2)}});
    flush.tables = {{0, {person(id, "O'Neill, \"J\" \\ {x}")}, {}, {}, {}}};
    ASSERT_EQ(model_.flush(flush), Flushed::committed);

    const auto found = model_.find(std::vector<worker::TableKey>{{0, {other.text()}}, {0, {id.text()}}});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_FALSE(found[0]);
    ASSERT_TRUE(found[1]);
    EXPECT_EQ(*found[1], person(id, "O'Neill, \"J\" \\ {x}"));
    const std::vector<StreamId> asked{StreamId{7}, StreamId{8}};
    EXPECT_EQ(model_.rows(asked), std::vector<StreamRow>{row_of(7, 2)});
}

TEST_F(ReadModelTest, PatchesOnlyGivenColumnsAndRemoves) {
    const auto id = test::fresh_id(), gone = test::fresh_id();
    auto flush = flush_of({{row_of(7, 0), row_of(7, 1)}});
    flush.tables = {{0, {person(gone, "x"), person(id, "y")}, {}, {}, {}}};
    ASSERT_EQ(model_.flush(flush), Flushed::committed);
    flush = flush_of({{row_of(7, 1), row_of(7, 2)}});
    flush.tables = {{0,
                     {},
                     {{{id.text()}, {{1, Value{}}, {2, std::int64_t{42}}}},
                      {{test::fresh_id().text()}, {{1, std::string("no such row")}}}},
                     {{gone.text()}},
                     {}}};
    ASSERT_EQ(model_.flush(flush), Flushed::committed);
    auto expected = person(id, "y");
    expected[1] = Value{};
    expected[2] = std::int64_t{42};
    EXPECT_EQ(model_.find(std::vector<worker::TableKey>{{0, {id.text()}}})[0], expected);
    EXPECT_EQ(one("select count(*) from people.people"), "1");
}

TEST_F(ReadModelTest, MergesSharedRowsWhateverTheOrder) {
    const std::vector<Value> key{std::int64_t{20'000}, std::string("de")};
    worker::TableWrites::Merge early{key,
                                     {{2, std::int64_t{1}},
                                      {3, 0.5},
                                      {4, std::int64_t{100}},
                                      {5, std::int64_t{100}},
                                      {6, std::string("early")},
                                      {7, std::int64_t{1}}},
                                     Position{10}};
    worker::TableWrites::Merge late{
        key,
        {{2, std::int64_t{2}}, {4, std::int64_t{200}}, {5, std::int64_t{200}}, {6, std::string("late")}},
        Position{20}};
    worker::TableWrites::Merge plain{key, {{2, std::int64_t{4}}}, Position{0}};
    std::int64_t revision = 0;
    for (const auto& merge : {late, early, plain}) {
        auto flush = flush_of({{row_of(7, revision), row_of(7, revision + 1)}});
        flush.tables = {{1, {}, {}, {}, {merge}}};
        ASSERT_EQ(model_.flush(flush), Flushed::committed);
        ++revision;
    }
    EXPECT_EQ(one("select format('%s %s %s %s %s %s', made, sum, extract(epoch from first) * 1000000,"
                  " extract(epoch from last) * 1000000, newest_name, newest_age) from people.per_day"),
              "7 0.5 100.000000 200.000000 late ");
}

TEST_F(ReadModelTest, AMissedStreamRowWritesNothing) {
    ASSERT_EQ(model_.flush(flush_of({{row_of(7, 0), row_of(7, 3)}})), Flushed::committed);
    for (const std::int64_t believed : {0, 2}) {
        auto flush = flush_of({{row_of(6, 0), row_of(6, 1)}, {row_of(7, believed), row_of(7, 4)}});
        flush.tables = {{0, {person(test::fresh_id(), "x")}, {}, {}, {}}};
        EXPECT_EQ(model_.flush(flush), Flushed::conflict);
    }
    EXPECT_EQ(one("select count(*) from people.people"), "0");
    EXPECT_EQ(one("select count(*) from people.lantern_streams"), "1");
}

TEST_F(ReadModelTest, ALostLeaseOrAnotherGenerationWritesNothing) {
    auto flush = flush_of({{row_of(7, 0), row_of(7, 1)}});
    flush.entry.leases[0].second = Epoch{lease_.epoch.value - 1};
    EXPECT_EQ(model_.flush(flush), Flushed::fenced);
    flush = flush_of({{row_of(7, 0), row_of(7, 1)}});
    flush.entry.generation = Generation{2};
    EXPECT_EQ(model_.flush(flush), Flushed::regenerated);
    EXPECT_EQ(one("select count(*) from people.lantern_streams"), "0");
    flush.entry.generation = model_.generation();
    EXPECT_EQ(model_.flush(flush), Flushed::committed);
}

TEST_F(ReadModelTest, ABuildWithOtherTablesThanWereSwappedInWritesNothingAndSaysWhy) {
    ReadModel old(connection_, name_, tables_, "b1", ReadModel::Declared{1, "h1"});
    EXPECT_EQ(old.generation(), Generation{1});
    sql_.script(
        "update lantern.handlers set generation = 2, schema_version = 2, declaration_hash = 'h2'"
        " where handler = 'people'");
    EXPECT_EQ(old.flush(flush_of({{row_of(7, 0), row_of(7, 1)}})), Flushed::regenerated);
    EXPECT_EQ(one("select count(*) from people.lantern_streams"), "0");
    try {
        old.generation();
        ADD_FAILURE() << "its tables are not there any more";
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::configuration);
        EXPECT_THAT(fault.what(),
                    ::testing::HasSubstr("handler people: its tables are of schema version 2 since they"
                                         " were swapped, this build writes those of version 1"));
    }
    ReadModel fresh(connection_, name_, tables_, "b2", ReadModel::Declared{2, "h2"});
    EXPECT_EQ(fresh.generation(), Generation{2});
}

TEST_F(ReadModelTest, ParksAndFindsWhatIsDue) {
    const Timestamp now = SystemClock().now();
    StreamRow parked = row_of(7, 3);
    parked.state = StreamState::retrying;
    parked.seen = Revision{9};
    parked.attempts = 2;
    parked.next_attempt_at = now;
    parked.last_error = "it said \"no\"";
    StreamRow dead = row_of(8, 0);
    dead.state = StreamState::dead;
    auto flush = flush_of({{row_of(7, 0), parked}, {row_of(8, 0), dead}});
    flush.attempts = {{StreamId{7}, Revision{4}, test::fresh_id(), 2, "retry", "it said \"no\""}};
    ASSERT_EQ(model_.flush(flush), Flushed::committed);
    const std::vector<Partition> mine{partition_of(bucket_of(StreamId{7}), 4)}, other{Partition{0}};
    EXPECT_EQ(model_.due(mine, 4, now, 10), std::vector<StreamRow>{parked});
    EXPECT_TRUE(model_.due(mine, 4, now - std::chrono::seconds(1), 10).empty());
    EXPECT_TRUE(model_.due(other, 4, now, 10).empty());
    EXPECT_EQ(one("select attempt || error || plugin_build from lantern.attempts"), "2it said \"no\"b1");
    // A parked stream at revision 0 exists; believing that it does not is a conflict.
    EXPECT_EQ(model_.flush(flush_of({{row_of(8, 0), row_of(8, 1)}})), Flushed::conflict);
    EXPECT_EQ(model_.flush(flush_of({{dead, row_of(8, 1)}})), Flushed::committed);
}

TEST_F(ReadModelTest, DataThePlanRefusesIsADataFault) {
    auto flush = flush_of({{row_of(7, 0), row_of(7, 1)}});
    auto bad = person(test::fresh_id(), "x");
    bad[0] = std::string("not a uuid");
    flush.tables = {{0, {bad}, {}, {}, {}}};
    try {
        model_.flush(flush);
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::data);
    }
    EXPECT_EQ(one("select count(*) from people.lantern_streams"), "0");
}

TEST_F(ReadModelTest, AConnectionLostIsAnOutageOrInDoubtAndCanBeMadeAnew) {
    sql_.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'lantern worker%'");
    try {
        model_.flush(flush_of({{row_of(7, 0), row_of(7, 1)}}));
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::in_doubt);
    }
    try {
        model_.generation();
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::outage);
    }
    model_.reconnect();
    EXPECT_EQ(model_.flush(flush_of({{row_of(7, 0), row_of(7, 1)}})), Flushed::committed);
}

}  // namespace
}  // namespace lantern::postgres
