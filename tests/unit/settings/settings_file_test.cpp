#include "host/settings/settings_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lantern::settings {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kServers =
    "version: 1\npostgres: {url: \"postgresql://a@h/d\"}\namqp: {url: \"amqp://g:g@h/v\"}\n";

Result<Settings, Problems> parse(const std::string& text, std::map<std::string, std::string> variables = {}) {
    return parse_settings(text, "/etc/lantern/lantern.yaml", fixed_environment(std::move(variables)));
}

std::string problems_of(const std::string& text, std::map<std::string, std::string> variables = {}) {
    const auto settings = parse(text, std::move(variables));
    return settings ? "" : settings::text(settings.error());
}

TEST(SettingsFile, DefaultsAndPathsBesideTheFile) {
    const auto settings = parse(kServers);
    ASSERT_TRUE(settings) << text(settings.error());
    EXPECT_EQ(settings.value().routing_file, "/etc/lantern/routing.yaml");
    EXPECT_EQ(settings.value().schema_directory, "/etc/lantern/schemas");
    EXPECT_EQ(settings.value().plugin_directory, "");
    EXPECT_EQ(settings.value().http.port, 8080);
    EXPECT_EQ(settings.value().log.level, "info");
}

TEST(SettingsFile, EveryKeyIsRead) {
    const auto settings = parse(kServers + R"(
plugins: {directory: plugins}
routing: {file: /r.yaml}
schemas: {directory: ../s}
log: {format: json, level: debug}
metrics: {address: 10.0.0.1, port: 9000}
keep: {effects: 90d}
intake: {path: "", scope: "e:a", queue: incoming, into_aggregates: [user], unknown_types: accept}
http: {address: 0.0.0.0, port: 0, processes: 3, serving: 2, threads: 4, hash_threads: 1, body_max: 64KiB,
       admin_token: {env: TOKEN}}
)",
                                {{"TOKEN", "sixteen-bytes-or-more"}});
    ASSERT_TRUE(settings) << text(settings.error());
    const Settings& read = settings.value();
    EXPECT_EQ(read.postgres_url, "postgresql://a@h/d");
    EXPECT_EQ(read.amqp_url, "amqp://g:g@h/v");
    EXPECT_EQ(read.plugin_directory, "/etc/lantern/plugins");
    EXPECT_EQ(read.routing_file, "/r.yaml");
    EXPECT_EQ(read.schema_directory, "/etc/s");
    EXPECT_EQ(read.log.format, LogSettings::Format::json);
    EXPECT_EQ(read.log.level, "debug");
    EXPECT_EQ(read.metrics.address, "10.0.0.1");
    EXPECT_EQ(read.metrics.port, 9000);
    EXPECT_EQ(read.intake.path, "");
    EXPECT_EQ(read.intake.scope, "e:a");
    EXPECT_EQ(read.intake.queue, "incoming");
    EXPECT_THAT(read.intake.into_aggregates, ElementsAre("user"));
    EXPECT_EQ(read.intake.unknown_types, IntakeSettings::UnknownTypes::accept);
    EXPECT_EQ(read.keep.effects, std::chrono::hours(24 * 90));
    EXPECT_EQ(read.keep.attempts, limits::kKeepAttempts);
    EXPECT_EQ(read.http.address, "0.0.0.0");
    EXPECT_EQ(read.http.port, 0);
    EXPECT_EQ(read.http.processes, 3);
    EXPECT_EQ(read.http.serving, 2);
    EXPECT_EQ(read.http.threads, 4);
    EXPECT_EQ(read.http.hash_threads, 1);
    EXPECT_EQ(read.http.body_bytes_max, 65536u);
    EXPECT_EQ(read.http.admin_token, "sixteen-bytes-or-more");
}

TEST(SettingsFile, TheEnvironmentWins) {
    const auto settings = parse(kServers + "http: {port: 1}\n", {{"LANTERN_POSTGRES_URL", "postgresql://other"},
                                                                 {"LANTERN_AMQP_URL", "amqp://other"},
                                                                 {"LANTERN_HTTP_PORT", "8081"},
                                                                 {"LANTERN_ADMIN_TOKEN", "0123456789abcdef"},
                                                                 {"LANTERN_PLUGIN_DIR", "/plugins"},
                                                                 {"LANTERN_LOG_FORMAT", "text"}});
    ASSERT_TRUE(settings) << text(settings.error());
    EXPECT_EQ(settings.value().postgres_url, "postgresql://other");
    EXPECT_EQ(settings.value().amqp_url, "amqp://other");
    EXPECT_EQ(settings.value().http.port, 8081);
    EXPECT_EQ(settings.value().http.admin_token, "0123456789abcdef");
    EXPECT_EQ(settings.value().plugin_directory, "/plugins");
    EXPECT_EQ(settings.value().log.format, LogSettings::Format::text);
    EXPECT_THAT(problems_of(kServers, {{"LANTERN_HTTP_PORT", "http"}}), HasSubstr("LANTERN_HTTP_PORT \"http\""));
}

TEST(SettingsFile, ServersMustBeNamed) {
    const std::string problems = problems_of("version: 1\n");
    EXPECT_THAT(problems, HasSubstr("no PostgreSQL server"));
    EXPECT_THAT(problems, HasSubstr("no RabbitMQ server"));
    EXPECT_EQ(
        problems_of("version: 1\n", {{"LANTERN_POSTGRES_URL", "postgresql://h"}, {"LANTERN_AMQP_URL", "amqp://h"}}),
        "");
}

TEST(SettingsFile, AllProblemsComeAtOnce) {
    const auto settings = parse(R"(version: 1
postgres: {ulr: x}
amqp: [x]
http:
  port: 70000
  body_max: 1000000
  processes: two
log: {level: verbose}
htpp: {}
)");
    ASSERT_FALSE(settings);
    std::vector<int> lines;
    for (const auto& problem : settings.error()) lines.push_back(problem.line);
    const std::string all = text(settings.error());
    EXPECT_THAT(lines, ElementsAre(2, 3, 5, 6, 7, 8, 9)) << all;
    EXPECT_THAT(all, HasSubstr("did you mean \"url\"?"));
    EXPECT_THAT(all, HasSubstr("did you mean \"http\"?"));
    EXPECT_THAT(all,
                HasSubstr("lantern.yaml:5:9: found \"70000\"; expected a whole number from 0 to 65535 (port)"));
    EXPECT_THAT(all, HasSubstr("with its unit B, KiB, MiB or GiB"));
}

TEST(SettingsFile, ASecretIsNeverShown) {
    const std::string problems = problems_of(kServers + "http: {port: {env: SECRET}, admin_token: {env: SHORT}}\n",
                                             {{"SECRET", "hunter2"}, {"SHORT", "hunter3"}});
    EXPECT_THAT(problems, HasSubstr("the value of the environment variable SECRET"));
    EXPECT_THAT(problems, testing::Not(HasSubstr("hunter")));
}

TEST(SettingsFile, RoutesAreChecked) {
    const std::string problems = problems_of(kServers + R"(http:
  commands:
    - {method: GET, path: /v1/x/, aggregate: a, command: c, creates: true}
    - {method: POST, path: v1, aggregate: a, command: c, creates: true}
    - {method: POST, path: /v1/x/, aggregate: a, command: c}
    - {method: POST, path: "/v1/x/{id}/", aggregate: A, command: c, creates: true}
    - {method: PUT, path: "/v1/x/{id}/"}
    - {method: PUT, path: "/v1/x/{id}", aggregate: a, command: c}
  queries:
    - {path: /v1/x/}
    - {show: row, path: "/v1/x/{id}/"}
    - {show: rows, path: /v1/y/, handler: h, table: t}
    - {show: rows, path: /v1/z/, handler: h, table: t, order_by: [Time], filters: [{parameter: a}, {parameter: a}]}
)");
    for (const char* expected :
         {"lantern.yaml:6:16: found \"GET\"; expected one of POST", "path \"v1\"; expected a path like",
          "{id} in the path, or \"creates: true\"", "no {id} in the path", "aggregate \"A\"",
          "without \"aggregate\"", "without \"command\"", "a second route for PUT /v1/x/{id}/", "without \"show\"",
          "without \"handler\"", "rows without order_by", "order_by \"Time\"", "a second filter \"a\""}) {
        EXPECT_THAT(problems, HasSubstr(expected));
    }
}

}  // namespace
}  // namespace lantern::settings
