#include <gtest/gtest.h>

#include <lantern/testing.hpp>

namespace {

using namespace lantern::testing;

constexpr auto kSarah = R"({"username": "sarah", "email": "sarah@example.com", "first_name": "Sarah",
    "last_name": "Connor", "role": "user", "password_hash": "$argon2id$x", "hashing_method": "argon2id"})";
constexpr auto kJohn = R"({"username": "john", "email": "john@example.com", "first_name": "John",
    "last_name": "Connor", "role": "admin", "password_hash": "$argon2id$y", "hashing_method": "argon2id"})";

GivenEvent sarah_created() {
    return event("USER_CREATED", "user/1", kSarah).version(2).at("2026-11-23T15:00:00Z");
}

TEST(UserReadModel, ShowsACreatedUser) {
    ProjectionSpec(lantern_plugin)
        .given(sarah_created())
        .then("users", R"([{"id": "1", "username": "sarah", "email": "sarah@example.com", "first_name": "Sarah",
            "last_name": "Connor", "role": "user", "status": "active", "created_at": "2026-11-23T15:00:00Z",
            "updated_at": "2026-11-23T15:00:00Z", "deleted_at": null, "revision": 1}])");
}

TEST(UserReadModel, ChangesOnlyWhatAnUpdateNames) {
    ProjectionSpec(lantern_plugin)
        .given(sarah_created(),
               event("USER_UPDATED", "user/1", R"({"first_name": "Sally"})").at("2026-11-23T15:10:00Z"))
        .then("users", R"([{"id": "1", "first_name": "Sally", "last_name": "Connor", "email": "sarah@example.com",
            "created_at": "2026-11-23T15:00:00Z", "updated_at": "2026-11-23T15:10:00Z", "revision": 2}])");
}

TEST(UserReadModel, KeepsADeletedUserMarkedAsSuch) {
    ProjectionSpec(lantern_plugin)
        .given(sarah_created(),
               event("USER_DELETED", "user/1", R"({"reason": "asked"})").at("2026-11-23T15:47:00Z"))
        .then("users",
              R"([{"id": "1", "status": "deleted", "deleted_at": "2026-11-23T15:47:00Z", "revision": 2}])");
}

TEST(UserReadModel, FollowsEveryStreamWhateverTheOrder) {
    ProjectionSpec(lantern_plugin)
        .given(sarah_created(), event("USER_CREATED", "user/2", kJohn).version(2),
               event("USERNAME_CHANGED", "user/1", R"({"old_username": "sarah", "new_username": "sal"})"),
               event("PASSWORD_CHANGED", "user/2", R"({"password_hash": "z", "hashing_method": "argon2id"})"),
               event("USER_STATUS_CHANGED", "user/1", R"({"status": "suspended", "reason": "late"})"),
               event("USER_UPDATED", "user/2", R"({"email": "j@example.com", "last_name": "Doe"})"))
        .then("users", R"([
            {"id": "1", "username": "sal", "status": "suspended", "revision": 3},
            {"id": "2", "username": "john", "email": "j@example.com", "last_name": "Doe", "revision": 3}])");
}

TEST(UserReadModel, AsksForARetryWhenAFieldIsMissing) {
    ProjectionSpec(lantern_plugin)
        .given(event("USER_CREATED", "user/1", R"({"email": "x@example.com"})").version(2))
        .then_answered(LANTERN_RETRY, "username is missing")
        .then("users", "[]");
}

}  // namespace
