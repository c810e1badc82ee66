// The event schemas of the user domain, config/schemas: every type has one, and no secret is shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "host/schemas/event_schemas.hpp"

namespace {

lantern::schemas::EventSchemas load() {
    auto loaded = lantern::schemas::EventSchemas::load(EVENT_SCHEMAS);
    EXPECT_TRUE(loaded) << ::testing::PrintToString(loaded.error());
    return std::move(loaded.value());
}

TEST(EventSchemas, KnowEveryEventOfTheDomain) {
    const auto schemas = load();
    for (const char* type :
         {"USER_CREATED", "USER_UPDATED", "USERNAME_CHANGED", "PASSWORD_CHANGED", "USER_STATUS_CHANGED",
          "PASSWORD_RESET_REQUESTED", "PASSWORD_RESET_COMPLETED", "USER_DELETED"})
        EXPECT_TRUE(schemas.knows(type, 1)) << type;
    EXPECT_TRUE(schemas.knows("USER_CREATED", 2));
}

TEST(EventSchemas, ShowAUserWithoutItsHash) {
    EXPECT_EQ(boost::json::parse(load().shown("USER_CREATED", 2, R"({"username": "sarah", "email": "s@example.com",
        "first_name": "Sarah", "last_name": "Connor", "role": "user", "password_hash": "secret",
        "hashing_method": "argon2id"})")),
              boost::json::parse(R"({"username": "sarah", "email": "s@example.com", "first_name": "Sarah",
        "last_name": "Connor", "role": "user", "hashing_method": "argon2id"})"));
}

TEST(EventSchemas, ShowNoSecret) {
    const auto schemas = load();
    for (const char* type :
         {"USER_CREATED", "PASSWORD_CHANGED", "PASSWORD_RESET_REQUESTED", "PASSWORD_RESET_COMPLETED"})
        EXPECT_THAT(
            schemas.shown(type, 1, R"({"password_hash": "secret", "token_hash": "secret", "reset_id": "r"})"),
            ::testing::Not(::testing::HasSubstr("secret")))
            << type;
}

}  // namespace
