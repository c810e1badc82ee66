// The build before: its worker, which nobody has stopped yet when other tables are swapped in, and its tables while
// another build is installed.
#include "tests/integration/backfill/fickle.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;

class OldBuildTest : public FickleTest {
protected:
    std::unique_ptr<processes::Child> worker() {
        processes::Program program;
        program.argv = {LANTERN_BINARY, "worker", "fickle", "--config", config_, "--plugins", plugins_};
        program.environment = {
            {"LANTERN_POSTGRES_URL", url_}, {"LANTERN_AMQP_URL", vhost_}, {"LANTERN_CACHE_DIR", cache().string()}};
        program.output = directory_ / "worker.log";
        return std::make_unique<processes::Child>(program);
    }
    std::string log() const {
        std::ifstream in(directory_ / "worker.log");
        return {std::istreambuf_iterator<char>(in), {}};
    }

    const std::string vhost_ = fresh_vhost();
};

TEST_F(OldBuildTest, ItsWorkerWritesNothingIntoTablesOfAnotherSchemaVersionAndSaysSo) {
    fill_users(20, 0);
    const auto old = worker();
    ASSERT_TRUE(eventually(
        [&] {
            return one("select count(*) = 20 from fickle.survived") == "t" &&
                   one("select count(*) > 0 and bool_and(worker_id is not null and feed_cursor >= feed_target)"
                       " from lantern.leases where handler = 'fickle'") == "t";
        },
        std::chrono::seconds(120)))
        << log();
    install("fickle_raised");
    const auto swapped = lantern("backfill fickle");
    ASSERT_EQ(swapped.status, 0) << swapped.text;
    // What its worker would catch up: an event, and a note that the stream is due.
    sql_.script(
        "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, "
        "data,"
        " metadata) select nextval('lantern.events_position'), stream_id, 2, gen_random_uuid(), 'USER_UPDATED', 1,"
        " clock_timestamp(), pg_current_xact_id(), '{}', '{}' from lantern.streams;"
        "update lantern.streams set revision = 2;"
        "update fickle.lantern_streams set next_attempt_at = clock_timestamp()");
    EXPECT_TRUE(eventually([&] { return log().find("its tables are of schema version 2") != std::string::npos; },
                           std::chrono::seconds(120)))
        << log();
    EXPECT_EQ(one("select count(*) from fickle.survived where revision = 1 and edition = '3'"), "20");
}

TEST_F(OldBuildTest, ChosenStreamsAreFoldedAnewByTheBuildThatWroteTheLiveTables) {
    fill_users(3, 0);
    ASSERT_EQ(lantern("backfill fickle").status, 0);
    sql_.script("update fickle.survived set version = 'wrong'");
    install("fickle_raised");
    const auto waiting = lantern("backfill fickle --aggregate user");
    EXPECT_EQ(waiting.status, 0) << waiting.text;
    EXPECT_THAT(waiting.text, HasSubstr("refolded 3 streams"));
    EXPECT_EQ(one("select string_agg(version, ' ') from fickle.survived"), "1 1 1");

    // As a worker of that build leaves it that comes back after the swap, and is held.
    sql_.script(
        "update fickle.survived set version = 'wrong';"
        "update lantern.handlers set declaration_hash = 'another', schema_version = 7 where handler = 'fickle'");
    const auto refused = lantern("backfill fickle --aggregate user");
    EXPECT_EQ(refused.status, 2) << refused.text;
    EXPECT_THAT(refused.text, HasSubstr("the live tables are others, of version 7"));
    EXPECT_EQ(one("select string_agg(version, ' ') from fickle.survived"), "wrong wrong wrong");
}

}  // namespace
}  // namespace lantern::test
