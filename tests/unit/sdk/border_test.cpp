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

TEST(Border, OnlyTheTableOfTheKindIsSet) {
    EXPECT_NE(kPlugin<Days>.projection, nullptr);
    EXPECT_EQ(kPlugin<Days>.projection->keys, nullptr);
    EXPECT_EQ(kPlugin<Days>.side_effect, nullptr);
    EXPECT_EQ(kPlugin<Days>.aggregate, nullptr);
    EXPECT_EQ(kPlugin<Acting>.projection, nullptr);
    EXPECT_EQ(kPlugin<Acting>.abi_major, LANTERN_ABI_MAJOR);
}

}  // namespace
