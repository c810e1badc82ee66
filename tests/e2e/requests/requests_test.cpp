// Requests drawn from the api's own description, against a whole Lantern: no fault of the server, no status and no
// answer that is not described. The seed is fixed; LANTERN_REQUESTS_SEED and LANTERN_REQUESTS_ROUNDS draw others.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <sstream>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

int from_environment(const char* name, int otherwise) {
    const char* value = std::getenv(name);
    return value ? std::atoi(value) : otherwise;
}

// The bundled configuration, but that limits of requests would keep most of ours out, and that event types without
// a schema are taken, so that some are.
fs::path open_configuration(const fs::path& in) {
    fs::copy(LANTERN_CONFIG, in, fs::copy_options::recursive);
    std::stringstream text;
    text << std::ifstream(in / "lantern.yaml").rdbuf();
    auto changed = std::regex_replace(text.str(), std::regex("(per_name|per_address): [0-9]+/m"), "$1: 100000/m");
    changed = std::regex_replace(changed, std::regex("unknown_types: refuse"), "unknown_types: accept");
    EXPECT_NE(changed, text.str());
    std::ofstream(in / "lantern.yaml") << changed;
    return in;
}

TEST(Requests, DrawnFromTheDescriptionAreAnsweredAsItSays) {
    const auto place = fresh_directory();
    DevInstance instance({place / "dev", open_configuration(place / "config")});
    const auto started = instance.start();
    ASSERT_TRUE(started.ended.clean()) << started.output;

    json::array logins;
    for (const std::string name : {"ann", "bob", "cid", "dan", "eve", "fay"}) {
        ASSERT_EQ(instance.create_user(name).status, 201);
        logins.push_back(json::object{{"username", name}, {"password", "correct horse"}});
    }
    const int seed = from_environment("LANTERN_REQUESTS_SEED", 1);
    const json::object plan{{"url", instance.endpoint("http_url")},
                            {"token", instance.endpoint("admin_token")},
                            {"bodies", json::object{{"log_in", logins}}},
                            {"seed", seed},
                            {"rounds", from_environment("LANTERN_REQUESTS_ROUNDS", 8)},
                            // Its token comes by mail.
                            {"unreached", json::array{"complete_password_reset_user"}},
                            // Binary form needs its headers; a revision or a time; a filter and an order.
                            {"conditional", json::array{"take_events", "get_user_at", "list_users"}}};
    std::ofstream(place / "plan.json") << json::serialize(plan);

    processes::Program program;
    program.argv = {"/usr/bin/env", "node", LANTERN_REQUESTS, (place / "plan.json").string()};
    const auto drawn = processes::run(program, std::chrono::seconds(600));
    std::cout << "LANTERN_REQUESTS_SEED=" << seed << "\n" << drawn.output << std::flush;
    EXPECT_TRUE(drawn.ended.clean());
}

}  // namespace
}  // namespace lantern::test
