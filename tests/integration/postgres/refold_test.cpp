// A stream folded anew in the live tables, while its worker is at work: both sides by hand, in the order that
// hurts.
#include "host/postgres/backfill/refold.hpp"

#include <gmock/gmock.h>

#include "host/postgres/backfill/beside.hpp"
#include "host/postgres/delivery/leases.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

using worker::Flush;
using worker::Flushed;
using worker::StreamRow;

class RefoldTest : public test::PostgresTest {
protected:
    RefoldTest() {
        Catalog catalog(url_);
        EXPECT_TRUE(catalog.apply(test::usual_routing(), {plugin_, test::effect_plugin()}, "tester", 0));
        schema_ = {name_, catalog.handler(name_)->id, plugin_.tables};
        lease_ = leases_.tick("", {}).held.at(0);
        // A stream of 8 events, applied up to 7, whose row came out wrong.
        sql_.query(
            "with made as (insert into lantern.streams (aggregate_type, aggregate_id, revision)"
            " values ('person', $1, 8) returning stream_id)"
            " insert into people.lantern_streams (stream_id, revision) select stream_id, 7 from made",
            Params{}.add(id_));
        sql_.query("insert into people.people (id, name, age) values ($1::uuid, 'wrong', 7)", Params{}.add(id_));
        stream_ = StreamId{std::stoll(one("select stream_id from lantern.streams"))};
    }
    static Description owned_alone() {
        auto plugin = test::projection_plugin();
        plugin.tables.resize(1);
        return plugin;
    }
    Row person(const std::string& name, std::int64_t age) const {
        return {id_, name, age, Value{}, Value{}, Value{}, Value{}, Value{}};
    }
    void refold() {
        Connection connection(session_of_backfill(url_));
        const Routes routes;
        StreamRefold refold(connection, schema_, routes, Generation{1});
        ASSERT_EQ(refold.begin(stream_, 100), StreamRefold::Begun::ready);
        refold.add(0, person("right", 7));
        ASSERT_TRUE(refold.commit(stream_, {}));
    }
    StreamRow read() { return model_.rows(std::span(&stream_, 1)).at(0); }
    // The worker's object adds a year to the row it has read.
    Flush applied_to(const Row& row, const StreamRow& before) const {
        Flush flush;
        flush.entry = {Generation{1}, {{lease_.partition, lease_.epoch}}};
        auto after = before;
        ++after.revision.value;
        flush.streams = {{before, after}};
        auto next = row;
        next[2] = std::get<std::int64_t>(row[2]) + 1;
        flush.tables = {{0, {next}, {}, {}, {}}};
        return flush;
    }
    Row found() { return model_.find(std::vector<worker::TableKey>{{0, {id_}}}).at(0).value(); }
    std::string in_the_table() { return one("select name || ' ' || age from people.people"); }

    const std::string id_ = test::fresh_id().text();
    const HandlerName name_{"people"};
    const Description plugin_ = owned_alone();
    Connection connection_{session_of(url_, name_)};
    Leases leases_{connection_, {test::fresh_id(), name_, "here", 1, "b1"}};
    ReadModel model_{connection_, name_, plugin_.tables, "b1"};
    HandlerSchema schema_;
    StreamId stream_;
    worker::Lease lease_;
};

TEST_F(RefoldTest, ABatchThatReadItsRowsBeforeIsRedoneAndTheRepairStays) {
    const auto before = read();
    const auto wrong = found();
    refold();
    EXPECT_EQ(model_.flush(applied_to(wrong, before)), Flushed::conflict);
    EXPECT_EQ(in_the_table(), "right 7");

    EXPECT_EQ(model_.flush(applied_to(found(), read())), Flushed::committed);
    EXPECT_EQ(in_the_table(), "right 8");
}

TEST_F(RefoldTest, EachOfSeveralIsNoticed) {
    refold();
    const auto before = read();
    const auto row = found();
    refold();
    EXPECT_EQ(model_.flush(applied_to(row, before)), Flushed::conflict);
}

// What a delivery has noted there is what unparking looks at.
TEST_F(RefoldTest, AParkedStreamKeepsWhatItHasSeenAndItsBatchIsRedoneToo) {
    sql_.query("update people.lantern_streams set state = 1, seen = 8, next_attempt_at = now(), last_error = 'x'");
    const auto before = read();
    const auto wrong = found();
    refold();
    EXPECT_EQ(read().seen, Revision{8});
    auto unparking = applied_to(wrong, before);
    unparking.streams[0].after = {};
    unparking.streams[0].after.stream = stream_;
    unparking.streams[0].after.revision = Revision{8};
    EXPECT_EQ(model_.flush(unparking), Flushed::conflict);
    EXPECT_EQ(in_the_table(), "right 7");
}

TEST_F(RefoldTest, TablesThatWereSwappedInSinceAreNotTouched) {
    sql_.query("update lantern.handlers set generation = 2 where handler = 'people'");
    Connection connection(session_of_backfill(url_));
    const Routes routes;
    StreamRefold refold(connection, schema_, routes, Generation{1});
    EXPECT_EQ(refold.begin(stream_, 100), StreamRefold::Begun::regenerated);
    EXPECT_EQ(read().seen, Revision{0});
}

}  // namespace
}  // namespace lantern::postgres
