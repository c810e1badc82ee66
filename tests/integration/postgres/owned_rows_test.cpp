#include "host/postgres/tables/owned_rows.hpp"

#include <gmock/gmock.h>

#include <map>

#include "host/postgres/backfill/beside.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OwnedRowsTest : public test::PostgresTest {
protected:
    OwnedRowsTest() {
        Catalog catalog(url_);
        EXPECT_TRUE(
            catalog.apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "tester", 0));
        schema_ = {HandlerName{"people"}, catalog.handler(HandlerName{"people"})->id,
                   test::projection_plugin().tables};
    }
    // A stream, at a checkpoint of the handler.
    void stream(const std::string& type, const std::string& id, std::int64_t revision) {
        sql_.query(
            "with made as (insert into lantern.streams (aggregate_type, aggregate_id, revision)"
            " values ($1, $2, $3::bigint) returning stream_id, revision)"
            " insert into people.lantern_streams (stream_id, revision) select stream_id, revision from made",
            Params{}.add(type).add(id).add(revision));
    }
    void person(const std::string& id, const std::string& name) {
        sql_.query("insert into people.people (id, name) values ($1::uuid, $2)", Params{}.add(id).add(name));
    }
    static std::string id_of(int number) {
        const auto text = std::to_string(number);
        return "00000000-0000-7000-8000-" + std::string(12 - text.size(), '0') + text;
    }

    Connection connection_{session_of_backfill(url_)};
    HandlerSchema schema_;
};

TEST_F(OwnedRowsTest, RowsComeWithAllStreamsOfTheirIdAndThoseOfNoStreamToo) {
    stream("person", id_of(1), 3);
    stream("robot", id_of(1), 5);
    stream("person", id_of(2), 1);
    stream("person", "no uuid", 2);
    person(id_of(1), "Sarah");
    person(id_of(9), "planted");
    sql_.query(
        "update people.people set age = 41, weight = 1.5, active = true, born = '1970-01-02',"
        " made_at = '1970-01-01 00:00:01+00', extra = '{\"a\": 1}' where name = 'Sarah'");
    sql_.query("insert into people.per_day (day, country) values ('2026-11-21', 'DE')");

    std::map<std::string, OwnedRows> by_id;
    OwnedRowsReader reader(connection_, schema_);
    EXPECT_EQ(reader.streams(), 4);
    for (OwnedRows rows; reader.next(rows);) EXPECT_TRUE(by_id.emplace(rows.aggregate_id, rows).second);

    using Stream = OwnedRows::Stream;
    ASSERT_EQ(by_id.size(), 4u);
    EXPECT_THAT(by_id[id_of(1)].streams, ElementsAre(Stream{"person", Revision{3}}, Stream{"robot", Revision{5}}));
    EXPECT_THAT(by_id[id_of(1)].tables[0],
                ElementsAre(Row{id_of(1), std::string("Sarah"), std::int64_t{41}, 1.5, std::int64_t{1},
                                std::int64_t{1'000'000}, std::int64_t{1}, std::string("{\"a\": 1}")}));
    EXPECT_THAT(by_id[id_of(1)].tables[1], IsEmpty()) << "shared rows are of no stream";
    EXPECT_THAT(by_id[id_of(2)].tables[0], IsEmpty());
    EXPECT_THAT(by_id["no uuid"].tables[0], IsEmpty());
    EXPECT_THAT(by_id[id_of(9)].streams, IsEmpty());
    EXPECT_EQ(by_id[id_of(9)].tables[0].size(), 1u);
}

TEST_F(OwnedRowsTest, OneIdAlone) {
    for (int number : {1, 2}) {
        stream("person", id_of(number), 1);
        person(id_of(number), "name");
    }
    OwnedRows rows;
    {
        OwnedRowsReader reader(connection_, schema_, id_of(2));
        EXPECT_EQ(reader.streams(), 1);
        ASSERT_TRUE(reader.next(rows));
        EXPECT_EQ(rows.aggregate_id, id_of(2));
        EXPECT_EQ(rows.tables[0].size(), 1u);
        EXPECT_FALSE(reader.next(rows));
    }
    OwnedRowsReader nobody(connection_, schema_, id_of(3));
    EXPECT_FALSE(nobody.next(rows));
}

// More than a portion of ids, and more rows of one id than are fetched at once.
TEST_F(OwnedRowsTest, ManyComeOnceAndAsOfTheMomentOfTheFirst) {
    schema_.tables[0].columns = {{"id", ColumnType::text}, {"n", ColumnType::integer}};
    schema_.tables[0].key_columns = 2;
    sql_.script(
        "drop table people.people; create table people.people (id text, n bigint, primary key (id, n));"
        "insert into lantern.streams (aggregate_type, aggregate_id, revision)"
        " select 'person', 'p' || g, 3 from generate_series(1, 1203) g;"
        "insert into people.lantern_streams (stream_id, revision) select stream_id, revision from lantern.streams;"
        "insert into people.people select 'p' || g, r from generate_series(1, 1203) g,"
        " generate_series(1, case g when 7 then 2500 when 8 then 1000 else g % 3 end) r");
    OwnedRowsReader reader(connection_, schema_);
    sql_.script("update people.lantern_streams set revision = 4; delete from people.people where id <> 'p7'");
    std::map<std::string, std::size_t> seen;
    for (OwnedRows rows; reader.next(rows);) {
        EXPECT_THAT(rows.streams, ElementsAre(OwnedRows::Stream{"person", Revision{3}}));
        EXPECT_TRUE(seen.emplace(rows.aggregate_id, rows.tables[0].size()).second);
        for (std::size_t at = 0; at < rows.tables[0].size(); ++at)
            EXPECT_EQ(rows.tables[0][at], (Row{rows.aggregate_id, static_cast<std::int64_t>(at) + 1}));
    }
    ASSERT_EQ(seen.size(), 1203u);
    for (int number = 1; number <= 1203; ++number)
        EXPECT_EQ(seen["p" + std::to_string(number)], number == 7   ? 2500u
                                                      : number == 8 ? 1000u
                                                                    : unsigned(number % 3))
            << number;
}

}  // namespace
}  // namespace lantern::postgres
