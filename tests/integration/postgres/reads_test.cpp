#include "host/postgres/store/reads.hpp"

#include <gmock/gmock.h>

#include "host/postgres/store/page_cursor.hpp"
#include "host/postgres/store/read_table.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

class ReadsTest : public test::PostgresTest {
protected:
    ReadsTest() {
        Catalog catalog(url_);
        EXPECT_TRUE(
            catalog.apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 0));
    }
    StreamId append(const std::string& id, std::int64_t expected, const std::string& type) {
        const auto appended = store_.append(test::append_of(id, expected, {test::event_of(type)}));
        EXPECT_TRUE(appended);
        return appended.value().stream;
    }
    void applied(StreamId stream, std::int64_t revision, int state = 0) {
        sql_.query(
            "insert into people.lantern_streams (stream_id, revision, state) values ($1, $2, $3)"
            " on conflict (stream_id) do update set revision = excluded.revision, state = excluded.state",
            Params{}.add(stream.value).add(revision).add(state));
    }
    http::RowAnswer row(const std::string& id, const std::string& absent_when = {}) {
        return reads_.row({"people", "people", "user", {id}, absent_when}).at(0);
    }

    const std::string id_ = test::fresh_id().text();
    Store store_{url_};
    Reads reads_{url_};
};

TEST_F(ReadsTest, ARowTellsUpToWhichRevisionItIsComplete) {
    EXPECT_EQ(row(id_).head, Revision{0});
    const auto stream = append(id_, 0, "MADE");
    auto answer = row(id_);
    EXPECT_FALSE(answer.row);
    EXPECT_EQ(answer.head, Revision{1});
    EXPECT_EQ(answer.as_of, Revision{0});
    EXPECT_EQ(answer.pending, http::Pending::lagging);

    sql_.query(
        "insert into people.people (id, name, made_at, extra) values ($1, 'Sarah', '2026-01-02 03:04:05Z', '{}')",
        Params{}.add(id_));
    applied(stream, 1);
    answer = row(id_);
    EXPECT_EQ(answer.as_of, Revision{1});
    EXPECT_EQ(answer.pending, http::Pending::none);
    ASSERT_TRUE(answer.row);
    EXPECT_THAT(*answer.row, ::testing::StartsWith("{\"id\":\"" + id_ + "\",\"name\":\"Sarah\",\"age\":null"));
    EXPECT_THAT(*answer.row, ::testing::HasSubstr("\"made_at\":\"2026-01-02T03:04:05.000000Z\""));
    EXPECT_THAT(*answer.row, ::testing::HasSubstr("\"born\":null"));

    append(id_, 1, "UNROUTED");
    answer = row(id_);
    EXPECT_EQ(answer.head, Revision{2});
    EXPECT_EQ(answer.as_of, Revision{2}) << "an event that is not routed here is not missing";

    append(id_, 2, "CHANGED");
    EXPECT_EQ(row(id_).as_of, Revision{2});
    applied(stream, 1, 1);
    EXPECT_EQ(row(id_).pending, http::Pending::retrying);
    applied(stream, 1, 2);
    EXPECT_EQ(row(id_).pending, http::Pending::dead);
    EXPECT_FALSE(row(id_, "made_at").row);
    EXPECT_TRUE(row(id_, "age").row);
}

TEST_F(ReadsTest, AnIdThatCannotBeAKeyAndATableThatIsNotThereAreAbsent) {
    EXPECT_EQ(row("not-a-uuid").head, Revision{0});
    append(id_, 0, "MADE");
    const auto answer = reads_.row({"unknown", "people", "user", {id_}, ""}).at(0);
    EXPECT_EQ(answer.head, Revision{1});
    EXPECT_EQ(answer.pending, http::Pending::lagging);
    EXPECT_TRUE(reads_.rows({"unknown", "people", {}, {}, 10, ""}).value().rows.empty());
}

TEST_F(ReadsTest, SeveralRowsAreAskedTogetherAndEachIdHasItsOwnAnswer) {
    const auto other = test::fresh_id().text(), absent = test::fresh_id().text();
    applied(append(id_, 0, "MADE"), 1);
    sql_.query("insert into people.people (id, name) values ($1, 'Sarah')", Params{}.add(id_));
    append(other, 0, "MADE");
    const auto answers = reads_.row({"people", "people", "user", {other, "no-uuid", id_, absent, id_}, ""});
    ASSERT_EQ(answers.size(), 5u);
    for (const auto* answer : {&answers[2], &answers[4]}) {
        EXPECT_THAT(answer->row.value_or(""), ::testing::HasSubstr(id_));
        EXPECT_EQ(answer->as_of, Revision{1});
    }
    EXPECT_FALSE(answers[0].row);
    EXPECT_EQ(answers[0].head, Revision{1});
    EXPECT_EQ(answers[0].as_of, Revision{0});
    EXPECT_EQ(answers[0].pending, http::Pending::lagging);
    for (const auto* answer : {&answers[1], &answers[3]}) {
        EXPECT_FALSE(answer->row);
        EXPECT_EQ(answer->head, Revision{0});
    }
    for (const auto& answer : reads_.row({"unknown", "people", "user", {id_, other}, ""}))
        EXPECT_EQ(answer.head, Revision{1});
}

TEST_F(ReadsTest, ARowIsShownAsToJsonShowsIt) {
    sql_.script(R"(
        alter table people.people add tags text[], add amount numeric(12, 3), add code character varying(9), add pair point;
        insert into people.people (id, name, age, weight, active, made_at, born, extra, tags, amount, code, pair) values
            (gen_random_uuid(), E'a"b\\\\c/\b\f\n\r\t\u0001\u007f\u00fc \U0001F600', -1, 1e300, true,
             '2026-01-02 03:04:05.060708Z', '2026-01-02', '{"a" : [1,  null]}', '{x,"y z",null}', 1.5, 'c"', '(1,2)'),
            (gen_random_uuid(), '', 9223372036854775807, 'NaN', false, '2026-01-02 03:04:05.1+02', 'infinity', '"x"', '{}',
             'NaN', '', null),
            (gen_random_uuid(), 'n', 0, '-Infinity', null, '1970-01-01 00:00:00Z', '0044-03-15 BC', 'null', null, -0.001, 'n', null),
            (gen_random_uuid(), 'o', null, 0.1, null, 'infinity', null, null, null, null, null, null))");
    const auto expected = sql_.query(R"(
        select to_json(x)::text from (
            select id, name, age, weight, active, to_char(made_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as made_at,
                   born, extra, tags, amount, code, pair from people.people order by id) x)");
    const auto shown = reads_.rows({"people", "people", {}, {}, 10, "", http::RowsQuery::Order::ascending});
    ASSERT_TRUE(shown) << shown.error();
    ASSERT_EQ(shown.value().rows.size(), 4u);
    for (std::size_t n = 0; n < 4; ++n) EXPECT_EQ(shown.value().rows[n], expected.text(n, 0));
}

TEST_F(ReadsTest, RowsArePagedWithoutGapOrDouble) {
    sql_.query(
        "insert into people.people (id, name, age) select gen_random_uuid(), 'n' || n % 7,"
        " case when n % 5 = 0 then null else n % 11 end from generate_series(1, 100) n");
    sql_.script("create index on people.people (age)");
    using Order = http::RowsQuery::Order;
    for (const auto order : {Order::ascending, Order::descending}) {
        http::RowsQuery query{"people", "people", {}, {"age", "name"}, 100, "", order};
        const auto whole = reads_.rows(query).value();
        ASSERT_EQ(whole.rows.size(), 100u);
        EXPECT_FALSE(whole.next || whole.previous);
        const bool up = order == Order::ascending;
        EXPECT_THAT(whole.rows.front(), ::testing::HasSubstr(up ? "\"age\":0" : "\"age\":null"));
        EXPECT_THAT(whole.rows.back(), ::testing::HasSubstr(up ? "\"age\":null" : "\"age\":0"));

        // Forwards, and back again: each page as a part of the whole.
        query.limit = 7;
        std::vector<std::string> forwards, backwards;
        std::optional<std::string> previous;
        for (int page = 0; page < 20; ++page) {
            const auto answer = reads_.rows(query).value();
            forwards.insert(forwards.end(), answer.rows.begin(), answer.rows.end());
            EXPECT_EQ(answer.previous.has_value(), page > 0);
            previous = answer.previous;
            if (!answer.next) break;
            query.cursor = *answer.next;
        }
        EXPECT_EQ(forwards, whole.rows);
        while (previous) {
            query.cursor = *previous;
            const auto answer = reads_.rows(query).value();
            backwards.insert(backwards.begin(), answer.rows.begin(), answer.rows.end());
            EXPECT_TRUE(answer.next);
            previous = answer.previous;
        }
        EXPECT_EQ(backwards, std::vector(whole.rows.begin(), whole.rows.begin() + 98)) << "all but the last page";
        query.order = up ? Order::descending : Order::ascending;
        EXPECT_FALSE(reads_.rows(query)) << "a cursor of another listing";
    }
}

TEST_F(ReadsTest, APageFollowsTheIndexHoweverFarItIs) {
    sql_.query(
        "insert into people.people (id, name, age) select gen_random_uuid(), 'n' || n, n"
        " from generate_series(1, 20000) n");
    sql_.script("create index on people.people (age); analyze people.people;");
    http::RowsQuery query{"people", "people", {}, {"age"}, 10, ""};
    ReadTable table{"people.people",
                    {{"id", "uuid"}, {"name", "text"}, {"age", "bigint"}, {"made_at", "timestamptz"}},
                    {"id"},
                    {{"id"}, {"age"}}};
    query.cursor = cursor_text({"-age,id,", "9000", "00000000-0000-0000-0000-000000000000"});
    EXPECT_FALSE(rows_statement(table, query)) << "without a side";
    query.cursor = cursor_text({">-age,id,", "9000", "00000000-0000-0000-0000-000000000000"});
    const auto made = rows_statement(table, query);
    ASSERT_TRUE(made);
    const auto plan = sql_.query("explain (analyze, costs off, timing off, summary off) " + made.value().sql,
                                 made.value().params);
    std::string text;
    for (std::size_t row = 0; row < plan.size(); ++row) text += plan.text(row, 0) + "\n";
    EXPECT_THAT(text, ::testing::HasSubstr("(age <= '9000'::bigint)")) << text;
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("Seq Scan"))) << text;
    EXPECT_EQ(reads_.rows(query).value().rows.size(), 10u);
}

TEST_F(ReadsTest, RowsAreFilteredAndNonsenseIsNamed) {
    sql_.query(
        "insert into people.people (id, name, age) select gen_random_uuid(), 'n' || n % 7, n"
        " from generate_series(1, 100) n");
    sql_.script("create index on people.people (age)");
    using Compare = QueryFilter::Compare;
    const auto filtered = reads_.rows({"people",
                                       "people",
                                       {{"from", "age", Compare::from, "10"},
                                        {"to", "age", Compare::to, "30"},
                                        {"name", "name", Compare::equal, "n3"}},
                                       {"age"},
                                       50,
                                       ""});
    ASSERT_TRUE(filtered);
    EXPECT_EQ(filtered.value().rows.size(), 3u);  // 10, 17, 24
    EXPECT_FALSE(reads_.rows({"people", "people", {{"p", "nope", Compare::equal, "1"}}, {}, 5, ""}));
    EXPECT_FALSE(reads_.rows({"people", "people", {{"p", "age", Compare::equal, "x"}}, {}, 5, ""}));
    EXPECT_FALSE(reads_.rows({"people", "people", {}, {"age"}, 5, "zz"}));
    EXPECT_FALSE(reads_.rows({"people", "people", {}, {"age"}, 5, "-"}));
}

TEST_F(ReadsTest, WhatNoIndexServesIsRefusedUntilThereIsOne) {
    using Compare = QueryFilter::Compare;
    const auto ask = [&](const std::vector<std::string>& columns, const std::string& order) {
        http::RowsQuery query{"people", "people", {}, {order}, 10, ""};
        for (const auto& column : columns)
            query.conditions.push_back({column + "_is", column, Compare::equal, column == "id" ? id_ : "1"});
        const auto answer = reads_.rows(query);
        return answer ? "" : answer.error();
    };
    EXPECT_EQ(ask({"name"}, "age"), "") << "it has an index of its own: few rows share a value";
    EXPECT_EQ(ask({"age", "name"}, "made_at"), "");
    EXPECT_EQ(ask({"id"}, "age"), "");
    EXPECT_EQ(ask({}, "age"),
              "the order of age: no index of the table serves that, and all of it would be read; possible: the "
              "order of id, name");
    EXPECT_EQ(ask({"age"}, "name"),
              "age_is in the order of name: no index of the table serves that, and all of it would be read");
    sql_.script("create index on people.people (age, name)");
    EXPECT_EQ(ask({"age"}, "name"), "") << "though the table was looked at before";
    EXPECT_THAT(ask({"age"}, "made_at"), ::testing::HasSubstr("; possible: the order of name"));
    EXPECT_THAT(ask({"age", "weight"}, "name"), ::testing::HasSubstr("; possible: age in the order of name"));
    EXPECT_EQ(ask({"age"}, "age"), ask({"age"}, "id")) << "of one age they follow by id";
}

TEST_F(ReadsTest, OfATableWithAKeyOfSeveralColumnsTheRowsOfOneStreamAreFew) {
    http::RowsQuery query{"people", "lines", {{"id", "id", QueryFilter::Compare::equal, id_}}, {"price"}, 10, ""};
    sql_.script(
        "create table people.lines (id uuid, line bigint, price bigint, primary key (id, line));"
        "insert into people.lines values ('" +
        id_ + "', 1, 20), ('" + id_ + "', 2, 10);");
    EXPECT_FALSE(reads_.rows(query)) << "of a shared table there may be any number";
    sql_.query(
        R"(update lantern.handlers set declaration = '[{"name":"lines","ownership":"owned","key":["id","line"]}]')"
        " where handler = 'people'");
    const auto rows = reads_.rows(query);
    ASSERT_TRUE(rows) << rows.error();
    ASSERT_EQ(rows.value().rows.size(), 2u);
    EXPECT_THAT(rows.value().rows[0], ::testing::HasSubstr("\"price\":20"));
}

TEST_F(ReadsTest, AfterASwapTheColumnsAndIndexesAreThoseOfTheNewTable) {
    http::RowsQuery query{"people", "people", {}, {"age"}, 10, ""};
    const std::string rows = "insert into people.people (id, name, age) values ('" + id_ + "', 'Sarah', 1);";
    sql_.script("create index on people.people (age);" + rows);
    append(id_, 0, "MADE");
    ASSERT_TRUE(reads_.rows(query));
    EXPECT_THAT(*row(id_).row, ::testing::Not(::testing::HasSubstr("city")));
    const auto swap = [&](const std::string& change) {
        sql_.script(
            "begin; alter schema people rename to before; create schema people;"
            "create table people.people (like before.people including all);"
            "create table people.lantern_streams (like before.lantern_streams including all);" +
            change + rows + "drop schema before cascade; commit;");
    };
    swap("alter table people.people add city text default 'Oslo';");
    EXPECT_THAT(*row(id_).row, ::testing::HasSubstr("\"city\":\"Oslo\""));
    swap("drop index people.people_age_idx;");
    EXPECT_FALSE(reads_.rows(query)) << "the index is not there any more";
}

TEST_F(ReadsTest, HistoryIsPagedAndFiltered) {
    EXPECT_EQ(reads_.history({"user", id_, {}, 10, {}, {}, {}}).head, Revision{0});
    append(id_, 0, "MADE");
    for (int n = 1; n < 5; ++n) append(id_, n, n % 2 ? "CHANGED" : "OTHER");
    auto answer = reads_.history({"user", id_, Revision{1}, 2, {}, {}, {}});
    EXPECT_EQ(answer.head, Revision{5});
    ASSERT_EQ(answer.events.size(), 2u);
    EXPECT_EQ(answer.events[0].revision, Revision{2});
    EXPECT_TRUE(answer.more);
    answer = reads_.history({"user", id_, {}, 10, {"CHANGED"}, {}, {}});
    EXPECT_EQ(answer.events.size(), 2u);
    EXPECT_FALSE(answer.more);
    const auto third = answer.events[1].recorded_at;
    EXPECT_EQ(reads_.history({"user", id_, {}, 10, {}, {}, third}).events.size(), 3u);
    EXPECT_EQ(reads_.history({"user", id_, {}, 10, {}, third, {}}).events.size(), 2u);
    EXPECT_TRUE(reads_.history({"user", id_, Revision{5}, 10, {}, {}, {}}).events.empty());
}

}  // namespace
}  // namespace lantern::postgres
