#include "host/postgres/backfill/swap.hpp"

#include <gmock/gmock.h>

#include "tests/integration/postgres/beside.hpp"

namespace lantern::postgres {
namespace {

using ::testing::HasSubstr;

class SwapTest : public BesideTest {
protected:
    void expect_refused(const SwapOrder& order, const std::string& code, const std::string& why) {
        Transaction transaction(connection_);
        ASSERT_TRUE(take_barrier(connection_, schema_.handler_id));
        try {
            swap_schemas(connection_, order);
            FAIL() << "swapped";
        } catch (const Fault& fault) {
            EXPECT_EQ(fault.code(), code);
            EXPECT_THAT(fault.what(), HasSubstr(why));
        }
    }
};

TEST_F(SwapTest, AModelThatIsBehindIsNotSwappedIn) {
    build_keys(connection_, schema_);
    sql_.script(
        "insert into people.lantern_streams (stream_id, revision) values (1, 5);"
        "insert into \"people@2\".lantern_streams (stream_id, revision, state) values (1, 3, 1)");
    expect_refused({schema_, "people@1", test::projection_plugin()}, "LN031", "1 streams would go back");
}

TEST_F(SwapTest, AStreamThatTheLiveModelIsAheadInStopsTheSwapWithItsName) {
    build_keys(connection_, schema_);
    // Behind what the model beside has, stream 1 has an event of a routed type, stream 2 one of no handler's.
    sql_.script(
        "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, "
        "data,"
        " metadata) select nextval('lantern.events_position'), s, 5, gen_random_uuid(),"
        " case s when 1 then 'MADE' else 'OTHER' end, 1, now(), pg_current_xact_id(), '{}', '{}'"
        " from generate_series(1, 2) s;"
        "update lantern.handlers set declaration = '[{\"name\": \"people\"}, {\"name\": \"per_day\"}]';"
        "insert into people.lantern_streams (stream_id, revision) values (1, 5), (2, 5), (3, 5);"
        "insert into \"people@2\".lantern_streams (stream_id, revision) values (1, 4), (2, 4), (3, 5)");
    SwapOrder order{schema_, "people@1", test::projection_plugin()};
    order.watched = streams_ahead(connection_, schema_, 100);
    EXPECT_THAT(order.watched, testing::ElementsAre(StreamId{1}));
    expect_refused(order, "LN031", "1 streams would go back, e.g. user/u1,");
    // The last slice has brought it.
    sql_.script("update \"people@2\".lantern_streams set revision = 5");
    Transaction transaction(connection_);
    ASSERT_TRUE(take_barrier(connection_, schema_.handler_id));
    EXPECT_NO_THROW(swap_schemas(connection_, order));
}

TEST_F(SwapTest, ASwapTakesRoutesBackToTheBeginningAndFencesWhoGoesByOthers) {
    build_keys(connection_, schema_);
    sql_.script(
        "update lantern.handlers set declaration = '[{\"name\": \"people\"}, {\"name\": \"per_day\"}]';"
        "update lantern.routes set begin_position = 500 where event_type = 'CHANGED';"
        "insert into lantern.leases (handler, partition, epoch) values ('people', 0, 7) on conflict (handler, "
        "partition)"
        " do update set epoch = 7;"
        "create view public.names as select name from people.people");
    const SwapOrder order{schema_, "people@1", test::projection_plugin()};
    expect_refused(order, "LN032", "others hang on the old tables: view public.names");
    sql_.script("drop view public.names");
    Transaction transaction(connection_);
    ASSERT_TRUE(take_barrier(connection_, schema_.handler_id));
    swap_schemas(connection_, order);
    transaction.commit();
    EXPECT_EQ(
        one("select string_agg(distinct begin_position::text, ' ') from lantern.routes where handler = 'people'"),
        "0");
    EXPECT_EQ(one("select epoch from lantern.leases where handler = 'people' and partition = 0"), "8");
    EXPECT_EQ(one("select generation from lantern.handlers where handler = 'people'"), "2");
    EXPECT_EQ(newest_kept(connection_, schema_.handler)->schema, "people@1");
}

TEST_F(SwapTest, TheBarrierIsNotWaitedForLong) {
    sql_.begin();
    sql_.query("select pg_advisory_xact_lock_shared(x'4c42'::integer, $1::integer)",
               Params{}.add(schema_.handler_id));
    connection_.begin();
    EXPECT_FALSE(take_barrier(connection_, schema_.handler_id));
    connection_.rollback();
    sql_.rollback();
    Transaction transaction(connection_);
    EXPECT_TRUE(take_barrier(connection_, schema_.handler_id));
}

TEST_F(SwapTest, AnOpenTransactionOlderThanTheLoadStandsInTheWay) {
    sql_.script("begin isolation level repeatable read");
    sql_.query("select count(*) from people.people");
    note_loaded(connection_, job_);
    const auto why = transaction_in_the_way(connection_, job_);
    ASSERT_TRUE(why);
    EXPECT_THAT(*why, HasSubstr("would find the new model empty"));
    sql_.rollback();
    EXPECT_FALSE(transaction_in_the_way(connection_, job_));
}

// Since when another role's transaction is open is hidden from who has no rights of a monitor.
TEST_F(SwapTest, AReaderOfAnotherRoleStandsInTheWayOfOneWhoMayNotLookAtIt) {
    const auto owner = "owner_" + one("select current_database()"),
               role = "reader_" + one("select current_database()");
    sql_.script("create role \"" + owner + "\" login; create role \"" + role +
                "\" login;"
                "grant usage on schema lantern, people to \"" +
                owner + "\", \"" + role +
                "\";"
                "grant select on people.people to \"" +
                role +
                "\";"
                "grant select, update on lantern.jobs to \"" +
                owner + "\"");
    connection_.script("set role \"" + owner + "\"");
    Connection reader({.url = url_, .application_name = "a report"});
    reader.script("set session authorization \"" + role + "\"");
    reader.script("begin isolation level repeatable read");
    reader.query("select count(*) from people.people");
    ASSERT_EQ(connection_
                  .query("select count(*) from pg_stat_activity where application_name = 'a report' and datname ="
                         " current_database() and xact_start is not null")
                  .integer(0, 0),
              0)
        << "it is hidden";
    note_loaded(connection_, job_);
    const auto why = transaction_in_the_way(connection_, job_);
    ASSERT_TRUE(why);
    EXPECT_THAT(*why, HasSubstr("(a report, process "));
    EXPECT_THAT(*why, HasSubstr("is open since before history was loaded and would find the new model empty"));
    // The next one finds what was loaded.
    reader.rollback();
    reader.script("begin isolation level repeatable read");
    reader.query("select count(*) from people.people");
    EXPECT_FALSE(transaction_in_the_way(connection_, job_));
    connection_.script("reset role");
}

TEST_F(SwapTest, AModelWhoseTimeIsOverIsNotDroppedWhileARollbackBringsItBack) {
    sql_.script(
        "create schema \"people@7\"; create schema \"people@8\";"
        "insert into lantern.kept_schemas (handler, generation, schema_name, plugin, plugin_version, plugin_build,"
        " schema_version, declaration_hash, drop_after) select 'people', g, 'people@' || g, 'people', '1', 'b', 1, "
        "'h',"
        "  clock_timestamp() - interval '1 hour' * (8 - g) from generate_series(7, 8) g;"
        "update lantern.jobs set kind = 'rollback'");
    EXPECT_THAT(drop_expired(connection_), testing::ElementsAre());
    sql_.script("update lantern.jobs set kind = 'rebuild'");
    EXPECT_THAT(drop_expired(connection_), testing::UnorderedElementsAre("people@7", "people@8"));
    EXPECT_EQ(one("select count(*) from pg_namespace where nspname in ('people@7', 'people@8')"), "0");
    EXPECT_TRUE(kept_schemas(connection_).empty());
}

}  // namespace
}  // namespace lantern::postgres
