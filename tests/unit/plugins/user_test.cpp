#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/testing.hpp>

#include "plugins/user/text.hpp"

namespace {

using namespace lantern::testing;

constexpr auto kSarah = R"({"username": "Sarah", "email": "Sarah@example.com", "first_name": "Sarah",
    "last_name": "Connor", "role": "user", "password_hash": "fake:terminator", "hashing_method": "fake"})";
constexpr auto kNewSarah = R"({"username": " Sarah ", "email": "Sarah@example.com", "first_name": "Sarah",
    "last_name": "Connor", "password": "terminator"})";

GivenEvent created() {
    return event("USER_CREATED", "user/1", kSarah).version(2).at("2026-11-23T15:00:00Z");
}
GivenEvent deleted() {
    return event("USER_DELETED", "user/1", R"({"reason": "asked"})").at("2026-11-23T15:47:00Z");
}

AggregateSpec given_nothing() {
    return AggregateSpec(lantern_plugin);
}
AggregateSpec given_sarah() {
    AggregateSpec spec(lantern_plugin);
    spec.given(created()).as("1");
    return spec;
}
AggregateSpec given_deleted_sarah() {
    AggregateSpec spec(lantern_plugin);
    spec.given(created(), deleted()).as("admin", {"user:admin"});
    return spec;
}

std::string with(const char* body, std::string_view field, json::value value) {
    json::object changed = parse_expected(body).as_object();
    changed[field] = std::move(value);
    return json::serialize(changed);
}

TEST(CreateUser, EmitsWhatIsKnownOfTheUserAndTheHash) {
    given_nothing()
        .when("create", kNewSarah)
        .then_emitted({{"USER_CREATED", kSarah, 2}})
        .then_keys({"username:sarah", "email:sarah@example.com"});
}

TEST(CreateUser, EveryWrongFieldIsNamed) {
    auto spec = given_nothing().when("create", R"({"username": "ab", "email": "nobody", "first_name": 7,
        "password": "1234567", "role": "king"})");
    for (const char* field : {"username", "email", "first_name", "password", "role"})
        spec.then_rejected(LANTERN_INVALID, field);
    EXPECT_EQ(spec.rejected().size(), 5u);
}

TEST(CreateUser, UsernameIsTrimmedThenHas3To100Characters) {
    given_nothing()
        .when("create", with(kNewSarah, "username", "  ab  "))
        .then_rejected(LANTERN_INVALID, "username");
    const json::string longest(std::string(100, 'x'));
    EXPECT_EQ(given_nothing().when("create", with(kNewSarah, "username", longest)).emitted().size(), 1u);
    const json::string longer(std::string(101, 'x'));
    given_nothing().when("create", with(kNewSarah, "username", longer)).then_rejected(LANTERN_INVALID, "username");
    given_nothing()
        .when("create", with(kNewSarah, "username", "a\r\nb"))
        .then_rejected(LANTERN_INVALID, "username");
}

TEST(CreateUser, NothingIsHashedForARejectedCommand) {
    given_nothing()
        .answer("hash", "\"not an object: reading it would fail\"")
        .when("create", with(kNewSarah, "email", "nobody"))
        .then_rejected(LANTERN_INVALID, "email");
}

TEST(CreateUser, TheRoleAdminIsGivenByAnAdministrator) {
    const std::string admin = with(kNewSarah, "role", "admin");
    given_nothing()
        .as("2", {"user:create"})
        .when("create", admin)
        .then_rejected(LANTERN_FORBIDDEN, "role_by_admin");
    const auto spec = given_nothing().as("3", {"user:admin"}).when("create", admin);
    EXPECT_EQ(spec.state().at("role").as_string(), "admin");
}

TEST(CreateUser, AnExistingUserIsAConflict) {
    given_sarah().when("create", kNewSarah).then_rejected(LANTERN_CONFLICT, "user_is_new");
}

TEST(UpdateUser, EmitsOnlyWhatChanges) {
    given_sarah()
        .when("update", R"({"first_name": "Sally", "last_name": "Connor", "email": "sally@example.com"})")
        .then_emitted({{"USER_UPDATED", R"({"first_name": "Sally", "email": "sally@example.com"})", 1}})
        .then_keys({"username:sarah", "email:sally@example.com"});
}

TEST(UpdateUser, TheSameValueAgainWritesNoEvent) {
    given_sarah().when("update", R"({"first_name": "Sarah"})").then_rejected(LANTERN_RULE, "something_changes");
}

TEST(UpdateUser, NeedsAFieldThatIsRight) {
    given_sarah().when("update", "{}").then_rejected(LANTERN_RULE, "at_least_one_field");
    given_sarah().when("update", R"({"email": "a@b"})").then_rejected(LANTERN_INVALID, "email");
    given_sarah().when("update", R"({"last_name": null})").then_rejected(LANTERN_INVALID, "last_name");
}

TEST(UpdateUser, TheUserIsThereAndNotDeleted) {
    constexpr auto kSally = R"({"first_name": "Sally"})";
    given_nothing().when("update", kSally).then_rejected(LANTERN_NOT_FOUND, "user_exists");
    given_deleted_sarah().when("update", kSally).then_rejected(LANTERN_RULE, "not_deleted");
}

TEST(ChangePassword, NeedsTheCurrentOne) {
    given_sarah()
        .when("change_password", R"({"current_password": "terminator", "new_password": "judgement day"})")
        .then_emitted(
            {{"PASSWORD_CHANGED", R"({"password_hash": "fake:judgement day", "hashing_method": "fake"})"}});
    given_sarah()
        .when("change_password", R"({"current_password": "wrong", "new_password": "judgement day"})")
        .then_rejected(LANTERN_UNAUTHORIZED, "current_password");
    given_sarah()
        .when("change_password", R"({"new_password": "judgement day"})")
        .then_rejected(LANTERN_INVALID, "current_password");
}

TEST(ChangePassword, TheNewOneDiffers) {
    given_sarah()
        .when("change_password", R"({"current_password": "terminator", "new_password": "terminator"})")
        .then_rejected(LANTERN_RULE, "password_differs");
    given_sarah()
        .when("change_password", R"({"current_password": "terminator", "new_password": "short"})")
        .then_rejected(LANTERN_INVALID, "new_password");
}

TEST(ChangePassword, AnAdministratorSetsAnothersWithoutKnowingIt) {
    given_sarah()
        .as("2", {"user:admin"})
        .when("change_password", R"({"new_password": "judgement day"})")
        .then_emitted(
            {{"PASSWORD_CHANGED", R"({"password_hash": "fake:judgement day", "hashing_method": "fake"})"}});
    given_sarah()
        .as("2", {"user:admin"})
        .when("change_password", R"({"new_password": "terminator"})")
        .then_rejected(LANTERN_RULE, "password_differs");
    given_sarah()
        .as("1", {"user:admin"})
        .when("change_password", R"({"new_password": "judgement day"})")
        .then_rejected(LANTERN_INVALID, "current_password");
}

TEST(DeleteUser, OnceAndWithAReason) {
    given_sarah()
        .when("delete", R"({"reason": " left the company "})")
        .then_emitted({{"USER_DELETED", R"({"reason": "left the company"})"}})
        .then_keys({});
    given_sarah().when("delete", R"({"reason": " "})").then_rejected(LANTERN_INVALID, "reason");
    given_sarah().when("delete").then_rejected(LANTERN_INVALID, "reason");
    given_nothing().when("delete", R"({"reason": "x"})").then_rejected(LANTERN_NOT_FOUND, "user_exists");
    given_deleted_sarah().when("delete", R"({"reason": "x"})").then_rejected(LANTERN_RULE, "not_deleted");
}

TEST(UserState, ShowsTheUserAtATime) {
    const auto spec = given_sarah().at("2026-11-23T15:47:00Z").when("delete", R"({"reason": "asked"})");
    EXPECT_EQ(spec.state(), parse_expected(R"({"id": "1", "username": "Sarah", "email": "Sarah@example.com",
        "first_name": "Sarah", "last_name": "Connor", "role": "user", "status": "deleted",
        "created_at": "2026-11-23T15:00:00.000000Z", "updated_at": "2026-11-23T15:47:00.000000Z",
        "deleted_at": "2026-11-23T15:47:00.000000Z", "deleted_reason": "asked", "revision": 2,
        "password_hash": "fake:terminator", "hashing_method": "fake", "token_epoch": 1, "reset_id": "",
        "reset_token_hash": "", "reset_asked_at": null, "reset_expires_at": null})"));
}

TEST(UserState, FollowsEveryEventOfTheDomain) {
    auto spec = given_nothing();
    spec.given(
        created(), event("USERNAME_CHANGED", "user/1", R"({"old_username": "Sarah", "new_username": "Sal"})"),
        event("PASSWORD_RESET_REQUESTED", "user/1",
              R"({"reset_id": "r", "token_hash": "h", "expires_at": "2026-11-23T16:00:00Z"})"),
        event("PASSWORD_RESET_COMPLETED", "user/1", R"({"password_hash": "fake:x", "hashing_method": "fake"})"),
        event("USER_STATUS_CHANGED", "user/1", R"({"status": "suspended", "reason": "late"})"));
    spec.when("update", R"({"first_name": "S"})").then_keys({"username:sal", "email:sarah@example.com"});
    EXPECT_EQ(spec.state().at("status").as_string(), "suspended");
    EXPECT_EQ(spec.state().at("password_hash").as_string(), "fake:x");
    EXPECT_EQ(spec.state().at("revision").to_number<int>(), 6);
}

TEST(UserText, ComparesWithoutCaseBeyondAscii) {
    EXPECT_EQ(user::lower("SARAH"), "sarah");
    EXPECT_EQ(user::lower("ÜNAL ÇELİK Ÿ"), "ünal çelik ÿ");
    EXPECT_EQ(user::lower("ΣΑΡΑΣ"), user::lower("σαρας"));
    EXPECT_EQ(user::lower("САРА Ёж"), "сара ёж");
    EXPECT_EQ(user::lower("ŁÓDŹ × 漢字"), "łódź × 漢字");
}

TEST(UserText, KnowsAnAddress) {
    for (const char* good : {"a@b.c", "sarah.connor+x@mail.example.com", "jörg@exämple.de"})
        EXPECT_TRUE(user::is_email(good)) << good;
    for (const char* bad : {"", "@b.c", "a@", "a@b", "a b@c.d", "a@b..c", ".a@b.c", "a@b.c\r\nBcc: x@y.z", "a@-b.c",
                            "<a@b.c>", "a@b@c.d"})
        EXPECT_FALSE(user::is_email(bad)) << bad;
}

}  // namespace
