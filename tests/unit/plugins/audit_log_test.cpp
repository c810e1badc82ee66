#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/testing.hpp>

#include "plugins/audit_log/chain.hpp"

namespace {

using namespace lantern::testing;
using ::testing::HasSubstr;
using ::testing::Not;

GivenEvent created(std::string_view subject = "user/1") {
    return event("USER_CREATED", subject, R"({"username": "sarah", "email": "sarah@example.com",
        "first_name": "Sarah", "last_name": "Connor", "role": "user", "password_hash": "$argon2id$secret",
        "hashing_method": "argon2id"})")
        .version(2)
        .by("admin");
}

// The rows of one subject by revision.
std::vector<json::object> rows_of(const Tables& tables, std::string_view subject) {
    std::vector<json::object> rows;
    for (const json::value& row : tables.to_json("audit_log"))
        if (row.at("subject").as_string() == json::string(subject)) rows.push_back(row.as_object());
    std::sort(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
        return left.at("revision").as_int64() < right.at("revision").as_int64();
    });
    return rows;
}

std::string text(const json::object& row, std::string_view column) {
    const json::value& value = row.at(json::string_view(column.data(), column.size()));
    return value.is_null() ? std::string() : std::string(view(value.as_string()));
}

// The hash of a row made anew from what the row shows.
std::string recomputed(const json::object& row, std::string_view key) {
    const std::string changes = audit::canonical(row.at("changes"));
    const std::string previous = text(row, "previous_hash"), id = text(row, "event_id"),
                      type = text(row, "subject_type"), subject = text(row, "subject"), actor = text(row, "actor"),
                      action = text(row, "action"), reason = text(row, "reason");
    return audit::hash_of({.previous_hash = previous,
                           .event_id = id,
                           .subject_type = type,
                           .subject = subject,
                           .revision = row.at("revision").as_int64(),
                           .time_us = parse_time(text(row, "time")).value(),
                           .actor = actor,
                           .action = action,
                           .reason = reason,
                           .changes = changes},
                          key);
}

TEST(AuditLog, TellsSarahsStory) {
    ProjectionSpec spec(lantern_plugin);
    spec.given(created().at("2026-11-23T09:00:00Z"),
               event("USER_UPDATED", "user/1", R"({"first_name": "Sally", "email": "sarah@example.com"})").by("1"),
               event("USER_DELETED", "user/1", R"({"reason": "left the company"})")
                   .at("2026-11-23T15:47:00Z")
                   .with_metadata(R"({"actor": {"id": "admin-7", "name": "Miles"}})"));
    spec.then("audit_log", R"([
        {"subject": "1", "subject_type": "user", "revision": 1, "actor": "admin", "action": "USER_CREATED",
         "reason": null, "previous_hash": null, "changes": {
            "username": {"old": null, "new": "sarah"}, "email": {"old": null, "new": "sarah@example.com"},
            "first_name": {"old": null, "new": "Sarah"}, "last_name": {"old": null, "new": "Connor"},
            "role": {"old": null, "new": "user"}, "status": {"old": null, "new": "active"}}},
        {"revision": 2, "actor": "1", "action": "USER_UPDATED",
         "changes": {"first_name": {"old": "Sarah", "new": "Sally"}}},
        {"revision": 3, "actor": "admin-7", "action": "USER_DELETED", "reason": "left the company",
         "time": "2026-11-23T15:47:00Z", "changes": {
            "username": {"old": "sarah", "new": null}, "email": {"old": "sarah@example.com", "new": null},
            "first_name": {"old": "Sally", "new": null}, "last_name": {"old": "Connor", "new": null},
            "role": {"old": "user", "new": null}, "status": {"old": "active", "new": "deleted"}}}])");
}

TEST(AuditLog, HoldsNoSecret) {
    ProjectionSpec spec(lantern_plugin);
    spec.given(
        created(),
        event("PASSWORD_CHANGED", "user/1", R"({"password_hash": "$argon2id$secret", "hashing_method": "x"})"),
        event("PASSWORD_RESET_REQUESTED", "user/1", R"({"reset_id": "r", "token_hash": "secret"})"));
    for (const char* table : {"audit_log", "audit_heads"})
        EXPECT_THAT(json::serialize(spec.tables().to_json(table)), Not(HasSubstr("secret")));
    spec.then("audit_log", R"([{"revision": 1}, {"action": "PASSWORD_CHANGED", "changes": {}},
        {"action": "PASSWORD_RESET_REQUESTED", "changes": {}}])");
}

TEST(AuditLog, ChainsTheRowsOfEachSubject) {
    for (const std::string key : {"", "a key that nobody knows"}) {
        const json::object settings = key.empty() ? json::object{} : json::object{{"hmac_key", key}};
        ProjectionSpec spec(lantern_plugin, json::serialize(settings));
        spec.given(created("user/1"), created("user/2"),
                   event("USERNAME_CHANGED", "user/1", R"({"old_username": "sarah", "new_username": "sal"})"),
                   event("USER_STATUS_CHANGED", "user/2", R"({"status": "suspended", "reason": "läte \"x\""})"),
                   event("USER_DELETED", "user/1", R"({"reason": "asked"})"));
        for (const auto& [subject, size] : {std::pair{"1", 3u}, {"2", 2u}}) {
            const auto rows = rows_of(spec.tables(), subject);
            ASSERT_EQ(rows.size(), size);
            std::string previous;
            for (const json::object& row : rows) {
                EXPECT_EQ(text(row, "previous_hash"), previous);
                previous = text(row, "hash");
                EXPECT_EQ(previous, recomputed(row, key));
            }
        }
    }
}

TEST(AuditLog, AChangedRowShows) {
    ProjectionSpec spec(lantern_plugin);
    spec.given(created());
    json::object row = rows_of(spec.tables(), "1").front();
    row["actor"] = "somebody else";
    EXPECT_NE(recomputed(row, ""), text(row, "hash"));
}

TEST(AuditLog, StreamsOfAnotherTypeWithTheSameIdHaveAChainOfTheirOwn) {
    ProjectionSpec spec(lantern_plugin);
    spec.given(created("user/1"), created("member/1"));
    for (const json::value& row : spec.tables().to_json("audit_log"))
        EXPECT_TRUE(row.at("previous_hash").is_null());
}

TEST(AuditChain, KnownAnswers) {
    const audit::Link link{.previous_hash = "",
                           .event_id = "e",
                           .subject_type = "user",
                           .subject = "1",
                           .revision = 1,
                           .time_us = 2,
                           .actor = "a",
                           .action = "A",
                           .reason = "",
                           .changes = "{}"};
    // printf '[null,"e","user","1",1,2,"a","A",null,{}]' | sha256sum; openssl dgst -sha256 -hmac key
    EXPECT_EQ(audit::hash_of(link, ""), "6d5274767822106d7d9de68dee053f425dd4b4cc2d30db69dbbf5f7e372722c2");
    EXPECT_EQ(audit::hash_of(link, "key"), "e39986a93286dfa61b5ac1f0d0f72f4371e73962f4ba2426a9c06b3232528ede");
    EXPECT_EQ(audit::canonical(json::parse(R"({"b": [1, {"z": null, "a": "ü\n"}], "a": true})")),
              "{\"a\":true,\"b\":[1,{\"a\":\"ü\\n\",\"z\":null}]}");
}

}  // namespace
