// The sweep on PostgreSQL: what is behind is found whatever the order of commits, noted once, and verified once it
// is applied; what is unprocessed is told from the same definition.
#include "host/sweep/sweep.hpp"

#include <gmock/gmock.h>

#include "host/postgres/delivery/leadership.hpp"
#include "host/postgres/delivery/leases.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/postgres/delivery/sweep_ground.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

class SweepOnPostgresTest : public test::PostgresTest {
protected:
    SweepOnPostgresTest() {
        Catalog catalog(url_);
        EXPECT_TRUE(
            catalog.apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 0));
        epoch_ = *relay_.hold();
        Leases mail(sql_, {test::fresh_id(), HandlerName{"mail"}, "here", 1, "b"});
        Leases people(sql_, {test::fresh_id(), HandlerName{"people"}, "here", 2, "b"});
        for (auto* leases : {&mail, &people}) {
            leases->tick("", {});
            leases->bound();
        }
    }

    StreamId append(const std::string& id, std::int64_t expected, const std::string& type = "MADE") {
        EXPECT_TRUE(store_.append(test::append_of(id, expected, {test::event_of(type)})));
        return *store_.load("user", id, 1, "", {}).stream;
    }
    void applied(const std::string& handler, StreamId stream, int revision, int state = 0) {
        sql_.query(
            "insert into " + handler +
                ".lantern_streams (stream_id, revision, state) values ($1, $2, $3) on conflict (stream_id)"
                " do update set revision = excluded.revision, state = excluded.state, next_attempt_at = null",
            Params{}.add(stream.value).add(revision).add(state));
    }
    void worked_off(const std::string& handler) {
        sql_.query("update lantern.leases set taken = 1000000 where handler = $1", Params{}.add(handler));
    }
    // Everything so far is published, and then swept.
    void sweep() {
        EXPECT_TRUE(relay_.advance(epoch_, relay_.progress(), {source_.take_mark(), std::nullopt, Position{0}}));
        const auto go = [] { return false; };
        sweep_.pass(go);
        sweep_.pass(go);
    }
    std::string notes(const std::string& handler) {
        return one("select string_agg(stream_id || ' at ' || revision, ', ' order by stream_id) from " + handler +
                   ".lantern_streams where state = 0 and next_attempt_at is not null");
    }
    std::string unprocessed(const std::string& handler) {
        return one(
            "select string_agg(format('%s/%s %s', aggregate_id, revision, state), ', ' order by position)"
            " from lantern.unprocessed_events where handler = '" +
            handler + "'");
    }
    std::string verified(const std::string& handler) {
        return one("select lantern.verified_up_to('" + handler + "')");
    }

    Store store_{url_};
    Source source_{url_};
    Leadership relay_{url_, test::fresh_id()};
    Epoch epoch_;
    SweepGround ground_{url_};
    sweep::Sweep sweep_{ground_, 3};
};

TEST_F(SweepOnPostgresTest, AStreamWhoseEventWasLostIsNotedAndVerifiedOnceApplied) {
    const auto a = append("a", 0), b = append("b", 0, "CHANGED"), c = append("c", 0);
    append("a", 1, "OTHER");
    applied("people", a, 1);
    applied("people", c, 1);
    applied("mail", a, 1);
    sweep();
    EXPECT_EQ(notes("people"), "(none)") << "b may still be in the queue";
    EXPECT_EQ(unprocessed("people"), "b/1 waiting");
    EXPECT_EQ(verified("people"), "1");
    worked_off("people");
    worked_off("mail");
    sweep();
    EXPECT_EQ(notes("people"), std::to_string(b.value) + " at 0");
    EXPECT_EQ(notes("mail"), std::to_string(c.value) + " at 0") << "b's type is not its";
    EXPECT_EQ(unprocessed("mail"), "c/1 waiting");
    applied("people", b, 1);
    sweep();
    EXPECT_EQ(verified("people"), "4");
    EXPECT_EQ(unprocessed("people"), "(none)");
    EXPECT_EQ(verified("mail"), "2");
}

TEST_F(SweepOnPostgresTest, ParkedStreamsAreLeftToTheirRetryAndStayUnprocessed) {
    const auto a = append("a", 0), b = append("b", 0);
    append("a", 1);
    append("b", 1);
    applied("people", a, 1, 1);
    applied("people", b, 0, 2);
    worked_off("people");
    sweep();
    EXPECT_EQ(notes("people"), "(none)");
    sweep();
    EXPECT_EQ(one("select string_agg(seen::text, ', ' order by stream_id) from people.lantern_streams"), "2, 2")
        << "nobody unparks them who read the store before";
    EXPECT_EQ(verified("people"), "4") << "parked is settled";
    EXPECT_EQ(unprocessed("people"), "b/1 dead, a/2 retrying, b/2 dead");
}

TEST_F(SweepOnPostgresTest, AnEventThatCommitsLateBelowTheMarkIsFound) {
    Connection late({.url = url_});
    late.begin();
    late.query("insert into lantern.streams (aggregate_type, aggregate_id, revision) values ('user', 'late', 1)");
    const auto stream = late.query("select max(stream_id) from lantern.streams").integer(0, 0);
    late.query(
        "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid,"
        " data, metadata) values (nextval('lantern.events_position'), $1, 1, gen_random_uuid(), 'MADE', 1, now(),"
        " pg_current_xact_id(), '{}', '{}')",
        Params{}.add(stream));
    applied("people", append("a", 0), 1);
    sweep();
    EXPECT_EQ(verified("people"), "2");
    EXPECT_EQ(unprocessed("people"), "(none)");
    late.commit();
    EXPECT_EQ(unprocessed("people"), "late/1 waiting") << "before any sweep";
    EXPECT_EQ(Catalog(url_).handlers().at(1).lag_events, 1);
    worked_off("people");
    sweep();
    EXPECT_EQ(notes("people"), std::to_string(stream) + " at 0");
    applied("people", StreamId{stream}, 1);
    sweep();
    EXPECT_EQ(unprocessed("people"), "(none)");
}

TEST_F(SweepOnPostgresTest, RouteIntervalsAreTheSameAsElsewhere) {
    sql_.query("update lantern.routes set begin_position = 1, end_position = 2 where handler = 'people'");
    const auto a = append("a", 0);
    append("a", 1);
    append("a", 2);
    worked_off("people");
    EXPECT_EQ(unprocessed("people"), "a/2 waiting");
    sweep();
    EXPECT_EQ(notes("people"), std::to_string(a.value) + " at 0");
    applied("people", a, 2);
    sweep();
    EXPECT_EQ(verified("people"), "3");
}

TEST_F(SweepOnPostgresTest, ARowThatIsBeingWrittenIsNotWaitedFor) {
    const auto a = append("a", 0), b = append("b", 0);
    applied("people", a, 0);
    applied("people", b, 0);
    worked_off("people");
    Connection flush({.url = url_});
    flush.begin();
    flush.query("update people.lantern_streams set revision = 1 where stream_id = $1", Params{}.add(a.value));
    sweep();
    EXPECT_EQ(notes("people"), std::to_string(b.value) + " at 0");
    flush.rollback();
    sweep();
    EXPECT_EQ(notes("people"), std::to_string(a.value) + " at 0, " + std::to_string(b.value) + " at 0");
}

TEST_F(SweepOnPostgresTest, APausedHandlerIsLeftAlone) {
    append("a", 0);
    worked_off("people");
    Catalog(url_).pause(HandlerName{"people"}, {"anna", "x"});
    sweep();
    EXPECT_EQ(notes("people"), "(none)");
    EXPECT_EQ(unprocessed("people"), "a/1 waiting");
    Catalog(url_).resume(HandlerName{"people"}, {"anna", ""});
    sweep();
    EXPECT_NE(notes("people"), "(none)");
}

}  // namespace
}  // namespace lantern::postgres
