#include "host/postgres/store/housekeeping.hpp"

#include "host/postgres/operate/catalog_lock.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

class HousekeepingTest : public test::PostgresTest {
protected:
    HousekeepingTest() {
        EXPECT_TRUE(Catalog(url_).apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()},
                                        "tester", 0));
        // Stream 1 is live at revision 5, stream 2 is dead at 1.
        sql_.query("insert into mail.lantern_streams (stream_id, revision, state) values (1, 5, 0), (2, 1, 2)");
    }
    void effect(int stream, int revision, const std::string& state, const std::string& ago) {
        sql_.query(
            "insert into lantern.effects (handler, event_id, stream_id, revision, key, state, epoch, attempt,"
            " finished_at) values ('mail', gen_random_uuid(), $1, $2, gen_random_uuid(), $3, 1, 1,"
            " case when $3 = 'pending' then null else clock_timestamp() - $4::interval end)",
            Params{}.add(stream).add(revision).add(state).add(ago));
    }
    void attempt(int stream, const std::string& ago) {
        sql_.query(
            "insert into lantern.attempts (handler, stream_id, revision, event_id, attempt, at, outcome, error,"
            " plugin_build) values ('mail', $1, 2, gen_random_uuid(), 1, clock_timestamp() - $2::interval,"
            " 'retry', 'no', 'b')",
            Params{}.add(stream).add(ago));
    }
    std::string left() {
        return one(
            "select string_agg(stream_id || '/' || revision || ' ' || state, ', ' order by stream_id, revision)"
            " from lantern.effects");
    }

    const KeepSettings keep_{};
};

TEST_F(HousekeepingTest, TakesAwayOnlyActsThatEndedLongAgoAndAreCoveredByTheStreamRow) {
    effect(1, 1, "done", "40 days");
    effect(1, 2, "skipped", "40 days");
    effect(1, 3, "done", "1 day");
    effect(1, 4, "failed", "40 days");
    effect(1, 6, "done", "40 days");  // ahead of its row
    effect(2, 1, "done", "40 days");
    effect(2, 2, "held", "40 days");
    effect(3, 1, "done", "40 days");  // has no row
    EXPECT_EQ(prune(sql_, keep_), (Pruned{3, 0, 0, false}));
    EXPECT_EQ(left(), "1/3 done, 1/4 failed, 1/6 done, 2/2 held, 3/1 done");
}

TEST_F(HousekeepingTest, KeepsAttemptsOfStreamsThatStillFail) {
    attempt(1, "40 days");
    attempt(1, "1 day");
    attempt(2, "40 days");
    EXPECT_EQ(prune(sql_, keep_), (Pruned{0, 1, 0, false}));
    EXPECT_EQ(one("select string_agg(stream_id::text, ' ' order by stream_id) from lantern.attempts"), "1 2");
}

TEST_F(HousekeepingTest, ForgetsAnswersAfterADay) {
    sql_.query(
        "insert into lantern.idempotency (caller, route, key, request_mac, status, recorded_at)"
        " select 'c', 'r', n::text, '', 200, clock_timestamp() - n * interval '10 hours' from generate_series(0, "
        "4) n");
    EXPECT_EQ(prune(sql_, keep_), (Pruned{0, 0, 2, false}));
    EXPECT_EQ(one("select string_agg(key, ' ' order by key) from lantern.idempotency"), "0 1 2");
}

TEST_F(HousekeepingTest, GoesOnWhileSomebodyEditsTheRouting) {
    effect(1, 1, "done", "40 days");
    Connection other({.url = url_});
    Transaction edit(other);
    lock_catalog(other);
    EXPECT_EQ(prune(sql_, keep_), (Pruned{1, 0, 0, false}));
    edit.commit();
}

TEST_F(HousekeepingTest, WorksInBatchesAndOneAtATime) {
    for (int revision = 1; revision <= 5; ++revision) effect(1, revision, "done", "40 days");
    EXPECT_EQ(prune(sql_, keep_, 2), (Pruned{2, 0, 0, true}));
    {
        Connection other({.url = url_});
        Transaction elsewhere(other);
        EXPECT_EQ(prune(other, keep_, 2).effects, 2);
        EXPECT_EQ(prune(sql_, keep_), (Pruned{0, 0, 0, false})) << "another one is at it";
        elsewhere.commit();
    }
    EXPECT_EQ(prune(sql_, keep_), (Pruned{1, 0, 0, false}));
}

}  // namespace
}  // namespace lantern::postgres
