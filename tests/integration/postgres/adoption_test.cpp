// A store that is another than it was: restored from a dump, into the server that it came from or into a younger
// one.
#include "host/postgres/store/adoption.hpp"

#include <gmock/gmock.h>

#include "host/postgres/delivery/history.hpp"
#include "host/postgres/delivery/leadership.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/postgres/store/store.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/processes/child.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

using ::testing::HasSubstr;

constexpr auto kProgramWithin = std::chrono::minutes(2);

class AdoptionTest : public test::PostgresTest {
protected:
    AdoptionTest() {
        EXPECT_TRUE(Catalog(url_).apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()},
                                        "tester", 0));
    }

    static void append(const std::string& url, const std::string& user, std::int64_t expected, int events = 1) {
        std::vector<command::NewEvent> made;
        for (int event = 0; event < events; ++event) made.push_back(test::event_of("MADE"));
        ASSERT_TRUE(Store(url).append(test::append_of(user, expected, made)).has_value());
    }
    // The handler's checkpoint, as its worker wrote it.
    static void check_point(const std::string& url, const std::string& user, std::int64_t revision) {
        Connection sql({.url = url});
        sql.query(
            "insert into people.lantern_streams (stream_id, revision)"
            " select stream_id, $2 from lantern.streams where aggregate_id = $1"
            " on conflict (stream_id) do update set revision = excluded.revision",
            Params{}.add(user).add(revision));
    }
    using PostgresTest::one;
    static std::string one(const std::string& url, const std::string& query) {
        const auto rows = Connection({.url = url}).query(query);
        return rows.empty() || rows.null(0, 0) ? std::string("(none)") : rows.text(0, 0);
    }
    // The relay read everything that there is, and noted it.
    static Mark relay_all(const std::string& url) {
        Source source(url);
        Leadership leadership(url, test::fresh_id());
        const auto epoch = leadership.hold();
        const auto before = leadership.progress();
        auto after = before;
        after.mark = source.take_mark();
        EXPECT_TRUE(leadership.advance(*epoch, before, after));
        leadership.resign();
        return after.mark;
    }
    std::filesystem::path dump() {
        const auto file = test::fresh_directory() / "dump";
        run({"pg_dump", "-Fc", "-d", url_, "-f", file.string()});
        return file;
    }
    static void restore(const std::filesystem::path& file, const std::string& url) {
        run({"pg_restore", "--exit-on-error", "--no-privileges", "-d", url, file.string()});
    }
    static void run(std::vector<std::string> argv) {
        argv[0] = "/usr/lib/postgresql/15/bin/" + argv[0];
        const auto finished = processes::run({.argv = argv}, kProgramWithin);
        ASSERT_TRUE(finished.ended.clean()) << finished.output;
    }
    static std::string refusal(const std::function<void()>& call) {
        try {
            call();
        } catch (const Fault& fault) {
            EXPECT_EQ(fault.kind(), FaultKind::configuration);
            return fault.what();
        }
        return "(none)";
    }
    static std::vector<Event> news(const std::string& url) {
        Source source(url);
        const Mark from = Leadership(url, test::fresh_id()).progress().mark;
        if (!source.anything_since(from, Milliseconds{0})) return {};
        return source.page(from, source.take_mark(), Position{}, 1000).events;
    }
};

TEST_F(AdoptionTest, NothingIsReadFromADumpInTheSameServerUntilItIsAdopted) {
    append(url_, "u1", 0, 2);
    relay_all(url_);
    const Uuid before = Source(url_).incarnation();
    const auto file = dump();
    const auto restored = test::fresh_database();
    restore(file, restored);

    EXPECT_THAT(refusal([&] { Source(restored).incarnation(); }), HasSubstr("lantern store adopt"));
    EXPECT_THAT(refusal([&] { Connection(session_of(restored, HandlerName{"people"})); }),
                HasSubstr("lantern store adopt"));
    Adoption adoption(restored);
    EXPECT_THAT(adoption.difference(), HasSubstr("this is system"));
    adoption.adopt({"tester", "restored"});

    EXPECT_EQ(adoption.difference(), "");
    const Uuid now = Source(restored).incarnation();
    EXPECT_NE(now, before);
    Connection worker(session_of(restored, HandlerName{"people"}));
    EXPECT_TRUE(History(worker).was(before));
    EXPECT_FALSE(History(worker).was(now));
    EXPECT_EQ(one(restored, "select bool_and(out_exists) from lantern.handler_login('people')"), "t")
        << "roles are of this database";
    EXPECT_EQ(one(restored, "select who || ', ' || action || ', ' || reason from lantern.admin_log"),
              "tester, store adopt, restored");
    EXPECT_EQ(Adoption(url_).difference(), "") << "the one that it came from is untouched";
}

// The younger server's transaction ids lie below those of the dump: what is appended there must be seen, and what
// was restored is not the future.
TEST_F(AdoptionTest, InAYoungerServerNewEventsAreSeenAndOldOnesAreFedToWhoMissedThem) {
    for (int spent = 0; spent < 3000; ++spent) sql_.query("select pg_current_xact_id()");
    append(url_, "u1", 0, 3);
    append(url_, "u2", 0, 2);
    check_point(url_, "u1", 3);
    relay_all(url_);
    append(url_, "u2", 2, 1);  // not relayed yet
    sql_.query(
        "insert into lantern.leases (handler, partition, feed_cursor, feed_target) values ('people', 0, 6, 6)");
    const auto file = dump();

    private_servers::PrivatePostgres younger(
        {.directory = test::fresh_directory() / "younger", .durability = private_servers::Durability::none});
    younger.start();
    younger.create_database("restored");
    const std::string url = younger.url("restored");
    restore(file, url);
    ASSERT_EQ(one(url, "select bool_and(xid > pg_snapshot_xmax(pg_current_snapshot())) from lantern.events"), "t")
        << "the test needs ids from the future";
    EXPECT_THAT(refusal([&] { Source(url).incarnation(); }), HasSubstr("lantern store adopt"));

    const auto adopted = Adoption(url).adopt({"tester", "moved"});
    ASSERT_EQ(adopted.size(), 2u);
    EXPECT_EQ(adopted[1].handler.value, "people");
    EXPECT_EQ(adopted[1].fed_from, Position{3}) << "u1 was applied, u2 was not";
    EXPECT_EQ(adopted[1].streams_ahead + adopted[1].streams_missing, 0);

    EXPECT_TRUE(news(url).empty()) << "the relay begins behind all that is there";
    append(url, "u1", 3);
    const auto seen = news(url);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].revision, Revision{4});
    EXPECT_EQ(seen[0].position, Position{7});
    EXPECT_EQ(one(url,
                  "select string_agg(out_position || ' ' || out_state, ', ' order by out_position)"
                  " from lantern.pending('people')"),
              "4 waiting, 5 waiting, 6 waiting, 7 waiting");
    EXPECT_EQ(
        one(url, "select feed_cursor || ' ' || (feed_target is null) from lantern.leases where handler = 'people'"),
        "3 true");
    EXPECT_THAT(refusal([&] { Connection({.url = url}).query("update lantern.events set type = 'X'"); }),
                HasSubstr("immutable"));
}

// The store was set back, the read model was not: its checkpoints lie beyond the store's end, or of streams that
// the store does not know. What comes next would be taken for a duplicate.
TEST_F(AdoptionTest, HandlersAheadOfTheStoreAreListedAndSetBackSoThatWhatComesNextIsApplied) {
    append(url_, "u1", 0, 2);
    check_point(url_, "u1", 2);
    relay_all(url_);
    const auto file = dump();
    const auto restored = test::fresh_database();
    restore(file, restored);
    // As the handler was when the store was lost: u1 at 5, and two streams that came later.
    Connection sql({.url = restored});
    sql.query("update people.lantern_streams set revision = 5, state = 2, attempts = 8");
    sql.query("insert into people.lantern_streams (stream_id, revision) values (901, 1), (902, 4)");

    Adoption adoption(restored);
    const auto look = adoption.look();
    ASSERT_EQ(look.size(), 2u);
    EXPECT_EQ(look[1].streams_ahead, 1);
    EXPECT_EQ(look[1].streams_missing, 2);
    EXPECT_EQ(look[1].queues, "4");
    EXPECT_EQ(look[0].streams_ahead + look[0].streams_missing, 0) << "mail";
    const auto adopted = adoption.adopt({"tester", "set back"});
    EXPECT_EQ(adopted[1].streams_ahead, 1);
    EXPECT_EQ(one(restored, "select string_agg(revision || ' ' || state, ', ') from people.lantern_streams"),
              "2 0");
    append(restored, "u1", 2);
    EXPECT_EQ(one(restored, "select count(*) from lantern.pending('people')"), "1");
}

TEST_F(AdoptionTest, WhoHeldALeaseOrLedIsFenced) {
    sql_.query(
        "insert into lantern.leases (handler, partition, worker_id, epoch) values ('people', 0, $1, 4)"
        " on conflict (handler, partition) do update set worker_id = excluded.worker_id, epoch = 4",
        Params{}.add(test::fresh_id()));
    Leadership leadership(url_, test::fresh_id());
    const auto epoch = leadership.hold();
    const auto progress = leadership.progress();
    Adoption(url_).adopt({"tester", "files were set back"});
    EXPECT_EQ(one("select epoch > 4 and worker_id is null from lantern.leases where handler = 'people' and "
                  "partition = 0"),
              "t");
    EXPECT_FALSE(leadership.advance(*epoch, progress, progress));
}

// A relay or worker that lives through it learns of the new incarnation before it reads or publishes anything.
TEST_F(AdoptionTest, AReaderThatLivesThroughItIsToldOnceAndGoesOnWhenItAskedAgain) {
    Source source(url_);
    const Uuid before = source.incarnation();
    Adoption(url_).adopt({"tester", "files were set back"});
    sql_.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lantern relay source'");
    try {
        source.take_mark();
        FAIL() << "events of one incarnation would be published as another's";
    } catch (const Fault& fault) {
        EXPECT_TRUE(fault.retryable());
    }
    EXPECT_NE(source.incarnation(), before);
    source.take_mark();
}

// A store set back gives the ids of streams that it has lost to others.
TEST_F(AdoptionTest, AStreamThatTookTheIdOfALostOneIsReadUnderItsOwnName) {
    append(url_, "lost", 0);
    Source source(url_);
    source.incarnation();
    ASSERT_EQ(source.page(Mark{}, source.take_mark(), Position{}, 10).events.at(0).aggregate_id, "lost");
    sql_.query("update lantern.streams set aggregate_id = 'next'");  // as files of an earlier day would have it
    Adoption(url_).adopt({"tester", "files were set back"});
    sql_.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lantern relay source'");
    EXPECT_THROW(source.take_mark(), Fault);
    source.incarnation();
    EXPECT_EQ(source.page(Mark{}, source.take_mark(), Position{}, 10).events.at(0).aggregate_id, "next");
}

// The answer to the names of a page's streams was lost: they are asked for again, not taken for empty.
TEST_F(AdoptionTest, NamesWhoseQueryFailedAreAskedForAgain) {
    append(url_, "u1", 0);
    Source source(url_);
    const Mark to = source.take_mark();
    sql_.query("alter table lantern.streams rename to away");
    EXPECT_THROW(source.page(Mark{}, to, Position{}, 10), Fault);
    sql_.query("alter table lantern.away rename to streams");
    const auto page = source.page(Mark{}, to, Position{}, 10);
    ASSERT_EQ(page.events.size(), 1u);
    EXPECT_EQ(page.events[0].aggregate_id, "u1");
}

}  // namespace
}  // namespace lantern::postgres
