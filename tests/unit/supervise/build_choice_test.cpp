#include "host/supervise/build_choice.hpp"

#include <gtest/gtest.h>

namespace lantern::supervise {
namespace {

Description installed() {
    Description plugin;
    plugin.name = "audit_log";
    plugin.build = "new";
    plugin.schema_version = 2;
    plugin.declaration_hash = "tables";
    return plugin;
}

KnownBuild known(const std::string& build, bool quarantined = false) {
    return {HandlerName{"audit_log"},    build, "audit_log", "1", 2, "tables", quarantined,
            quarantined ? "crashes" : ""};
}

BuildChoice choose(const std::vector<KnownBuild>& builds) {
    return build_to_run(installed(), builds, [](const std::string& build) { return build != "elsewhere"; });
}

TEST(BuildToRun, is_the_installed_one) {
    EXPECT_EQ(choose({}).build, "new");
    EXPECT_EQ(choose({known("new"), known("old")}).build, "new");
    EXPECT_FALSE(choose({known("new"), known("old")}).restored);
}

TEST(BuildToRun, is_the_one_before_when_the_installed_is_quarantined) {
    const auto choice = choose({known("new", true), known("older"), known("oldest")});
    EXPECT_EQ(choice.build, "older");
    EXPECT_TRUE(choice.restored);
    EXPECT_EQ(choice.why, "crashes");
}

TEST(BuildToRun, is_none_that_is_quarantined_or_elsewhere_or_writes_other_tables) {
    auto other_version = known("v1");
    other_version.schema_version = 1;
    auto other_tables = known("t");
    other_tables.declaration_hash = "other";
    auto other_plugin = known("p");
    other_plugin.plugin = "audit_log_2";
    const auto choice = choose(
        {known("new", true), known("old", true), known("elsewhere"), other_version, other_tables, other_plugin});
    EXPECT_FALSE(choice.build);
    EXPECT_EQ(choice.why, "crashes");
}

}  // namespace
}  // namespace lantern::supervise
