// lantern dev: found by a second start, back after kill -9, gone after --stop.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

struct DevTest : testing::Test {
    DevInstance instance{Place{fresh_directory() / "dev"}};

    void start() {
        const auto started = instance.start();
        ASSERT_TRUE(started.ended.clean()) << started.output;
    }
};

TEST_F(DevTest, a_second_start_finds_the_first_and_stop_leaves_no_process) {
    start();
    const pid_t first = instance.dev_pid();
    const auto again = instance.start();
    EXPECT_TRUE(again.ended.clean()) << again.output;
    EXPECT_NE(again.output.find("already running"), std::string::npos) << again.output;
    EXPECT_NE(again.output.find(instance.endpoint("http_url")), std::string::npos) << again.output;
    EXPECT_EQ(instance.dev_pid(), first);

    const auto tree = instance.tree();
    EXPECT_GT(tree.size(), 8u);
    const auto stopped = instance.stop();
    EXPECT_TRUE(stopped.ended.clean()) << stopped.output;
    for (const pid_t pid : tree) EXPECT_FALSE(alive(pid)) << pid;
    EXPECT_FALSE(std::filesystem::exists(instance.data() / "endpoints.json"));

    const auto stopped_again = instance.stop();
    EXPECT_TRUE(stopped_again.ended.clean()) << stopped_again.output;
}

TEST_F(DevTest, a_start_after_kill_9_recovers_with_the_same_data_and_addresses) {
    start();
    const auto created = instance.create_user("kept");
    ASSERT_EQ(created.status, 201) << created.body;
    const std::string url = instance.endpoint("postgres_url");
    const auto tree = instance.tree();
    ::kill(instance.dev_pid(), SIGKILL);
    start();
    for (const pid_t pid : tree) EXPECT_FALSE(alive(pid)) << pid;
    EXPECT_EQ(instance.endpoint("postgres_url"), url);
    EXPECT_TRUE(eventually(
        [&] { return instance.sql("select 1 from user_read_model.users where username = 'kept'").size() == 1; }));
}

TEST_F(DevTest, the_endpoints_are_closed_to_others) {
    start();
    using std::filesystem::perms;
    const auto mode = std::filesystem::status(instance.data() / "endpoints.json").permissions();
    EXPECT_EQ(mode & (perms::group_all | perms::others_all), perms::none);
}

}  // namespace
}  // namespace lantern::test
