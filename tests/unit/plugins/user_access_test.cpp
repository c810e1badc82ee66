// Usernames, status, resets of passwords, and the administrators of whom one must stay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/testing.hpp>

#include "plugins/user/reset_token.hpp"

namespace {

using namespace lantern::testing;

constexpr auto kSettings = R"({"reset_key": "a key of sixteen bytes", "reset_minutes": 30})";
constexpr auto kResetId = "01900000-0000-7000-9000-000000000001";  // the first fresh id that the kit gives
constexpr auto kNoon = "2026-11-23T12:00:00Z";

GivenEvent created(const char* role = "user") {
    return event(
               "USER_CREATED", "user/1",
               std::string(R"({"username": "Sarah", "email": "sarah@example.com", "first_name": "", "last_name": "",
                    "password_hash": "fake:terminator", "hashing_method": "fake", "role": ")") +
                   role + "\"}")
        .version(2)
        .at("2026-11-23T11:00:00Z");
}
GivenEvent status(const char* to) {
    return event("USER_STATUS_CHANGED", "user/1",
                 json::serialize(json::object{{"status", to}, {"reason", "late"}}));
}
std::string token() {
    return user::reset_token("a key of sixteen bytes", "1", kResetId);
}
GivenEvent requested() {
    return event("PASSWORD_RESET_REQUESTED", "user/1",
                 json::serialize(json::object{{"reset_id", kResetId},
                                              {"token_hash", user::hash_of_token(token())},
                                              {"expires_at", "2026-11-23T12:30:00Z"},
                                              {"email", "sarah@example.com"}}))
        .at(kNoon);
}
std::string completion(const std::string& with_token) {
    return json::serialize(
        json::object{{"reset_id", kResetId}, {"token", with_token}, {"new_password", "new password"}});
}

template <class... Events>
AggregateSpec given(Events... events) {
    AggregateSpec spec(lantern_plugin, kSettings);
    spec.given(std::move(events)...).as("1");
    return spec;
}

TEST(ChangeUsername, MovesTheKeyAndKeepsTheOldName) {
    given(created())
        .when("change_username", R"({"username": " Sally "})")
        .then_emitted({{"USERNAME_CHANGED", R"({"old_username": "Sarah", "new_username": "Sally"})", 1}})
        .then_keys({"username:sally", "email:sarah@example.com"});
    given(created())
        .when("change_username", R"({"username": "SARAH"})")
        .then_emitted({{"USERNAME_CHANGED", R"({"old_username": "Sarah", "new_username": "SARAH"})", 1}});
    given(created()).when("change_username", R"({"username": "Sarah"})").then_rejected(LANTERN_RULE, "username");
    given(created()).when("change_username", R"({"username": "ab"})").then_rejected(LANTERN_INVALID, "username");
}

TEST(ChangeStatus, SuspendsAndReactivatesWithAReason) {
    given(created())
        .when("change_status", R"({"status": "suspended", "reason": "late"})")
        .then_emitted({{"USER_STATUS_CHANGED", R"({"status": "suspended", "reason": "late"})", 1}});
    given(created(), status("suspended"))
        .when("change_status", R"({"status": "active", "reason": "paid"})")
        .then_emitted({{"USER_STATUS_CHANGED", R"({"status": "active", "reason": "paid"})", 1}});
    given(created())
        .when("change_status", R"({"status": "active", "reason": "x"})")
        .then_rejected(LANTERN_RULE, "something_changes");
    auto wrong = given(created()).when("change_status", R"({"status": "king"})");
    wrong.then_rejected(LANTERN_INVALID, "status").then_rejected(LANTERN_INVALID, "reason");
}

TEST(Administrators, AreCountedWhileTheyAreActive) {
    const auto admin = R"({"username": "root", "email": "root@example.com", "password": "long enough",
        "role": "admin"})";
    AggregateSpec(lantern_plugin)
        .as("0", {"user:admin"})
        .when("create", admin)
        .then_counted({"administrators+1>=0"});
    given(created("admin")).when("delete", R"({"reason": "x"})").then_counted({"administrators-1>=1"});
    given(created("admin"))
        .when("change_status", R"({"status": "suspended", "reason": "x"})")
        .then_counted({"administrators-1>=1"});
    given(created("admin"), status("suspended"))
        .when("change_status", R"({"status": "active", "reason": "x"})")
        .then_counted({"administrators+1>=0"});
    given(created("admin"), status("suspended")).when("delete", R"({"reason": "x"})").then_counted({});
    given(created()).when("delete", R"({"reason": "x"})").then_counted({});
}

TEST(Tokens, OfBeforeAreNotGoodAfterWhatEndsThem) {
    const auto epoch = [](AggregateSpec spec) { return spec.state().at("token_epoch").to_number<int>(); };
    EXPECT_EQ(epoch(given(created()).when("update", R"({"first_name": "S"})")), 0);
    const auto change = R"({"current_password": "terminator", "new_password": "new password"})";
    EXPECT_EQ(epoch(given(created()).when("change_password", change)), 1);
    EXPECT_EQ(epoch(given(created()).when("change_status", R"({"status": "suspended", "reason": "x"})")), 1);
    EXPECT_EQ(epoch(given(created()).when("delete", R"({"reason": "x"})")), 1);
    EXPECT_EQ(epoch(given(created(), requested()).at(kNoon).when("complete_password_reset", completion(token()))),
              1);
}

TEST(PasswordReset, TheEventHoldsTheHashOfTheTokenAlone) {
    const auto spec = given(created()).at(kNoon).when("request_password_reset");
    ASSERT_EQ(spec.emitted().size(), 1u);
    EXPECT_EQ(parse_expected(spec.emitted()[0].data),
              parse_expected(json::serialize(json::object{{"reset_id", kResetId},
                                                          {"token_hash", user::hash_of_token(token())},
                                                          {"expires_at", "2026-11-23T12:30:00.000000Z"},
                                                          {"email", "sarah@example.com"}})));
    EXPECT_THAT(spec.emitted()[0].data, ::testing::Not(::testing::HasSubstr(token())));
}

TEST(PasswordReset, IsAskedForInVainWithoutAWordAboutIt) {
    AggregateSpec(lantern_plugin, kSettings).when("request_password_reset").then_nothing();
    given(created(), status("suspended")).when("request_password_reset").then_nothing();
    given(created(), requested()).at("2026-11-23T12:00:59Z").when("request_password_reset").then_nothing();
    EXPECT_EQ(
        given(created(), requested()).at("2026-11-23T12:01:00Z").when("request_password_reset").emitted().size(),
        1u);
}

TEST(PasswordReset, IsCompletedOnceInTimeWithTheToken) {
    given(created(), requested())
        .at("2026-11-23T12:29:59Z")
        .when("complete_password_reset", completion(token()))
        .then_emitted(
            {{"PASSWORD_RESET_COMPLETED",
              R"({"reset_id": "01900000-0000-7000-9000-000000000001", "password_hash": "fake:new password",
                            "hashing_method": "fake"})",
              1}});
    const auto refused = [](AggregateSpec spec, const char* at, const std::string& with) {
        spec.at(at).when("complete_password_reset", completion(with)).then_rejected(LANTERN_RULE, "reset_valid");
    };
    refused(given(created(), requested()), "2026-11-23T12:30:00Z", token());
    refused(given(created(), requested()), kNoon, token() + "0");
    refused(given(created()), kNoon, token());
    refused(AggregateSpec(lantern_plugin, kSettings), kNoon, token());
    const auto done = event("PASSWORD_RESET_COMPLETED", "user/1",
                            R"({"reset_id": "r", "password_hash": "fake:x", "hashing_method": "fake"})");
    refused(given(created(), requested(), done), kNoon, token());
    const auto moved = event("USER_UPDATED", "user/1", R"({"email": "new@example.com"})");
    refused(given(created(), requested(), moved), kNoon, token());
    refused(given(created(), requested(), status("suspended")), kNoon, token());
}

}  // namespace
