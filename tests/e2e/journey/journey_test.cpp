// One event through every process, from POST to the row that a query returns.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/dev_suite.hpp"

namespace lantern::test {
namespace {

class JourneyTest : public DevSuite {};

std::size_t mails_for(const DevInstance& instance, const std::string& address) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(instance.data() / "mail")) {
        std::ifstream in(entry.path());
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        if (entry.path().extension() == ".eml" && text.find(address) != std::string::npos) ++count;
    }
    return count;
}

TEST_F(JourneyTest, a_created_user_is_shown_mailed_and_audited) {
    const auto created = instance->create_user("sarah");
    ASSERT_EQ(created.status, 201) << created.body;
    EXPECT_EQ(boost::json::parse(created.body).at("revision").to_number<int>(), 1);
    const std::string id = id_of(created);

    HttpAnswer shown;
    EXPECT_TRUE(eventually([&] {
        shown = instance->http({.path = "/v1/users/" + id + "/"});
        return shown.status == 200;
    })) << shown.body;
    EXPECT_EQ(boost::json::parse(shown.body).at("username").as_string(), "sarah");
    EXPECT_EQ(instance->sql("select 1 from user_read_model.users where username = 'sarah'").size(), 1u);

    EXPECT_TRUE(eventually([&] { return mails_for(*instance, "sarah@example.com") == 1; }));
    EXPECT_TRUE(eventually([&] {
        return instance->sql("select 1 from audit_log.audit_log where subject = '" + id + "'").size() == 1;
    }));
}

TEST_F(JourneyTest, a_deleted_user_is_gone_from_the_model_and_kept_in_history) {
    const auto created = instance->create_user("deleted");
    ASSERT_EQ(created.status, 201) << created.body;
    const std::string path = "/v1/users/" + id_of(created) + "/";
    const auto deleted =
        instance->http({.method = "DELETE", .path = path, .body = R"({"reason": "asked by the user"})"});
    EXPECT_EQ(deleted.status, 200) << deleted.body;
    EXPECT_TRUE(eventually([&] { return instance->http({.path = path}).status == 404; }));
    const auto history = instance->http({.path = path + "history/"});
    EXPECT_EQ(history.status, 200);
    EXPECT_NE(history.body.find("USER_DELETED"), std::string::npos) << history.body;
    EXPECT_EQ(history.body.find("password_hash\":\"$"), std::string::npos) << history.body;
}

TEST_F(JourneyTest, status_shows_every_handler_with_its_workers) {
    processes::Finished shown;
    ASSERT_TRUE(eventually([&] {
        return (shown = instance->lantern({"status", "-o", "json"})).ended.clean();
    })) << shown.output;
    const auto status = boost::json::parse(shown.output);
    const auto& handlers = status.at("handlers").as_array();
    EXPECT_EQ(handlers.size(), 4u);
    for (const auto& handler : handlers) {
        EXPECT_EQ(handler.at("state").as_string(), "attached") << shown.output;
        EXPECT_FALSE(handler.at("workers").as_array().empty()) << shown.output;
    }
}

}  // namespace
}  // namespace lantern::test
