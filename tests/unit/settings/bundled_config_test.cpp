// The configuration that is shipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/settings/routing_file.hpp"
#include "host/settings/settings_file.hpp"

namespace lantern::settings {
namespace {

const std::filesystem::path kDirectory = CONFIG_DIRECTORY;

TEST(BundledConfig, SettingsAreRead) {
    const auto settings = read_settings(kDirectory / "lantern.yaml", fixed_environment({}));
    ASSERT_TRUE(settings) << text(settings.error());
    const HttpSettings& http = settings.value().http;
    ASSERT_EQ(http.commands.size(), 4u);
    EXPECT_EQ(http.commands[0].method, "POST");
    EXPECT_EQ(http.commands[0].status, 201);
    EXPECT_TRUE(http.commands[0].creates);
    EXPECT_EQ(http.commands[3].method, "DELETE");
    ASSERT_EQ(http.queries.size(), 4u);
    EXPECT_EQ(http.queries[0].path, "/v1/users/{id}/");
    EXPECT_EQ(http.queries[0].absent_when, "deleted_at");
    EXPECT_EQ(http.queries[3].filters.size(), 5u);
    EXPECT_EQ(http.queries[3].filters[4].column, "time");
    EXPECT_EQ(http.queries[3].filters[4].compare, QueryFilter::Compare::to);
}

TEST(BundledConfig, RoutingIsReadAndMailsGoWhereTheEnvironmentSays) {
    const auto routing =
        read_routing(kDirectory / "routing.yaml", fixed_environment({{"LANTERN_MAIL_DIR", "/data/mail"}}));
    ASSERT_TRUE(routing) << text(routing.error());
    ASSERT_EQ(routing.value().handlers.size(), 3u);
    const HandlerSettings& mail = routing.value().handlers[2];
    EXPECT_EQ(mail.name.value, "welcome_email");
    EXPECT_EQ(mail.concurrency, 2);
    EXPECT_THAT(mail.settings, testing::HasSubstr(R"("directory":"/data/mail")"));
    EXPECT_THAT(mail.event_types, testing::ElementsAre("USER_CREATED"));
}

}  // namespace
}  // namespace lantern::settings
