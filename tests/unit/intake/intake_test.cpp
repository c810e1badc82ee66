#include "host/intake/intake.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/unit/intake/fakes.hpp"

namespace lantern::intake {
namespace {

using testing::HasSubstr;

class IntakeTest : public testing::Test {
protected:
    Arrival event(const std::string& id, const std::string& type, const std::string& subject,
                  const std::string& data) {
        const std::string text = R"({"specversion":"1.0","source":"shop","id":")" + id + R"(","type":")" + type +
                                 R"(","subject":")" + subject + R"(","data":)" + data + more + "}";
        auto read = backfill::read_line(number++, text);
        EXPECT_TRUE(read) << text;
        return read.value();
    }
    Arrival opened(const std::string& id, const std::string& account, const std::string& name) {
        return event(id, "OPENED", "account/" + account, R"({"name":")" + name + "\"}");
    }
    Result<std::vector<Recorded>, command::Problem> take(std::vector<Arrival> events, Form form = Form::batch) {
        Intake intake({settings, owned, aggregates,
                       [this](const std::string& type, int version) {
                           return schemas.contains({type, version});
                       },
                       [this](const Arrival& of) { return flaws[of.id]; }, heads, clock, &calls});
        number = 1;
        return intake.take({arrivals, [this]() -> command::Store& { return store; }, random},
                           {form, std::move(events)},
                           {{"anna", "Anna", {}}, "correlation", "causation", "00-trace", "10.0.0.1"});
    }
    command::Problem refused(std::vector<Arrival> events, Form form = Form::batch) {
        const auto taken = take(std::move(events), form);
        EXPECT_FALSE(taken);
        return taken ? command::Problem{} : taken.error();
    }
    boost::json::object metadata(const std::string& stream) {
        return boost::json::parse(store.streams.at(stream).back().metadata).as_object();
    }

    std::int64_t number = 1;
    std::string more;  // attributes
    IntakeSettings settings;
    std::set<std::string> owned{"account"};
    std::set<std::pair<std::string, int>> schemas{
        {"PLACED", 1}, {"OPENED", 1}, {"RENAMED", 1}, {"CLOSED", 1}, {"BROKEN", 1}};
    std::map<std::string, std::vector<command::Rejection>> flaws;
    command::fakes::MemoryStore store;
    fakes::MemoryArrivals arrivals{store};
    command::fakes::MemoryHeads heads;
    command::fakes::NotedCalls calls;
    command::Aggregates aggregates{
        {"account", {std::make_shared<command::fakes::Account>(), std::make_shared<command::fakes::NoUpcasts>()}}};
    SystemClock clock;
    SystemRandom random;
};

TEST_F(IntakeTest, AnEventIsCompletedWithWhoBroughtItAndWhen) {
    more = R"(,"time":"2026-11-21T03:33:26Z","tenant":"north","metadata":{"actor":{"id":"eve"},"source":"forged"})";
    const auto taken = take({event("1", "PLACED", "order/7", "{}")});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.value()[0].revision, Revision{1});
    const auto kept = metadata("order/7");
    EXPECT_EQ(kept.at("actor"), boost::json::parse(R"({"id":"anna","name":"Anna"})"));
    EXPECT_EQ(kept.at("claimed_actor"), boost::json::parse(R"({"id":"eve"})"));
    EXPECT_EQ(kept.at("correlation_id"), "correlation");
    EXPECT_EQ(kept.at("causation_id"), "causation");
    EXPECT_EQ(kept.at("traceparent"), "00-trace");
    EXPECT_EQ(kept.at("source"), "shop");
    EXPECT_EQ(kept.at("source_id"), "1");
    EXPECT_EQ(kept.at("address"), "10.0.0.1");
    EXPECT_EQ(kept.at("tenant"), "north");
    EXPECT_THAT(std::string(kept.at("occurred_at").as_string()), HasSubstr("2026-11-21T03:33:26"));
    EXPECT_EQ(heads.heads["order/7"], Revision{1});
}

TEST_F(IntakeTest, ItsOwnTraceStays) {
    more = R"(,"traceparent":"00-own","correlation_id":"own")";
    ASSERT_TRUE(take({event("1", "PLACED", "order/7", "{}")}));
    EXPECT_EQ(metadata("order/7").at("traceparent"), "00-own");
    EXPECT_EQ(metadata("order/7").at("correlation_id"), "own");
}

TEST_F(IntakeTest, AnEventThatIsThereTwiceInOneRequestIsOne) {
    const auto taken = take({event("1", "PLACED", "order/7", "{}"), event("2", "PLACED", "order/7", "{}"),
                             event("1", "PLACED", "order/7", "{}")});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.value()[0], taken.value()[2]);
    EXPECT_EQ(store.streams.at("order/7").size(), 2u);
    const auto other = refused({event("3", "PLACED", "order/7", "{}"), event("3", "PLACED", "order/7", "[]")});
    EXPECT_EQ(other.status, 409);
    EXPECT_EQ(other.errors.at(0).pointer, "/1/id");
}

TEST_F(IntakeTest, AllThatIsWrongIsToldAtOnceAndNothingIsAppended) {
    flaws["2"] = {{command::RejectionKind::invalid, "valid_n", "n", "is required", "/n"}};
    const auto problem = refused({event("1", "PLACED", "order/1", "{}"), event("2", "PLACED", "order/2", "{}"),
                                  event("3", "UNHEARD", "order/3", "{}")});
    EXPECT_EQ(problem.status, 422);
    ASSERT_EQ(problem.errors.size(), 2u);
    EXPECT_EQ(problem.errors[0].pointer, "/1/data/n");
    EXPECT_EQ(problem.errors[0].field, "data.n");
    EXPECT_EQ(problem.errors[1].pointer, "/2/type");
    EXPECT_THAT(problem.errors[1].message, HasSubstr("intake.unknown_types"));
    EXPECT_TRUE(store.streams.empty());
    settings.unknown_types = IntakeSettings::UnknownTypes::accept;
    EXPECT_TRUE(take({event("3", "UNHEARD", "order/3", "{}")}));
    EXPECT_EQ(refused({event("2", "PLACED", "order/2", "{}")}, Form::single).errors.at(0).pointer, "/data/n");
}

TEST_F(IntakeTest, StreamsOfAnAggregateAreClosedUnlessTheSettingsNameTheirType) {
    const auto problem = refused({opened("1", "a", "anna")});
    EXPECT_EQ(problem.status, 403);
    EXPECT_THAT(problem.detail, HasSubstr("intake.into_aggregates"));
    settings.into_aggregates = {"account"};
    EXPECT_TRUE(take({opened("1", "a", "anna")}));
    aggregates.clear();
    EXPECT_EQ(refused({opened("2", "b", "bob")}).status, 503);
}

TEST_F(IntakeTest, KeysOfAnAggregateAreHeldFreedAndTaken) {
    settings.into_aggregates = {"account"};
    ASSERT_TRUE(take({opened("1", "a", "anna"), event("2", "RENAMED", "account/a", R"({"name":"anne"})")}));
    EXPECT_EQ(store.keys.size(), 1u);
    const auto taken = refused({opened("3", "b", "anne")}, Form::single);
    EXPECT_EQ(taken.status, 409);
    EXPECT_EQ(taken.errors.at(0).pointer, "/data");
    EXPECT_TRUE(take({opened("4", "b", "anna")})) << "freed by the second event";
    EXPECT_EQ(refused({event("5", "BROKEN", "account/a", "{}")}).status, 422);
    EXPECT_EQ(calls.open, 0);
    EXPECT_THAT(calls.begun, testing::Contains("intake"));
    calls.blocked_commands = {"intake"};
    EXPECT_EQ(refused({opened("6", "c", "carl")}).status, 503);
}

TEST_F(IntakeTest, CountersMoveByWhatTheStatesContribute) {
    settings.into_aggregates = {"account"};
    ASSERT_TRUE(take({opened("1", "a", "anna"), opened("2", "b", "bob"), event("3", "CLOSED", "account/b", "{}")}));
    EXPECT_EQ(store.counters["open"], 1);
    ASSERT_TRUE(take({opened("1", "a", "anna"), opened("4", "c", "carl")}));
    EXPECT_EQ(store.counters["open"], 2) << "the first was there already";
    arrivals.before_append = [&] { EXPECT_TRUE(take({event("5", "CLOSED", "account/a", "{}")})); };
    ASSERT_TRUE(take({event("5", "CLOSED", "account/a", "{}")}));
    EXPECT_EQ(store.counters["open"], 1) << "a twin was faster";
}

TEST_F(IntakeTest, ALongStreamIsNotFoldedWholeAgainAndAgain) {
    settings.into_aggregates = {"account"};
    ASSERT_TRUE(take({opened("0", "a", "anna")}));
    const auto rename = [&](std::int64_t n) {
        return event(std::to_string(n), "RENAMED", "account/a", R"({"name":"anna)" + std::to_string(n) + "\"}");
    };
    std::int64_t n = 1;
    for (; n < limits::kSnapshotEvery; ++n) ASSERT_TRUE(take({rename(n)}));
    EXPECT_TRUE(store.snapshots.empty());
    for (; n < 3 * limits::kSnapshotEvery + 5; ++n) ASSERT_TRUE(take({rename(n)}));
    const auto& kept = store.snapshots.at("account/a");
    EXPECT_EQ(kept.revision, Revision{3 * limits::kSnapshotEvery});
    EXPECT_EQ(boost::json::parse(kept.state).at("name").as_string(),
              "anna" + std::to_string(3 * limits::kSnapshotEvery - 1));
    EXPECT_EQ(store.keys.size(), 1u) << "the state from there on holds the name of the last event alone";
}

TEST_F(IntakeTest, AnotherWriterInBetweenMeansFoldingAgain) {
    settings.into_aggregates = {"account"};
    ASSERT_TRUE(take({opened("1", "a", "anna")}));
    arrivals.before_append = [&] {
        auto other = event("9", "RENAMED", "account/a", R"({"name":"zoe"})");
        other.event_id = Uuid::v7(clock.now(), 1, 2);
        EXPECT_TRUE(arrivals.append({{other}, {}, {}, {}}));
    };
    const auto taken = take({event("2", "RENAMED", "account/a", R"({"name":"anne"})")});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.value()[0].revision, Revision{3});
}

TEST_F(IntakeTest, AnUnmetRevisionAndAReusedIdNameTheirEvent) {
    ASSERT_TRUE(take({event("1", "PLACED", "order/7", "{}")}));
    more = R"(,"expectedrevision":4)";
    auto late = event("2", "PLACED", "order/7", "{}");
    more.clear();
    late.number = 2;
    auto first = event("3", "PLACED", "order/8", "{}");
    first.number = 1;
    const auto unmet = refused({first, late});
    EXPECT_EQ(unmet.status, 412);
    EXPECT_EQ(unmet.kind, "revision-differs");
    EXPECT_EQ(unmet.errors.at(0).pointer, "/1/revision");
    EXPECT_THAT(unmet.detail, HasSubstr("order/7 is at revision 1"));
    const auto reused = refused({event("1", "PLACED", "order/7", R"({"other":1})")}, Form::single);
    EXPECT_EQ(reused.status, 409);
    EXPECT_EQ(reused.rule, "event_id_reused");
}

TEST_F(IntakeTest, AnEventThatIsKnownIsAnsweredThoughItWouldBeRefusedToday) {
    settings.into_aggregates = {"account"};
    const auto placed = event("1", "PLACED", "order/7", "{}");
    const auto account = opened("2", "a", "anna");
    const auto first = take({placed, account});
    ASSERT_TRUE(first);
    // The schema has changed, another one is gone, and the aggregate's streams are closed.
    flaws["1"] = flaws["3"] = {{command::RejectionKind::invalid, "valid_n", "n", "is required", "/n"}};
    schemas.erase({"OPENED", 1});
    settings.into_aggregates.clear();
    aggregates.clear();
    const auto again = take({placed, account});
    ASSERT_TRUE(again) << again.error().detail;
    for (std::size_t at : {0u, 1u}) {
        EXPECT_EQ(again.value()[at].event, first.value()[at].event);
        EXPECT_EQ(again.value()[at].revision, first.value()[at].revision);
        EXPECT_TRUE(again.value()[at].known);
    }
    const auto other = refused({event("1", "PLACED", "order/7", R"({"n":1})")});
    EXPECT_EQ(other.status, 409);
    EXPECT_EQ(other.rule, "event_id_reused");
    const auto fresh = refused({placed, event("3", "PLACED", "order/7", "{}")});
    EXPECT_EQ(fresh.status, 422);
    ASSERT_EQ(fresh.errors.size(), 1u) << "of the new one alone";
    EXPECT_EQ(store.streams.at("order/7").size(), 1u);
}

TEST_F(IntakeTest, DoubtIsSettledByDoingItAgain) {
    arrivals.fault = {1, FaultKind::in_doubt};
    EXPECT_THROW((void)take({event("1", "PLACED", "order/7", "{}")}), Fault);
    const auto again = take({event("1", "PLACED", "order/7", "{}")});
    ASSERT_TRUE(again);
    EXPECT_TRUE(again.value()[0].known);
    EXPECT_EQ(store.streams.at("order/7").size(), 1u);
}

}  // namespace
}  // namespace lantern::intake
