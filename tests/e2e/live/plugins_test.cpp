// New builds of plugins are taken while events flow.
#include "tests/e2e/live/world.hpp"

namespace lantern::test {
namespace {

using PluginsTest = LiveTest;

TEST_F(PluginsTest, a_new_build_takes_over_under_load) {
    SteadyClient client(instance, "rebuilt");
    ASSERT_TRUE(client.goes_on());
    const auto readers = workers("user_read_model"), auditors = workers("audit_log");
    const auto build = build_of("audit_log");
    replace("audit_log", "another build");
    ASSERT_TRUE(eventually([&] {
        const auto now = build_of("audit_log");
        return !now.empty() && now.find(build) == std::string::npos;
    })) << status();
    for (const pid_t old : auditors) EXPECT_TRUE(ends(old));
    ASSERT_TRUE(client.goes_on());
    EXPECT_EQ(workers("user_read_model"), readers);
    EXPECT_EQ(workers("audit_log").size(), 1u);
    expect_complete(client);
}

TEST_F(PluginsTest, while_a_new_build_is_refused_the_old_one_goes_on_also_after_a_restart) {
    SteadyClient client(instance, "broken");
    ASSERT_TRUE(client.goes_on());
    const auto auditors = workers("audit_log");
    const auto build = build_of("audit_log");
    write(plugins / "audit_log.so", "no library");
    EXPECT_TRUE(status_says("the build that ran before goes on")) << status();
    ASSERT_TRUE(client.goes_on());
    EXPECT_EQ(workers("audit_log"), auditors);

    ::kill(instance.find({" host "}).front(), SIGTERM);
    EXPECT_TRUE(eventually([&] { return workers("audit_log").size() == 1 && workers("audit_log") != auditors; }));
    EXPECT_TRUE(eventually([&] { return build_of("audit_log") == build; })) << build_of("audit_log");
    expect_complete(client);
}

TEST_F(PluginsTest, while_a_new_build_does_not_get_ready_the_old_one_goes_on) {
    fs::copy_file(fs::path(ZOO_DIRECTORY) / "stays.so", plugins / "stays.so");
    edit(std::string(kUsual) + "  SEEN: [stays]\n");
    ASSERT_TRUE(eventually([&] { return workers("stays").size() == 1; })) << status();
    ASSERT_TRUE(eventually([&] { return !build_of("stays").empty(); }));
    const auto before = workers("stays");
    const auto build = build_of("stays");
    fs::copy_file(fs::path(ZOO_DIRECTORY) / "stays_dies_in_workers.so", plugins / "next");
    fs::rename(plugins / "next", plugins / "stays.so");
    EXPECT_TRUE(eventually([&] { return log().find("does not get ready") != std::string::npos; }));
    EXPECT_TRUE(alive(before.front()));
    EXPECT_EQ(build_of("stays"), build);
    EXPECT_TRUE(status_says("the build that ran before goes on")) << "in the end it is quarantined" << status();
    fs::copy_file(fs::path(ZOO_DIRECTORY) / "stays.so", plugins / "next");
    fs::rename(plugins / "next", plugins / "stays.so");
    EXPECT_TRUE(status_drops("goes on")) << status();
    EXPECT_TRUE(alive(before.front())) << "it ran all the time";
}

TEST_F(PluginsTest, a_plugin_that_comes_later_completes_the_edit_that_names_it) {
    edit(std::string(kUsual) + "  SEEN: [stays]\n");
    EXPECT_TRUE(status_says("of an unknown plugin")) << status();
    EXPECT_EQ(revision(), 1);
    fs::copy_file(fs::path(ZOO_DIRECTORY) / "stays.so", plugins / "stays.so");
    EXPECT_TRUE(eventually([&] { return workers("stays").size() == 1; })) << status();
    EXPECT_EQ(revision(), 2);
}

TEST_F(PluginsTest, a_raised_schema_version_starts_a_rebuild_and_the_old_build_serves_until_the_swap) {
    fs::copy_file(fs::path(ZOO_DIRECTORY) / "stays.so", plugins / "stays.so");
    edit(std::string(kUsual) + "  SEEN: [stays]\n");
    ASSERT_TRUE(eventually([&] { return !build_of("stays").empty(); })) << status();
    const auto before = workers("stays");
    fs::copy_file(fs::path(ZOO_DIRECTORY) / "stays_with_other_tables.so", plugins / "next");
    fs::rename(plugins / "next", plugins / "stays.so");
    EXPECT_TRUE(status_says("is kept until")) << "swapped" << status();
    EXPECT_EQ(count("select schema_version from lantern.handlers where handler = 'stays'"), 2);
    EXPECT_TRUE(eventually([&] { return !workers("stays").empty() && workers("stays") != before; })) << status();
    EXPECT_TRUE(ends(before.front()));
    EXPECT_EQ(log().find("\"message\":\"died\""), std::string::npos)
        << "the old build served, and left in good order";
}

TEST_F(PluginsTest, a_new_build_of_an_aggregate_is_taken_without_a_refused_request) {
    SteadyClient client(instance, "decided");
    ASSERT_TRUE(client.goes_on());
    const auto apis = instance.find({"lantern", " api "});
    replace("user", "another build");
    for (const pid_t old : apis) EXPECT_TRUE(ends(old)) << status();
    ASSERT_TRUE(client.goes_on());
    EXPECT_TRUE(eventually([&] { return instance.find({"lantern", " api "}).size() == apis.size(); }));
    expect_complete(client);
}

}  // namespace
}  // namespace lantern::test
