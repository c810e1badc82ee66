// The mail of a reset into a folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <lantern/testing.hpp>

#include "plugins/user/reset_token.hpp"

namespace {

using namespace lantern::testing;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr auto kKey = "a key of sixteen bytes";

class PasswordResetEmail : public ::testing::Test {
protected:
    PasswordResetEmail() : folder_(fs::temp_directory_path() / ("lantern_reset_" + std::to_string(getpid()))) {}
    ~PasswordResetEmail() override { fs::remove_all(folder_); }

    std::string settings(std::string_view key = kKey) const {
        return json::serialize(
            json::object{{"from", "help@example.com"},
                         {"directory", folder_.string()},
                         {"reset_key", json::string(key)},
                         {"text", "https://example.com/reset?user={{user_id}}&token={{token}}"}});
    }
    std::string mail() const {
        for (const auto& entry : fs::directory_iterator(folder_)) {
            std::ifstream file(entry.path());
            return {std::istreambuf_iterator<char>(file), {}};
        }
        return {};
    }

    const std::string token_ = user::reset_token(kKey, "1", "r-1");
    const fs::path folder_;
};

GivenEvent requested(const std::string& token, std::string_view expires = "2099-01-01T00:00:00Z") {
    return event("PASSWORD_RESET_REQUESTED", "user/1",
                 json::serialize(json::object{{"reset_id", "r-1"},
                                              {"token_hash", user::hash_of_token(token)},
                                              {"expires_at", json::string(expires)},
                                              {"email", "sarah@example.com"}}))
        .at("2026-11-23T15:47:05Z");
}

TEST_F(PasswordResetEmail, CarriesTheTokenThatNoEventHolds) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_EQ(run.act(requested(token_)).text(), "applied");
    EXPECT_THAT(mail(), HasSubstr("To: sarah@example.com\r\n"));
    // Quoted-printable breaks the line and writes = as =3D.
    std::string plain;
    for (const char c : mail())
        if (c != '\r' && c != '\n' && c != '=') plain += c;
    EXPECT_THAT(plain, HasSubstr(token_));
}

TEST_F(PasswordResetEmail, AnExpiredResetIsNotSent) {
    SideEffectRun run(lantern_plugin, settings());
    EXPECT_THAT(run.act(requested(token_, "2026-11-23T16:00:00Z")).text(), HasSubstr("expired"));
}

TEST_F(PasswordResetEmail, AnotherKeyThanTheAggregatesIsTold) {
    SideEffectRun run(lantern_plugin, settings("another key of some bytes"));
    EXPECT_THAT(run.act(requested(token_)).text(), HasSubstr("reset_key"));
    SideEffectRun short_key(lantern_plugin, settings("short"));
    EXPECT_THAT(short_key.act(requested(token_)).text(), HasSubstr("reset_key"));
}

}  // namespace
