// In a store of ten million events a page of a slice, an idle poll and the fill of a gap read few buffers, along an
// index and not through the table. Shown by EXPLAIN of the very statements, prepared as the adapters prepare them.
#include <gmock/gmock.h>

#include <regex>

#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/tables/handler_role.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

constexpr std::int64_t kEvents = 10'000'000, kStreams = 100'000;
constexpr std::int64_t kBuffersMax = 1000;

// Generated in bulk: without triggers, indexes and WAL first. The event at position n has this transaction id, an
// expression of n.
std::string large_store(std::int64_t events, const std::string& xid) {
    const auto url = test::migrated_database();
    Session session{.url = url, .plans = Plans::estimated};
    session.statement_timeout = std::chrono::minutes(10);
    session.lock_timeout = std::chrono::minutes(1);
    Connection sql(session);
    sql.script(
        "alter table lantern.events disable trigger all;"
        "alter table lantern.events drop constraint events_pkey, drop constraint events_stream_revision,"
        "    drop constraint events_id;"
        "drop index lantern.events_xid;"
        "alter table lantern.events set unlogged;");
    sql.query(
        "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, "
        "data,"
        "                            metadata)"
        " select n, n % $2::bigint + 1, n / $2 + 1,"
        "        ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'T' || n % 50, 1,"
        "        timestamptz '2026-01-01' + n * interval '1 ms', (" +
            xid +
            ")::text::xid8,"
            "        '{\"first_name\":\"Sarah\",\"last_name\":\"Connor\"}', '{\"actor\":\"x\"}'"
            "   from generate_series(1, $1::bigint) n",
        Params{}.add(events).add(kStreams));
    sql.query(
        "insert into lantern.streams (aggregate_type, aggregate_id, revision)"
        " select 'user', 'u' || n, 100 from generate_series(1, $1::bigint) n",
        Params{}.add(kStreams));
    sql.script("set maintenance_work_mem = '1GB'");
    sql.script("alter table lantern.events add constraint events_pkey primary key (position)");
    sql.script("create index events_xid on lantern.events (xid, position)");
    sql.script(
        "alter table lantern.events add constraint events_stream_revision unique (stream_id, revision)"
        " include (type, position)");
    sql.script("vacuum analyze lantern.events");
    sql.script("vacuum analyze lantern.streams");
    return url;
}

// A handler of three of the fifty types that has applied all. Born into a store with history, its routes begin
// where that ends; here they are to want it.
void add_handler(const std::string& url) {
    Description plugin = test::projection_plugin();
    plugin.events = {{"T1", 1}, {"T2", 1}, {"T3", 1}};
    const auto routing = test::routing_of({test::routed("people", "people", {"T1", "T2", "T3"})}, "scale");
    ASSERT_TRUE(Catalog(url).apply(routing, {plugin}, "t", 0));
    Connection sql({.url = url});
    sql.query("update lantern.routes set begin_position = 0");
    sql.query(
        "insert into people.lantern_streams (stream_id, revision) select stream_id, revision from lantern.streams");
    sql.script("vacuum analyze people.lantern_streams");
}

class ScaleTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        url_ = large_store(kEvents, "n + 1000");
        add_handler(url_);
    }

    struct Explained {
        std::int64_t buffers = 0, rows = 0;
        std::string plan;
    };
    Explained explain(const std::string& name, const std::string& values) { return explain(sql_, name, values); }
    static Explained explain(Connection& sql, const std::string& name, const std::string& values) {
        sql.script("prepare explained as " + statement(name).text);
        const auto rows = sql.query("explain (analyze, buffers, verbose) execute explained (" + values + ")");
        sql.script("deallocate explained");
        Explained explained;
        for (std::size_t row = 0; row < rows.size(); ++row) explained.plan += rows.text(row, 0) + "\n";
        explained.rows = number_after(explained.plan, explained.plan.find("(actual"), "rows=");
        // The first line of buffers is the root's, and sums up all below it.
        const auto line = explained.plan.find("Buffers: shared");
        const auto text = explained.plan.substr(line, explained.plan.find('\n', line) - line);
        for (const char* kind : {"hit=", "read="})
            if (text.find(kind) != std::string::npos) explained.buffers += number_after(text, 0, kind);
        return explained;
    }
    static std::int64_t number_after(const std::string& text, std::size_t from, const std::string& mark) {
        return std::stoll(text.substr(text.find(mark, from) + mark.size()));
    }

    static inline std::string url_;
    Connection sql_{{.url = url_}};
};

TEST_F(ScaleTest, APageOfASlice) {
    // From the middle of the store nearly to its end: a slice of four million events.
    const std::string slice =
        "'5000000:5000100:5000000,5000050', 4998900, '9000000:9000100:9000000,9000050', 8999200, ";
    for (const auto* after : {"0", "6000000", "8998000"}) {
        const auto page = explain("slice_page", slice + after + ", 1000");
        EXPECT_EQ(page.rows, 1000) << page.plan;
        EXPECT_LT(page.buffers, kBuffersMax) << page.plan;
    }
    const auto small = explain("slice_page", slice + "0, 50");
    EXPECT_EQ(small.rows, 50);
    EXPECT_LT(small.buffers, kBuffersMax / 10) << small.plan;
}

TEST_F(ScaleTest, TheLastPageEndsAtTheCeiling) {
    const auto page =
        explain("slice_page", "'5000000:5000100:5000000', 4998900, '5000200:5000200:', 4999200, 4999150, 1000");
    EXPECT_EQ(page.rows, 49) << page.plan;
    EXPECT_LT(page.buffers, kBuffersMax / 10) << page.plan;
}

TEST_F(ScaleTest, AnIdlePoll) {
    const auto quiet = explain("slice_probe", "'10001001:10001001:', 10000000");
    EXPECT_LT(quiet.buffers, kBuffersMax / 10) << quiet.plan;
    std::string in_progress;
    for (int n = 0; n < 50; ++n) in_progress += (n ? "," : "") + std::to_string(10'001'001 + 2 * n);
    const auto busy = explain("slice_probe", "'10001001:10001101:" + in_progress + "', 9999000");
    EXPECT_LT(busy.buffers, kBuffersMax) << busy.plan;
}

TEST_F(ScaleTest, NamesOfAPageOfStreamsAndTheFillOfGaps) {
    const auto streams = [](int count) {
        std::string literal = "'{";
        for (int n = 1; n <= count; ++n) literal += (n > 1 ? "," : "") + std::to_string(n * 1999);
        return literal + "}'";
    };
    const auto names = explain("stream_names", streams(50));
    EXPECT_LT(names.buffers, kBuffersMax) << names.plan;
    const auto filled = explain(
        "history_between", streams(5) + ", '{90,90,90,90,90}', '{100,100,100,100,100}', '{T1,T2,T3}', '{0,0,0}'," +
                               " '{90000000,90000000,90000000}', 5001");
    EXPECT_LT(filled.buffers, kBuffersMax) << filled.plan;
    EXPECT_THAT(filled.plan, ::testing::HasSubstr("Index Only Scan using events_stream_revision"));
}

// Row-level security lets a worker see events of routed types only: that must cost no index, and no call for each
// row.
TEST_F(ScaleTest, AHandlersOwnRoleReadsAlongTheSameIndexes) {
    const HandlerName handler{"people"};
    const auto url = url_of_handler(url_, handler);
    ASSERT_TRUE(url);
    Connection worker(session_of(*url, handler));
    const std::string wanted = "'{T1,T2,T3}', '{0,0,0}', '{90000000,90000000,90000000}', ";
    const auto filled =
        explain(worker, "history_between", "'{1999,3998}', '{90,90}', '{100,100}', " + wanted + "5001");
    EXPECT_THAT(filled.plan, ::testing::HasSubstr("Index Only Scan using events_stream_revision"));
    const auto fed = explain(worker, "history_page", "1, 4, 5000000, 10000000, " + wanted + "100");
    EXPECT_EQ(fed.rows, 100) << fed.plan;
    EXPECT_THAT(fed.plan, ::testing::HasSubstr("Index Scan using events_pkey"));
    for (const auto& [name, read] : {std::pair{"fill", filled}, {"feed", fed}}) {
        EXPECT_LT(read.buffers, kBuffersMax) << name << read.plan;
        EXPECT_THAT(read.plan, ::testing::Not(::testing::HasSubstr("Seq Scan on lantern.events"))) << name;
        // The types are looked up once, before the first row: who asks is named by a filter of the few routes
        // alone.
        int policies = 0;
        const std::regex who("SESSION_USER|session_handler");
        for (std::sregex_iterator at(read.plan.begin(), read.plan.end(), who), end; at != end; ++at, ++policies) {
            const auto place = static_cast<std::size_t>(at->position());
            const auto node = read.plan.rfind("->", place);
            EXPECT_THAT(read.plan.substr(node, place - node), ::testing::HasSubstr("lantern.routes")) << read.plan;
        }
        EXPECT_GT(policies, 0) << "the policy is not in this plan: " << read.plan;
    }
}

// What the sweep and lag cost does not depend on the store's size.
TEST_F(ScaleTest, APageOfTheSweepAndWhatIsNotVerified) {
    const auto swept = [&](const std::string& after) {
        return explain("sweep_look", "'{people}', 0, '1:1:', '10001001:10001001:', 10000000, " + after + ", 2000");
    };
    swept("10000000");  // what the session has to look up once
    const auto middle = swept("5000000"), edge = swept("9998000"), beyond = swept("10000000");
    for (const auto* page : {&middle, &edge, &beyond}) {
        EXPECT_EQ(page->rows, 1) << page->plan;
        EXPECT_LT(page->buffers, kBuffersMax) << page->plan;
    }
    EXPECT_LT(beyond.buffers, kBuffersMax / 10) << beyond.plan;

    sql_.query("update lantern.handlers set verified = '10000901:10000901:', verified_floor = 9999900");
    explain("lag", "'people', 10000");
    const auto lag = explain("lag", "'people', 10000");
    EXPECT_LT(lag.buffers, kBuffersMax) << lag.plan;
}

// After a bulk import the statistics say that few ids have all rows, and the planner expects to find one at once.
TEST_F(ScaleTest, WhatWasInProgressIsFoundAlongItsIdAlsoAfterABulkImport) {
    const auto url = large_store(200'000, "1000");
    add_handler(url);
    Connection sql({.url = url});
    sql.query("update lantern.handlers set verified = '1001:1005:1001,1003', verified_floor = 200000");
    const auto probe = explain(sql, "slice_probe", "'1001:1005:1001,1003', 200000");
    EXPECT_LT(probe.buffers, kBuffersMax / 10) << probe.plan;
    const auto page = explain(sql, "slice_page", "'1001:1005:1001,1003', 200000, '1005:1005:', 200000, 0, 1000");
    EXPECT_LT(page.buffers, kBuffersMax / 10) << page.plan;
    const std::string sweep = "'{people}', 200000, '1001:1005:1001,1003', '1005:1005:', 200000, 0, 2000";
    explain(sql, "sweep_look", sweep);  // what the session has to look up once
    const auto swept = explain(sql, "sweep_look", sweep);
    EXPECT_LT(swept.buffers, kBuffersMax / 10) << swept.plan;
    explain(sql, "lag", "'people', 10000");
    const auto lag = explain(sql, "lag", "'people', 10000");
    EXPECT_LT(lag.buffers, kBuffersMax / 10) << lag.plan;
}

// Compared with each other row by row, so many events and stream rows would take an hour.
TEST_F(ScaleTest, MuchThatIsNotVerifiedIsCountedWithinTheTimeThatAStatementHas) {
    sql_.query("set statement_timeout = '10min'");  // on a machine of any speed
    sql_.query("update lantern.handlers set verified = '1:1:', verified_floor = 0");
    const auto lag = sql_.query("select out_events, out_complete from lantern.lag('people', 100000)");
    EXPECT_EQ(lag.integer(0, 0), 0);
    EXPECT_FALSE(lag.boolean(0, 1));
    const auto swept = sql_.query(
        "select out_stream is null from lantern.sweep_look('{people}', 0, '1:1:', '10001001:10001001:', 10000000, "
        "0,"
        " 1000000)");
    ASSERT_EQ(swept.size(), 1u);
    EXPECT_TRUE(swept.boolean(0, 0));
}

}  // namespace
}  // namespace lantern::postgres
