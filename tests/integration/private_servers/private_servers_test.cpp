// The private servers start, answer, recover from kill -9, and leave no process behind.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "host/private_servers/place.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/processes/leftovers.hpp"
#include "tests/support/servers.hpp"

namespace lantern::private_servers {
namespace {

TEST(PrivatePostgres, gives_each_caller_an_empty_database) {
    const std::string one = test::fresh_database();
    const std::string other = test::fresh_database();
    EXPECT_NE(one, other);
    EXPECT_TRUE(test::postgres().has_database("test1"));
}

TEST(PrivatePostgres, keeps_its_data_and_port_through_kill_9) {
    const auto directory = test::fresh_directory() / "postgres";
    PrivatePostgres server({.directory = directory});
    server.start();
    const int port = server.port();
    server.create_database("kept");
    ::kill(server.pid(), SIGKILL);
    while (!server.tend()) {
    }
    EXPECT_EQ(server.port(), port);
    EXPECT_TRUE(server.has_database("kept"));
    server.stop();
    EXPECT_TRUE(processes::leftovers(directory.string(), directory / "data").empty());
}

TEST(PrivatePostgres, says_which_parent_is_in_the_way) {
    if (service_user("postgres").empty()) {
        SUCCEED() << "only root changes to another user";
        return;
    }
    const auto closed = test::fresh_directory() / "closed";
    std::filesystem::create_directory(closed);
    std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
    PrivatePostgres server({.directory = closed / "postgres"});
    try {
        server.start();
        FAIL() << "it started";
    } catch (const std::exception& error) {
        EXPECT_NE(std::string(error.what()).find("cannot pass " + closed.string()), std::string::npos)
            << error.what();
    }
}

bool syncs(const PrivateRabbit& node) {
    std::ifstream maps("/proc/" + std::to_string(node.pid()) + "/maps");
    const std::string all{std::istreambuf_iterator<char>(maps), {}};
    EXPECT_NE(all.find("beam"), std::string::npos) << "not the node itself";
    return all.find("libeatmydata") == std::string::npos;
}

TEST(PrivateRabbit, gives_each_caller_a_vhost) {
    EXPECT_NE(test::fresh_vhost(), test::fresh_vhost());
}

TEST(PrivateRabbit, stands_beside_another_and_comes_back_after_kill_9_on_its_port) {
    const auto directory = test::fresh_directory() / "rabbit";
    PrivateRabbit node({.directory = directory});
    node.start();
    const int port = node.port();
    EXPECT_NE(port, test::rabbit().port());
    EXPECT_TRUE(syncs(node));
    EXPECT_FALSE(syncs(test::rabbit())) << "is libeatmydata1 installed?";
    ::kill(node.pid(), SIGKILL);
    while (!node.tend()) {
    }
    EXPECT_EQ(node.port(), port);
    node.stop();
    EXPECT_TRUE(processes::leftovers(directory.string(), {}).empty());
}

}  // namespace
}  // namespace lantern::private_servers
