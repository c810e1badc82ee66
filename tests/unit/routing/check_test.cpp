#include "host/routing/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lantern::routing {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

Description plugin(const std::string& name, PluginKind kind, std::map<std::string, int> events) {
    Description description;
    description.name = name;
    description.kind = kind;
    description.events = std::move(events);
    return description;
}

Routing one_handler(const std::string& plugin_name, std::vector<std::string> types) {
    HandlerSettings settings;
    settings.name = HandlerName("h");
    settings.plugin = plugin_name;
    settings.event_types = std::move(types);
    return Routing{{settings}, "", ""};
}

const std::vector<Description> kPlugins{plugin("mail", PluginKind::side_effect, {{"X", 1}}),
                                        plugin("model", PluginKind::projection, {{"X", 1}, {"Y", 2}}),
                                        plugin("user", PluginKind::aggregate, {{"X", 1}})};

TEST(Check, WhatFitsHasNoMisfit) {
    EXPECT_THAT(check(one_handler("mail", {"X"}), kPlugins), SizeIs(0));
    EXPECT_THAT(check(one_handler("model", {"X", "Y"}), kPlugins), SizeIs(0));
}

TEST(Check, AnUnknownPluginIsNamedWithTheKnownOnes) {
    const auto misfits = check(one_handler("modle", {"X"}), kPlugins);
    ASSERT_THAT(misfits, SizeIs(1));
    EXPECT_THAT(misfits[0].found, HasSubstr("unknown plugin \"modle\""));
    EXPECT_EQ(misfits[0].expected, "one of mail, model");
    EXPECT_THAT(misfits[0].candidates, Contains("model"));
    EXPECT_EQ(misfits[0].key, "plugin");
}

TEST(Check, AnAggregateTakesNoEvents) {
    const auto misfits = check(one_handler("user", {"X"}), kPlugins);
    ASSERT_THAT(misfits, SizeIs(1));
    EXPECT_THAT(misfits[0].found, HasSubstr("an aggregate"));
    EXPECT_EQ(misfits[0].expected, "a projection or a side effect");
}

TEST(Check, EveryTypeThatIsNotUnderstoodIsNamed) {
    const auto misfits = check(one_handler("mail", {"X", "Y", "Z"}), kPlugins);
    ASSERT_THAT(misfits, SizeIs(2));
    EXPECT_EQ(misfits[0].event_type, "Y");
    EXPECT_EQ(misfits[1].event_type, "Z");
    EXPECT_EQ(misfits[1].expected, "one of X");
}

TEST(Check, WhatOnlySideEffectsKnowIsRefusedForAProjection) {
    Routing routing = one_handler("model", {"X"});
    routing.handlers[0].rate = Rate{};
    routing.handlers[0].on_interrupted = OnInterrupted::hold;
    const auto misfits = check(routing, kPlugins);
    ASSERT_THAT(misfits, SizeIs(2));
    EXPECT_EQ(misfits[0].key, "rate");
    EXPECT_EQ(misfits[1].key, "on_interrupted");
    routing.handlers[0].plugin = "mail";
    EXPECT_THAT(check(routing, kPlugins), SizeIs(0));
}

TEST(Check, WithoutPluginsTheMessageSaysSo) {
    const auto misfits = check(one_handler("mail", {"X"}), {});
    ASSERT_THAT(misfits, SizeIs(1));
    EXPECT_THAT(misfits[0].expected, HasSubstr("there is none"));
}

}  // namespace
}  // namespace lantern::routing
