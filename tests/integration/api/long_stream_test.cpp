// A command on a very long stream costs what one on a short stream does: what is read is counted, not timed.
#include "host/core/limits.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/integration/api/api_fixture.hpp"

namespace lantern::test {
namespace {

constexpr std::int64_t kLength = 100'000;

class LongStreamTest : public ApiTest {
protected:
    // As it is after a new build of the aggregate: no snapshot counts.
    static void lengthen(postgres::Connection& connection, const std::string& id) {
        connection.query(
            "with head as (update lantern.streams set revision = $2::bigint"
            "               where aggregate_type = 'user' and aggregate_id = $1 returning stream_id)"
            " insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, "
            "xid,"
            "                             data, metadata)"
            " select nextval('lantern.events_position'), h.stream_id, r, gen_random_uuid(), 'USER_UPDATED', 1,"
            "        clock_timestamp(), pg_current_xact_id(), json_build_object('first_name', 'N' || r), '{}'"
            "   from head h, generate_series(2, $2::bigint) r",
            postgres::Params{}.add(id).add(kLength));
    }
};

TEST_F(LongStreamTest, a_command_reads_its_snapshot_and_a_short_tail) {
    const auto id = created("methuselah");
    postgres::Connection connection({.url = api().database()});
    lengthen(connection, id);
    // The first one folds it whole and leaves a snapshot; then many more, on both processes.
    constexpr int kCommands = 250;
    for (int n = 1; n <= kCommands; ++n) {
        const auto answer = call("PUT", path(id), "{\"last_name\":\"L" + std::to_string(n) + "\"}");
        ASSERT_EQ(answer.status, 200) << answer.body;
        ASSERT_EQ(answer.headers.at("etag"), "\"" + std::to_string(kLength + n) + "\"");
    }
    EXPECT_EQ(json(call("GET", path(id, "at/"))).at("first_name").as_string(), "N" + std::to_string(kLength));

    // What a process reads that has never seen the stream.
    const auto snapshot = connection.query(
        "select n.state_version, n.build from lantern.snapshots n join lantern.streams s using (stream_id)"
        " where s.aggregate_id = $1",
        postgres::Params{}.add(id));
    ASSERT_EQ(snapshot.size(), 1u);
    const auto loaded = postgres::Store(api().database())
                            .load("user", id, static_cast<int>(snapshot.integer(0, 0)), snapshot.text(0, 1), {});
    EXPECT_EQ(loaded.head, Revision{kLength + kCommands});
    EXPECT_TRUE(loaded.snapshot);
    EXPECT_LE(static_cast<std::int64_t>(loaded.events.size()), limits::kSnapshotEvery);
}

}  // namespace
}  // namespace lantern::test
