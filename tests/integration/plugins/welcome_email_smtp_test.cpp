// The welcome mail by SMTP to a real server (python3-aiosmtpd) on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include <lantern/testing.hpp>

#include "host/processes/child.hpp"
#include "tests/support/eventually.hpp"

namespace {

using namespace lantern::testing;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string content(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Smtp : public ::testing::Test {
protected:
    Smtp() : folder_(fs::temp_directory_path() / ("lantern_smtp_" + std::to_string(getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        start();
    }
    ~Smtp() override {
        server_.reset();
        fs::remove_all(folder_);
    }

    void start() {
        lantern::processes::Program program;
        program.argv = {"/usr/bin/python3",  // Debian's, which has python3-aiosmtpd
                        SMTP_SERVER, folder_.string()};
        program.output = folder_ / "log";
        server_ = std::make_unique<lantern::processes::Child>(program);
        ASSERT_TRUE(lantern::test::eventually([&] { return fs::exists(folder_ / "port") || !server_->running(); }));
        ASSERT_TRUE(server_->running()) << content(folder_ / "log");
        port_ = content(folder_ / "port");
    }
    void stop() {
        server_.reset();
        fs::remove(folder_ / "port");
    }

    std::string settings(const std::string& from = "welcome@example.com") const {
        return json::serialize(json::object{{"from", from},
                                            {"smtp_url", "smtp://127.0.0.1:" + port_},
                                            {"subject", "Grüße, {{first_name}}"},
                                            {"text", "Hello {{first_name}}\n.\n..dots\nend\n"}});
    }
    json::object received(int number) const {
        return parse_expected(content(folder_ / (std::to_string(number) + ".json"))).as_object();
    }

    const fs::path folder_;
    std::unique_ptr<lantern::processes::Child> server_;
    std::string port_;
};

GivenEvent created(std::string_view email) {
    const json::object data{{"username", "sarah"}, {"email", json::string(email)}, {"first_name", "Sarah"}};
    return event("USER_CREATED", "user/1", json::serialize(data)).version(2);
}

TEST_F(Smtp, TheMessageArrivesWhole) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_EQ(run.act(created("sarah@example.com")).text(), "applied");
    const json::object mail = received(1);
    EXPECT_EQ(mail.at("from").as_string(), "welcome@example.com");
    EXPECT_EQ(mail.at("to"), json::parse(R"(["sarah@example.com"])"));
    const std::string bytes(view(mail.at("content").as_string()));
    EXPECT_THAT(bytes, HasSubstr("Message-ID: <01900000-0000-5000-8000-000000000001@example.com>\r\n"));
    EXPECT_THAT(bytes, HasSubstr("Subject: =?UTF-8?B?R3LDvMOfZSwgU2FyYWg=?=\r\n"));
    EXPECT_THAT(bytes, HasSubstr("Hello Sarah\r\n.\r\n..dots\r\nend\r\n"));
}

TEST_F(Smtp, TheConnectionIsKeptForTheNextMessage) {
    SideEffectRun run(lantern_plugin, settings());
    for (int n = 0; n < 3; ++n) EXPECT_EQ(run.act(created("sarah@example.com")).text(), "applied");
    EXPECT_EQ(received(1).at("peer_port"), received(3).at("peer_port"));
}

TEST_F(Smtp, ARecipientThatIsRefusedIsRejected) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_EQ(run.act(created("refused@example.com")).kind, LANTERN_REJECTED);
    EXPECT_EQ(run.act(created("spam@example.com")).kind, LANTERN_REJECTED);
    EXPECT_EQ(run.act(created("sarah@example.com")).text(), "applied");
}

TEST_F(Smtp, ATemporaryRefusalIsRetried) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_EQ(run.act(created("later@example.com")).kind, LANTERN_RETRY);
}

TEST_F(Smtp, AServerThatLeavesOrTakesNothingFromUsIsUnavailable) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_EQ(run.act(created("leaving@example.com")).kind, LANTERN_UNAVAILABLE);
    SideEffectRun unwanted(lantern_plugin, settings("unwanted@example.com"));
    EXPECT_EQ(unwanted.act(created("sarah@example.com")).kind, LANTERN_UNAVAILABLE);
}

TEST_F(Smtp, AServerThatIsGoneIsUnavailableUntilItIsBack) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_EQ(run.act(created("sarah@example.com")).text(), "applied");
    stop();
    const Answer gone = run.act(created("sarah@example.com"));
    EXPECT_THAT(gone.text(), HasSubstr("unavailable smtp"));
    start();
    SideEffectRun again(lantern_plugin, settings());
    EXPECT_EQ(again.act(created("sarah@example.com")).text(), "applied");
}

}  // namespace
