// Nothing thrown leaves a plugin, and the description says what docs/descriptor.md promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/plugin.hpp>
#include <lantern/testing.hpp>

namespace {

namespace kit = lantern::testing;
namespace json = boost::json;
using lantern::sdk_v1::Type;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <class Plugin>
constexpr lantern_plugin_v1 kPlugin = lantern::sdk_v1::border::plugin<Plugin>();

class Acting : public lantern::SideEffect {
public:
    explicit Acting(const lantern::Setup& setup) {
        if (lantern::sdk_v1::boolean_or(setup.settings(), "fail", false)) throw std::runtime_error("no room");
    }
    static lantern::Description describe() {
        return lantern::Description("acting", "1.2.0")
            .on("ACTED", 3)
            .settings(R"({"type": "object", "properties": {"fail": {"type": "boolean"}}})")
            .replayable();
    }
    lantern::Outcome act(const lantern::Event& event, const lantern::Attempt& attempt) {
        const std::string_view how = event.text("how");
        if (how == "throw") throw std::runtime_error("it broke");
        if (how == "throw int") throw 7;
        if (how == "skip") return lantern::Outcome::skipped(std::string(attempt.idempotency_key()));
        if (how == "later") return lantern::Outcome::retry("busy", std::chrono::seconds(3));
        if (how == "away") return lantern::Outcome::unavailable("smtp", "refused");
        if (how == "never") return lantern::Outcome::rejected("bad address");
        return lantern::Outcome::applied();
    }
};

kit::Answer act(std::string_view how) {
    kit::SideEffectRun run(kPlugin<Acting>);
    const std::string data = json::serialize(json::object{{"how", json::string(how)}});
    return run.act(kit::event("ACTED", "thing/1", data).version(3));
}

TEST(Border, OutcomesCrossWhole) {
    EXPECT_EQ(act("").text(), "applied");
    EXPECT_EQ(act("skip").text(), "skipped: 01900000-0000-5000-8000-000000000001");
    EXPECT_EQ(act("never").text(), "rejected: bad address");
    EXPECT_EQ(act("away").text(), "unavailable smtp: refused");
    EXPECT_EQ(act("later").text(), "retry: busy");
    EXPECT_EQ(act("later").after_us, 3'000'000);
}

TEST(Border, WhatIsThrownBecomesRetry) {
    EXPECT_EQ(act("throw").text(), "retry: it broke");
    EXPECT_THAT(act("throw int").text(), HasSubstr("no std::exception"));
}

TEST(Border, AConstructorThatThrowsIsAnError) {
    EXPECT_THAT([] { kit::SideEffectRun(kPlugin<Acting>, R"({"fail": true})"); },
                ThrowsMessage<kit::Failure>(HasSubstr("no room")));
}

TEST(Border, ASideEffectDescribesItself) {
    EXPECT_EQ(kit::shape_of(kPlugin<Acting>).all, json::parse(R"({"name": "acting", "version": "1.2.0",
        "kind": "side_effect", "events": {"ACTED": 3}, "replayable": true,
        "settings": {"type": "object", "properties": {"fail": {"type": "boolean"}}}})"));
}

constexpr auto kDays = lantern::sdk_v1::Table::shared("days")
                           .key("day", Type::date)
                           .key("country", Type::text)
                           .add("count")
                           .greatest("largest", Type::real)
                           .newest("note", Type::json)
                           .index({"country", "day"});

class Days : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("days", "1").on("A").schema_version(4).table(kDays);
    }
    void handle(const lantern::Event&, lantern::Changes&) {}
};

TEST(Border, AProjectionDescribesItsTables) {
    EXPECT_EQ(kit::shape_of(kPlugin<Days>).all,
              json::parse(R"({"name": "days", "version": "1", "kind": "projection",
        "events": {"A": 1}, "settings": {"type": "object", "additionalProperties": false}, "schema_version": 4,
        "tables": [{"name": "days", "ownership": "shared", "key": ["day", "country"], "columns": [
            {"name": "day", "type": "date"}, {"name": "country", "type": "text"},
            {"name": "count", "type": "integer", "merge": "add"}, {"name": "largest", "type": "double", "merge": "greatest"},
            {"name": "note", "type": "json", "merge": "newest"}], "indexes": [["country", "day"]]}]})"));
}

constexpr auto kPairs = lantern::sdk_v1::Table::owned("pairs")
                            .key("id", Type::text)
                            .key("n", Type::integer)
                            .column("twice", Type::integer);

// Rows that say what they should not; one without a stream ends the check.
class Pairs : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("pairs", "1").on("A").schema_version(1).table(kDays).table(kPairs);
    }
    void handle(const lantern::Event&, lantern::Changes&) {}
    void check(const lantern::OwnedRows& rows, lantern::Findings& findings) {
        if (rows.streams().empty()) throw std::runtime_error("whose is it?");
        for (const lantern::Row& row : rows.of(kPairs)) {
            const auto n = row.integer(kPairs["n"]), twice = row.integer(kPairs["twice"]);
            if (twice != 2 * n)
                findings.add(kPairs, {rows.aggregate_id(), n}, std::to_string(twice),
                             std::to_string(2 * n) + " at " + std::string(rows.streams()[0].aggregate_type) + " " +
                                 std::to_string(rows.streams()[0].revision));
        }
    }
};

json::object pair(const char* id, int n, json::value twice) {
    return {{"id", id}, {"n", n}, {"twice", std::move(twice)}};
}

TEST(Border, ACheckIsGivenTheRowsOfAnIdAndReportsThemByKey) {
    kit::CheckRun run(kPlugin<Pairs>);
    run.rows("pairs") = {pair("a", 2, 4), pair("a", 1, 3), pair("b", 5, nullptr)};
    run.applied("x/a", 7);
    run.applied("x/b", 8);
    const auto findings = run.findings();
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[0].table, "pairs");
    EXPECT_EQ(findings[0].key, (json::object{{"id", "a"}, {"n", 1}}));
    EXPECT_EQ(findings[0].found + " for " + findings[0].expected, "3 for 2 at x 7");
    EXPECT_EQ(findings[1].found + " for " + findings[1].expected, "0 for 10 at x 8");
}

TEST(Border, WhatACheckThrowsIsItsReasonNotToHaveLooked) {
    kit::CheckRun run(kPlugin<Pairs>);
    run.rows("pairs") = {pair("a", 2, 4)};
    EXPECT_THAT([&] { run.findings(); }, ThrowsMessage<kit::Failure>(HasSubstr("whose is it?")));
    EXPECT_THAT([] { kit::CheckRun{kPlugin<Days>}; }, ThrowsMessage<kit::Failure>(HasSubstr("has no check")));
}

TEST(Border, OnlyTheTableOfTheKindIsSet) {
    EXPECT_NE(kPlugin<Days>.projection, nullptr);
    EXPECT_EQ(kPlugin<Days>.projection->keys, nullptr);
    EXPECT_EQ(kPlugin<Days>.projection->check, nullptr);
    EXPECT_NE(kPlugin<Pairs>.projection->check, nullptr);
    EXPECT_EQ(kPlugin<Days>.side_effect, nullptr);
    EXPECT_EQ(kPlugin<Days>.aggregate, nullptr);
    EXPECT_EQ(kPlugin<Acting>.projection, nullptr);
    EXPECT_EQ(kPlugin<Acting>.abi_major, LANTERN_ABI_MAJOR);
}

}  // namespace
