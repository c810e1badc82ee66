// `lantern explain` says of every event and stream where it stands in each handler, and why.
#include "host/postgres/operate/explain.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "host/processes/child.hpp"
#include "tests/integration/parked/fixture.hpp"

namespace lantern::test {
namespace {

using postgres::Explained;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class ExplainTest : public ParkedTest {
protected:
    ExplainTest() {
        for (int number = 1; number <= 3; ++number) append("anna", number);
        stream_ = explain_.newest_of("user/anna")->stream;
    }
    Explained of(std::optional<int> revision = {}, const std::string& handler = "people") {
        for (auto& one : explain_.handlers(stream_, revision ? std::optional(Revision{*revision}) : std::nullopt))
            if (one.handler.value == handler) return one;
        ADD_FAILURE() << handler;
        return {};
    }
    Uuid event(int revision) {
        return *Uuid::parse(one("select id from lantern.events where revision = " + std::to_string(revision)));
    }
    processes::Finished lantern(std::vector<std::string> words) {
        words.insert(words.begin(), LANTERN_BINARY);
        words.insert(words.end(), {"--config", LANTERN_CONFIG});
        return processes::run({.argv = words, .environment = {{"LANTERN_POSTGRES_URL", url_}}},
                              std::chrono::minutes(2));
    }

    postgres::Explain explain_{url_};
    StreamId stream_;
};

TEST_F(ExplainTest, WhatWaitsWhatIsAppliedAndWhoWorks) {
    auto stands = of();
    EXPECT_EQ(stands.verdict, "pending");
    EXPECT_EQ(stands.waiting, 3);
    EXPECT_EQ(stands.first->revision, Revision{1});
    EXPECT_TRUE(stands.oldest_waiting);
    EXPECT_FALSE(stands.worker);
    EXPECT_EQ(of(2).verdict, "pending");
    work();
    stands = of();
    EXPECT_EQ(stands.verdict, "applied");
    EXPECT_EQ(stands.checkpoint, Revision{3});
    EXPECT_EQ(stands.waiting, 0);
    EXPECT_EQ(of(3).verdict, "applied");
    ASSERT_TRUE(stands.worker);
    sql_.query("update lantern.workers set heartbeat_at = now()");
    stands = of();
    EXPECT_EQ(stands.worker->host, "here");
    EXPECT_TRUE(stands.worker->alive);
    EXPECT_EQ(stands.worker->plugin_build, "b");
    EXPECT_TRUE(stands.fed);
    sql_.query("update lantern.workers set heartbeat_at = now() - interval '11 s', note = 'smtp is away'");
    stands = of();
    EXPECT_FALSE(stands.worker->alive);
    EXPECT_EQ(stands.worker->note, "smtp is away");
}

TEST_F(ExplainTest, WhatFailedAndWhatWaitsBehindIt) {
    script_["2"] = {Outcome::Kind::retry, "busy 5 ms", {}, {}};
    work(1);
    EXPECT_EQ(of(1).verdict, "applied");
    auto stands = of(2);
    EXPECT_EQ(stands.verdict, "retrying");
    EXPECT_EQ(stands.error, "busy 5 ms");
    EXPECT_EQ(stands.attempts, 1);
    EXPECT_TRUE(stands.next_attempt_at);
    EXPECT_TRUE(stands.failed_since);
    EXPECT_EQ(stands.first->revision, Revision{2});
    EXPECT_EQ(of(3).verdict, "behind");
    EXPECT_EQ(of().verdict, "retrying");
    script_["2"] = {Outcome::Kind::rejected, "no such country", {}, {}};
    sql_.query("update people.lantern_streams set next_attempt_at = now() - interval '1 h'");
    work();
    EXPECT_EQ(of(2).verdict, "dead");
    EXPECT_EQ(of().verdict, "dead");
    EXPECT_EQ(of().waiting, 2);

    parked_.act(postgres::ParkedAction::skip, parked_.streams({}), {"anna@desk", "wrong", "{}"});
    work();
    EXPECT_EQ(of(2).verdict, "skipped");
    EXPECT_EQ(of(3).verdict, "applied");
}

TEST_F(ExplainTest, WhatIsNotRoutedAndWhyNot) {
    EXPECT_EQ(of({}, "mail").verdict, "not_routed");
    EXPECT_EQ(of({}, "mail").route, "not_begun") << "a side effect starts with what comes once it is bound";
    sql_.query("update lantern.routes set begin_position = 2 where handler = 'mail'");
    EXPECT_EQ(of(2, "mail").route, "before");
    EXPECT_EQ(of(2, "mail").route_begin, Position{2});
    EXPECT_EQ(of(3, "mail").verdict, "pending");
    EXPECT_EQ(of({}, "mail").waiting, 1);
    sql_.query("update lantern.routes set begin_position = 0, end_position = 1 where handler = 'people'");
    EXPECT_EQ(of(1).verdict, "pending");
    EXPECT_EQ(of(2).route, "after");
    EXPECT_EQ(of(2).route_end, Position{1});
    sql_.query("delete from lantern.routes where handler = 'people'");
    EXPECT_EQ(of(2).route, "no_route");
    EXPECT_EQ(of().verdict, "not_routed");
}

TEST_F(ExplainTest, WhetherTheRelayHasPublishedIt) {
    EXPECT_FALSE(explain_.event(event(1))->published) << "no relay ever ran";
    sql_.query("insert into lantern.marks (reader, floor, snapshot, ceiling) values ('relay', 0, '3:3:', 0)");
    EXPECT_FALSE(explain_.event(event(1))->published);
    sql_.query(
        "update lantern.marks set target_snapshot = pg_current_snapshot(), target_floor = 3, target_ceiling = 3,"
        " cursor = 1");
    EXPECT_TRUE(explain_.event(event(1))->published) << "its slice is worked off up to here";
    EXPECT_FALSE(explain_.event(event(2))->published);
    sql_.query("update lantern.marks set snapshot = target_snapshot, target_snapshot = null, cursor = null");
    EXPECT_TRUE(explain_.event(event(2))->published);
}

TEST_F(ExplainTest, TheVerbTellsItInSentencesAndAsJson) {
    script_["2"] = {Outcome::Kind::rejected, "no such country", {}, {}};
    work();
    const auto told = lantern({"explain", "stream", "user/anna"});
    EXPECT_TRUE(told.ended.clean()) << told.output;
    EXPECT_THAT(told.output,
                AllOf(HasSubstr("user/anna is stream"),
                      HasSubstr("Dead: revision 2 (MADE, event " + event(2).text()), HasSubstr("failed 1 time"),
                      HasSubstr("1 event behind it wait"), HasSubstr("last error: no such country"),
                      HasSubstr("lantern parked retry user/anna --handler people"),
                      HasSubstr("held by process 1 on here"), HasSubstr("its route begins once")));
    EXPECT_THAT(lantern({"explain", "event", event(1).text()}).output,
                AllOf(HasSubstr("is MADE, revision 1 of user/anna"), HasSubstr("Applied: ")));
    EXPECT_THAT(lantern({"explain", "event", event(3).text()}).output, HasSubstr("Waits behind an earlier event"));

    const auto json = lantern({"explain", "event", event(2).text(), "-o", "json"});
    const auto parsed = boost::json::parse(json.output);
    EXPECT_EQ(parsed.at("event").at("revision"), 2);
    EXPECT_EQ(parsed.at("handlers").at(1).at("verdict"), "dead");
    EXPECT_EQ(parsed.at("handlers").at(1).at("first_waiting").at("event").as_string(), event(2).text());
    EXPECT_EQ(parsed.at("handlers").at(0).at("route"), "not_begun");

    postgres::Catalog(url_).pause(name_, {"anna@desk", "disk is moved"});
    EXPECT_THAT(
        lantern({"explain", "stream", "user/anna"}).output,
        AllOf(HasSubstr("is paused since"), HasSubstr("by anna@desk: disk is moved; `lantern resume people`")));
}

TEST_F(ExplainTest, StatusSaysWhyAHandlerWaitsAndWhatEndsIt) {
    script_["2"] = {Outcome::Kind::rejected, "no such country", {}, {}};
    work();
    sql_.query("update lantern.workers set heartbeat_at = now() - interval '1 h', note = 'smtp is away'");
    EXPECT_THAT(
        lantern({"status"}).output,
        AllOf(ContainsRegex("process 1 on here is silent for 36[0-9][0-9] s"),
              HasSubstr("process 1 on here waits for: smtp is away"),
              HasSubstr("0 streams are retrying and 1 are dead; `lantern parked list --handler people` says why"),
              HasSubstr("no worker holds 4 of 4 partitions")));
    sql_.query(
        "update lantern.handlers set state = 'quarantined', state_reason = 'crashed' where handler = 'people'");
    sql_.query("insert into lantern.unroutable (event_type, messages) values ('LEFT', 3)");
    EXPECT_THAT(lantern({"status"}).output,
                AllOf(HasSubstr(", crashed; install another build of the plugin, or `lantern resume people`"),
                      HasSubstr("nobody handles LEFT: 3 messages came back")));
    const auto status = boost::json::parse(lantern({"status", "-o", "json"}).output);
    EXPECT_EQ(status.at("unroutable").at(0).at("event_type"), "LEFT");
    EXPECT_EQ(status.at("handlers").at(1).at("reasons").as_array().size(), 4u);
}

TEST_F(ExplainTest, WhatIsNotThereIsSaid) {
    for (const auto& [words, why] :
         {std::pair{std::vector<std::string>{"explain", "stream", "user/nobody"}, "there is no stream user/nobody"},
          std::pair{std::vector<std::string>{"explain", "stream", "anna"}, "expected <aggregate type>/<id>"},
          std::pair{std::vector<std::string>{"explain", "event", "7"}, "expected a UUID"},
          std::pair{std::vector<std::string>{"explain", "event", fresh_id().text()}, "there is no event"}}) {
        const auto told = lantern(words);
        EXPECT_FALSE(told.ended.clean());
        EXPECT_THAT(told.output, HasSubstr(why));
    }
}

}  // namespace
}  // namespace lantern::test
