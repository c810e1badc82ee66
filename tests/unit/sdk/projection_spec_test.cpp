// The kit must let good projections pass and catch those whose tables depend on what they must not depend on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/plugin.hpp>
#include <lantern/testing.hpp>

namespace {

using lantern::sdk_v1::Table;
using lantern::sdk_v1::Type;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
namespace kit = lantern::testing;

constexpr auto kCounters = Table::owned("counters").key("id", Type::text).column("count", Type::integer);
constexpr auto kTotals = Table::shared("totals")
                             .key("name", Type::text)
                             .add("count")
                             .least("first", Type::time)
                             .greatest("last", Type::time)
                             .newest("latest", Type::text)
                             .newest("latest_size", Type::integer);

template <class Plugin>
constexpr lantern_plugin_v1 kPlugin = lantern::sdk_v1::border::plugin<Plugin>();

class Counting : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("counting", "1").on("COUNTED").schema_version(1).table(kCounters);
    }
    void handle(const lantern::Event& event, lantern::Changes& changes) {
        const auto row = changes.find(kCounters, event.aggregate_id());
        changes.upsert(kCounters, event.aggregate_id(),
                       {{kCounters["count"], row ? row->integer(kCounters["count"]) + 1 : 1}});
    }
};

class Totals : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("totals", "1").on("COUNTED").schema_version(1).table(kTotals);
    }
    void handle(const lantern::Event& event, lantern::Changes& changes) {
        changes.add(kTotals, "all", kTotals["count"], event.integer("by"));
        changes.least(kTotals, "all", {{kTotals["first"], event.recorded_at()}});
        changes.greatest(kTotals, "all", {{kTotals["last"], event.recorded_at()}});
        changes.put_newest(
            kTotals, "all",
            {{kTotals["latest"], event.aggregate_id()}, {kTotals["latest_size"], event.integer("by")}});
    }
};

// Counts in the object: lost when the object is made anew, wrong after a rollback.
class Forgetful : public Counting {
public:
    void handle(const lantern::Event& event, lantern::Changes& changes) {
        changes.upsert(kCounters, event.aggregate_id(), {{kCounters["count"], ++seen_}});
    }

private:
    int seen_ = 0;
};

// Writes the order across streams into an owned row.
class OrderDependent : public Counting {
public:
    void handle(const lantern::Event& event, lantern::Changes& changes) {
        static std::string last;
        changes.upsert(kCounters, event.aggregate_id(),
                       {{kCounters["count"], last == event.aggregate_id() ? 1 : 0}});
        last = event.aggregate_id();
    }
};

class ForeignKey : public Counting {
public:
    void handle(const lantern::Event&, lantern::Changes& changes) {
        changes.upsert(kCounters, "another", {{kCounters["count"], 1}});
    }
};

class FindOnShared : public Totals {
public:
    void handle(const lantern::Event&, lantern::Changes& changes) { changes.find(kTotals, "all"); }
};

class WrongType : public Counting {
public:
    void handle(const lantern::Event& event, lantern::Changes& changes) {
        changes.upsert(kCounters, event.aggregate_id(), {{kCounters["count"], "one"}});
    }
};

kit::GivenEvent counted(std::string_view subject, std::string_view data = R"({"by": 1})") {
    return kit::event("COUNTED", subject, data);
}

TEST(ProjectionSpec, FindSeesEarlierChangesOfTheBatch) {
    kit::ProjectionSpec(kPlugin<Counting>)
        .given(counted("n/a"), counted("n/a"), counted("n/b"), counted("n/a"))
        .then("counters", R"([{"id": "a", "count": 3}, {"id": "b", "count": 1}])");
}

TEST(ProjectionSpec, SharedTablesMergeWhateverTheOrder) {
    kit::ProjectionSpec(kPlugin<Totals>)
        .given(counted("n/a", R"({"by": 2})").at("2026-01-05T00:00:00Z"),
               counted("n/b", R"({"by": 3})").at("2026-01-03T00:00:00Z"),
               counted("n/c", R"({"by": 5})").at("2026-01-04T00:00:00Z"))
        .then("totals", R"([{"name": "all", "count": 10, "first": "2026-01-03T00:00:00Z",
            "last": "2026-01-05T00:00:00Z", "latest": "c", "latest_size": 5}])");
}

TEST(ProjectionSpec, ShowsARowThatDiffers) {
    kit::ProjectionSpec spec(kPlugin<Counting>);
    spec.given(counted("n/a"));
    EXPECT_THAT([&] { spec.then("counters", R"([{"id": "a", "count": 2}, {"id": "b", "count": 1}])"); },
                ThrowsMessage<kit::Failure>(
                    ::testing::AllOf(HasSubstr("count: expected 2, is 1"), HasSubstr(R"(missing   {"id":"b")"))));
}

TEST(ProjectionSpec, CatchesStateInTheObject) {
    kit::ProjectionSpec spec(kPlugin<Forgetful>);
    spec.given(counted("n/a"), counted("n/a"), counted("n/b"), counted("n/a"), counted("n/b"));
    EXPECT_THAT([&] { spec.tables(); }, ThrowsMessage<kit::Failure>(::testing::AllOf(
                                            HasSubstr("is another"), HasSubstr("LANTERN_TEST_SEED="))));
}

TEST(ProjectionSpec, CatchesDependenceOnTheOrderAcrossStreams) {
    kit::ProjectionSpec spec(kPlugin<OrderDependent>);
    spec.given(counted("n/a"), counted("n/a"), counted("n/b"), counted("n/b"), counted("n/c"), counted("n/c"));
    EXPECT_THAT([&] { spec.tables(); }, ThrowsMessage<kit::Failure>(HasSubstr("is another")));
}

TEST(ProjectionSpec, RefusesAKeyOfAnotherAggregate) {
    kit::ProjectionSpec(kPlugin<ForeignKey>)
        .given(counted("n/a"))
        .then_answered(LANTERN_RETRY, "begins with the aggregate id")
        .then("counters", "[]");
}

TEST(ProjectionSpec, RefusesFindOnASharedTable) {
    kit::ProjectionSpec(kPlugin<FindOnShared>)
        .given(counted("n/a"))
        .then_answered(LANTERN_RETRY, "order of streams");
}

TEST(ProjectionSpec, AWrongTypeNamesTheColumn) {
    kit::ProjectionSpec(kPlugin<WrongType>)
        .given(counted("n/a"))
        .then_answered(LANTERN_RETRY, "column count is of type integer, the value is a text");
}

TEST(ProjectionSpec, AnEventThatFailsMustBeExpected) {
    kit::ProjectionSpec spec(kPlugin<Totals>);
    spec.given(counted("n/a", "{}"));
    EXPECT_THAT([&] { spec.then("totals", "[]"); }, ThrowsMessage<kit::Failure>(HasSubstr("by is missing")));
}

TEST(ProjectionSpec, LaterEventsOfAFailedStreamWait) {
    kit::ProjectionSpec spec(kPlugin<Totals>);
    spec.given(counted("n/a", "{}")).then_answered(LANTERN_RETRY);
    spec.given(counted("n/a"), counted("n/b")).then("totals", R"([{"name": "all", "count": 1, "latest": "b"}])");
}

TEST(ProjectionSpec, RefusesAnEventInAnotherSchemaVersion) {
    kit::ProjectionSpec spec(kPlugin<Counting>);
    spec.given(counted("n/a").version(2));
    EXPECT_THAT([&] { spec.tables(); }, ThrowsMessage<kit::Failure>(HasSubstr("schema version 2")));
}

}  // namespace
