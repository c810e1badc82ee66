// The welcome mail into a folder; tests/integration/plugins sends it to a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include <lantern/testing.hpp>

namespace {

using namespace lantern::testing;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
namespace fs = std::filesystem;

class WelcomeEmail : public ::testing::Test {
protected:
    WelcomeEmail() : folder_(fs::temp_directory_path() / ("lantern_mail_" + std::to_string(getpid()))) {}
    ~WelcomeEmail() override { fs::remove_all(folder_); }

    std::string settings(json::object more = {}) const {
        json::object settings{{"from", "welcome@example.com"}, {"directory", folder_.string()}};
        for (const auto& [name, value] : more) settings[name] = value;
        return json::serialize(settings);
    }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
        return names;
    }
    std::string content(const std::string& name) const {
        std::ifstream file(folder_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    const fs::path folder_;
};

GivenEvent created(std::string_view email = "sarah@example.com") {
    const json::object data{
        {"username", "sarah"}, {"email", json::string(email)}, {"first_name", "Sarah <b>"}, {"last_name", "Connor"},
        {"role", "user"},      {"password_hash", "secret"}};
    return event("USER_CREATED", "user/1", json::serialize(data)).version(2).at("2026-11-23T15:47:05Z");
}

TEST_F(WelcomeEmail, IsAFileNamedByTheIdempotencyKey) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_EQ(run.act(created()).text(), "applied");
    ASSERT_THAT(files(), ::testing::ElementsAre("01900000-0000-5000-8000-000000000001.eml"));
    const std::string mail = content(files().front());
    EXPECT_THAT(mail, HasSubstr("To: sarah@example.com\r\n"));
    EXPECT_THAT(mail, HasSubstr("Subject: Welcome, Sarah <b>\r\n"));
    EXPECT_THAT(mail, HasSubstr("Message-ID: <01900000-0000-5000-8000-000000000001@example.com>\r\n"));
    EXPECT_THAT(mail, HasSubstr("Your username is sarah."));
    EXPECT_THAT(mail, HasSubstr("Hello Sarah <b>,"));
    EXPECT_THAT(mail, HasSubstr("Hello Sarah &lt;b&gt;,"));
    EXPECT_THAT(mail, ::testing::Not(HasSubstr("secret")));
}

TEST_F(WelcomeEmail, WhoHasNoFirstNameIsGreetedByUsername) {
    SideEffectRun run(lantern_plugin, settings());
    for (const auto* name : {"", R"("first_name":"",)", R"("first_name":null,)"}) {
        const std::string data =
            std::string("{") + name + R"("username":"sarah","email":"sarah@example.com","password_hash":"x"})";
        EXPECT_EQ(run.act(event("USER_CREATED", "user/1", data).version(2)).text(), "applied");
        const std::string mail = content(files().front());
        EXPECT_THAT(mail, HasSubstr("Subject: Welcome, sarah\r\n"));
        EXPECT_THAT(mail, HasSubstr("\r\n\r\nHello sarah,\r\n"));
        EXPECT_THAT(mail, HasSubstr("<p>Hello sarah,</p>"));
    }
}

TEST_F(WelcomeEmail, TheNextAttemptGivesTheSameFile) {
    SideEffectRun run(lantern_plugin, settings());
    run.act(created());
    const std::string first = content(files().front());
    EXPECT_EQ(run.act(created(), {.number = 2}).text(), "applied");
    EXPECT_EQ(files().size(), 1u);
    EXPECT_EQ(content(files().front()), first);
}

TEST_F(WelcomeEmail, TemplatesComeFromTheSettings) {
    SideEffectRun run(
        lantern_plugin,
        settings({{"subject", "Hi {{username}}"}, {"text", "Only text for {{email}}"}, {"html", ""}}));
    run.act(created());
    const std::string mail = content(files().front());
    EXPECT_THAT(mail, HasSubstr("Subject: Hi sarah\r\n"));
    EXPECT_THAT(mail, HasSubstr("\r\n\r\nOnly text for sarah@example.com\r\n"));
}

TEST_F(WelcomeEmail, WrongSettingsAreNamed) {
    const auto make = [&](json::object more) { SideEffectRun(lantern_plugin, settings(std::move(more))); };
    EXPECT_THAT([&] { make({{"from", "nobody"}}); }, ThrowsMessage<Failure>(HasSubstr("setting from")));
    EXPECT_THAT([&] { make({{"text", "{{password_hash}}"}}); }, ThrowsMessage<Failure>(HasSubstr("setting text")));
    EXPECT_THAT(
        [&] {
            make({{"directory", ""}, {"smtp_url", "http://x"}});
        },
        ThrowsMessage<Failure>(HasSubstr("setting smtp_url")));
}

TEST_F(WelcomeEmail, AnAddressThatIsNoneIsRejected) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_EQ(run.act(created("a@b\r\nRCPT TO:<c@d>")).kind, LANTERN_REJECTED);
    EXPECT_TRUE(files().empty());
}

TEST_F(WelcomeEmail, AFolderThatIsGoneIsUnavailable) {
    SideEffectRun run(lantern_plugin, settings());
    fs::remove_all(folder_);
    EXPECT_THAT(run.act(created()).text(), HasSubstr("unavailable folder"));
    fs::create_directories(folder_);
    EXPECT_EQ(run.act(created()).text(), "applied");
}

}  // namespace
