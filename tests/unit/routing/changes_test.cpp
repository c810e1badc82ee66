#include "host/routing/changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lantern::routing {
namespace {

using testing::ElementsAre;

HandlerSettings handler(const std::string& name, std::vector<std::string> types) {
    HandlerSettings settings;
    settings.name = HandlerName(name);
    settings.plugin = name;
    settings.event_types = std::move(types);
    return settings;
}

OpenRoute route(const std::string& name, const std::string& type) {
    return {HandlerName(name), type};
}

TEST(Changes, NothingAppliedMeansEverythingIsNew) {
    const Changes found = changes({}, Routing{{handler("a", {"X", "Y"}), handler("b", {"X"})}, "", ""});
    EXPECT_THAT(found.added, ElementsAre(route("a", "X"), route("a", "Y"), route("b", "X")));
    EXPECT_THAT(found.handlers_added, ElementsAre(HandlerName("a"), HandlerName("b")));
    EXPECT_TRUE(found.ended.empty());
    EXPECT_TRUE(found.handlers_rebound.empty());
}

TEST(Changes, TheSameRoutingChangesNothing) {
    EXPECT_TRUE(changes({route("a", "X")}, Routing{{handler("a", {"X"})}, "", ""}).empty());
}

TEST(Changes, AnEditTouchesOnlyWhatChanged) {
    const Changes found =
        changes({route("a", "X"), route("b", "X"), route("c", "X"), route("c", "Y")},
                Routing{{handler("b", {"X"}), handler("c", {"Y", "Z"}), handler("d", {"X"})}, "", ""});
    EXPECT_THAT(found.added, ElementsAre(route("c", "Z"), route("d", "X")));
    EXPECT_THAT(found.ended, ElementsAre(route("a", "X"), route("c", "X")));
    EXPECT_THAT(found.handlers_added, ElementsAre(HandlerName("d")));
    EXPECT_THAT(found.handlers_removed, ElementsAre(HandlerName("a")));
    EXPECT_THAT(found.handlers_rebound, ElementsAre(HandlerName("c")));
}

TEST(StartOf, NewHandlersBeginByKindUnlessToldOtherwise) {
    HandlerSettings settings = handler("a", {"X"});
    EXPECT_EQ(start_of(settings, PluginKind::projection, Handlers::never_routed), Start::beginning);
    EXPECT_EQ(start_of(settings, PluginKind::side_effect, Handlers::never_routed), Start::now);
    settings.start = Start::now;
    EXPECT_EQ(start_of(settings, PluginKind::projection, Handlers::never_routed), Start::now);
    settings.start = Start::beginning;
    EXPECT_EQ(start_of(settings, PluginKind::side_effect, Handlers::never_routed), Start::beginning);
}

TEST(StartOf, ATypeAddedToAKnownHandlerBeginsNow) {
    HandlerSettings settings = handler("a", {"X"});
    settings.start = Start::beginning;
    EXPECT_EQ(start_of(settings, PluginKind::projection, Handlers::known), Start::now);
}

}  // namespace
}  // namespace lantern::routing
