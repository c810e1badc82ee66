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
    ASSERT_EQ(http.commands.size(), 8u);
    EXPECT_EQ(http.commands[0].method, "POST");
    EXPECT_EQ(http.commands[0].status, 201);
    EXPECT_TRUE(http.commands[0].creates);
    EXPECT_EQ(http.commands[1].access, Access::self);
    EXPECT_EQ(http.commands[5].method, "DELETE");
    EXPECT_EQ(http.commands[6].key, "email");
    EXPECT_TRUE(http.commands[6].blind);
    EXPECT_EQ(http.commands[6].per_address, (Rate{20, std::chrono::minutes(1)}));
    EXPECT_EQ(http.commands[7].id_field, "user_id");
    ASSERT_EQ(http.queries.size(), 6u);
    EXPECT_EQ(http.queries[0].path, "/v1/users/{id}/");
    EXPECT_EQ(http.queries[0].absent_when, "deleted_at");
    EXPECT_THAT(http.queries[1].sorts, testing::ElementsAre("created_at", "username", "email"));
    EXPECT_EQ(http.queries[5].filters.size(), 5u);
    EXPECT_EQ(http.queries[5].filters[4].column, "time");
    EXPECT_EQ(http.queries[5].filters[4].compare, QueryFilter::Compare::to);
}

TEST(BundledConfig, NobodyLogsInWithoutAKey) {
    const std::map<std::string, std::string> environment{{"LANTERN_TOKEN_KEY", "0123456789abcdef0123456789abcdef"},
                                                         {"LANTERN_RESET_KEY", "a reset key"}};
    const auto settings = read_settings(kDirectory / "lantern.yaml", fixed_environment(environment));
    ASSERT_TRUE(settings) << text(settings.error());
    const AuthSettings& auth = settings.value().http.auth;
    EXPECT_EQ(auth.aggregate, "user");
    EXPECT_THAT(auth.keys, testing::ElementsAre("email", "username"));
    EXPECT_EQ(auth.require.at("status"), "active");
    EXPECT_THAT(auth.scopes.at("admin"), testing::ElementsAre("*", "user:admin"));
    EXPECT_TRUE(auth.scopes.at("user").empty());
    EXPECT_EQ(auth.token_key.size(), 32u);
    EXPECT_EQ(auth.per_name, (Rate{10, std::chrono::minutes(1)}));
    EXPECT_THAT(settings.value().aggregate_settings.at("user"), testing::HasSubstr(R"("reset_key":"a reset key")"));
    const auto without = read_settings(kDirectory / "lantern.yaml", fixed_environment({}));
    EXPECT_TRUE(without.value().http.auth.token_key.empty());
}

TEST(AuthSettings, EverythingWrongIsTold) {
    const auto settings = parse_settings(R"(
version: 1
postgres: {url: postgresql://x}
amqp: {url: amqp://x}
http:
  auth: {path: auth, aggregate: User, token_key: short, per_name: often, scopes: {admin: all}, colour: red}
  commands:
    - {method: PUT, path: /x/, aggregate: a, command: c, creates: true, access: self}
    - {method: PUT, path: /y/, aggregate: a, command: c, creates: true, access: anyone, scope: s, key: email}
)",
                                         "/etc/lantern.yaml", fixed_environment({}));
    ASSERT_FALSE(settings);
    const auto problems = text(settings.error());
    for (const char* part :
         {"found the path \"auth\"", "aggregate \"User\"", "a token_key of 5 bytes",
          "10/s, 100/m or 5000/h (per_name)", "a list of texts (admin)", "unknown key \"colour\"",
          "auth without \"keys\"", "auth without \"secret\"", "access: self in a path without {id}",
          "a scope of a route for anyone", "key without id_field"})
        EXPECT_THAT(problems, testing::HasSubstr(part));
}

TEST(BundledConfig, RoutingIsReadAndMailsGoWhereTheEnvironmentSays) {
    const auto routing =
        read_routing(kDirectory / "routing.yaml", fixed_environment({{"LANTERN_MAIL_DIR", "/data/mail"}}));
    ASSERT_TRUE(routing) << text(routing.error());
    ASSERT_EQ(routing.value().handlers.size(), 4u);
    const HandlerSettings& mail = routing.value().handlers[3];
    EXPECT_EQ(mail.name.value, "welcome_email");
    EXPECT_EQ(mail.concurrency, 2);
    EXPECT_THAT(mail.settings, testing::HasSubstr(R"("directory":"/data/mail")"));
    EXPECT_THAT(mail.event_types, testing::ElementsAre("USER_CREATED"));
}

}  // namespace
}  // namespace lantern::settings
