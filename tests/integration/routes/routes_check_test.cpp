// `lantern routes check`, as an operator runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace lantern {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Checked {
    int status = 0;
    std::string output;
};

// `words` may name the file, and another configuration.
Checked check(const std::string& words) {
    const std::string config = words.starts_with("--config") ? "" : std::string(" --config ") + LANTERN_CONFIG;
    const std::string command = std::string("LANTERN_CACHE_DIR='") + testing::TempDir() + "routes_check_cache' " +
                                LANTERN_BINARY + " routes check" + config + " --plugins " + LANTERN_PLUGINS + " " +
                                words + " 2>&1";
    Checked checked;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::array<char, 4096> part{};
    while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) checked.output += part.data();
    checked.status = ::pclose(pipe);
    return checked;
}

TEST(RoutesCheck, TheBundledRoutingFitsTheBundledPlugins) {
    const Checked checked = check("");
    EXPECT_EQ(checked.status, 0) << checked.output;
    EXPECT_THAT(checked.output, HasSubstr("4 handlers of 8 event types"));
}

TEST(RoutesCheck, EveryMisfitIsToldWithItsPlace) {
    const auto file = std::filesystem::path(testing::TempDir()) / "routes_check_test.yaml";
    std::ofstream(file) << "version: 1\n"
                           "events:\n"
                           "  USER_CREATED: [user_read_modl, welcome_email, audit_log]\n"
                           "  USER_RENAMED: [user_read_model]\n"
                           "handlers:\n"
                           "  welcome_email: {settings: {form: a@b}}\n"
                           "  audit_log: {plugin: user}\n";
    const Checked checked = check(file.string());
    EXPECT_NE(checked.status, 0);
    const std::string at = file.string();
    EXPECT_THAT(checked.output, HasSubstr(at + ":3:18: found the handler \"user_read_modl\" of an unknown plugin"));
    EXPECT_THAT(checked.output, HasSubstr("did you mean \"user_read_model\"?"));
    EXPECT_THAT(checked.output, HasSubstr(at + ":4:18: found the event type \"USER_RENAMED\""));
    EXPECT_THAT(checked.output, HasSubstr(at + ":6:29: found settings of \"welcome_email\""));
    EXPECT_THAT(checked.output,
                HasSubstr(at + ":7:23: found the handler \"audit_log\" of the plugin \"user\", an aggregate"));
    std::filesystem::remove(file);
}

TEST(RoutesCheck, QueriesThatAskForWhatIsNotThereAreToldWithTheirPlace) {
    const auto directory = std::filesystem::path(testing::TempDir()) / "routes_check_queries";
    std::filesystem::remove_all(directory);
    std::filesystem::copy(LANTERN_CONFIG, directory, std::filesystem::copy_options::recursive);
    const auto file = directory / "lantern.yaml";
    std::ofstream(file)
        << "version: 1\n"
           "http:\n"
           "  queries:\n"
           "    - {show: row, path: '/a/{id}/', aggregate: usr, handler: user_read_model, table: users}\n"
           "    - {show: rows, path: /b/, handler: audit_lag, table: audit_log, order_by: [time]}\n"
           "    - {show: rows, path: /c/, handler: audit_log, table: audits, order_by: [time]}\n"
           "    - show: rows\n"
           "      path: /d/\n"
           "      handler: audit_log\n"
           "      table: audit_log\n"
           "      order_by: [tme]\n"
           "      filters: [{parameter: actor}, {parameter: who, column: actr}]\n"
           "    - show: rows\n"
           "      path: /e/\n"
           "      handler: audit_log\n"
           "      table: audit_log\n"
           "      order_by: [time]\n"
           "      sorts: [time, reason]\n"
           "      filters: [{parameter: actor}, {parameter: reason}]\n"
           "postgres: {url: 'postgresql://lantern@127.0.0.1:5432/lantern'}\n"
           "amqp: {url: 'amqp://guest:guest@127.0.0.1:5672/'}\n";
    const Checked checked = check("--config '" + directory.string() + "'");
    EXPECT_NE(checked.status, 0);
    const std::string at = file.string();
    EXPECT_THAT(checked.output, HasSubstr(at + ":4:48: found the aggregate \"usr\", which no plugin is"));
    EXPECT_THAT(checked.output,
                HasSubstr(at + ":5:40: found the handler \"audit_lag\", to which no event is routed"));
    EXPECT_THAT(checked.output, HasSubstr("did you mean \"audit_log\"?"));
    EXPECT_THAT(checked.output, HasSubstr(at + ":6:58: found the table \"audits\""));
    EXPECT_THAT(checked.output, HasSubstr(at + ":11:18: found the column \"tme\""));
    EXPECT_THAT(checked.output, HasSubstr(at + ":12:37: found the column \"actr\""));
    EXPECT_THAT(checked.output,
                HasSubstr(at + ":18:21: found the order of \"reason\", with which no index of "
                               "\"audit_log\" begins; expected one of time, actor, action, subject"));
    EXPECT_THAT(checked.output, HasSubstr(at + ":19:37: found the filter \"reason\""));
    EXPECT_THAT(checked.output, HasSubstr("7 problems"));
    std::filesystem::remove_all(directory);
}

TEST(RoutesCheck, AFileThatIsNotThereIsAProblem) {
    const Checked checked = check("/nowhere/routing.yaml");
    EXPECT_NE(checked.status, 0);
    EXPECT_THAT(checked.output, HasSubstr("/nowhere/routing.yaml: found no such file"));
    EXPECT_THAT(checked.output, Not(HasSubstr("handlers of")));
}

}  // namespace
}  // namespace lantern
