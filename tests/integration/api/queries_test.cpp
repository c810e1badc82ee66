// Query routes that read the store, and those of read models before a worker has written anything.
#include "host/postgres/connection.hpp"
#include "tests/integration/api/api_fixture.hpp"

namespace lantern::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class QueryRoutesTest : public ApiTest {};

TEST_F(QueryRoutesTest, history_says_who_did_what_and_why_and_no_secret) {
    const auto id = created("sarah");
    call("PUT", path(id), R"({"last_name":"Connor"})",
         {{"X-Correlation-Id", "story-1"},
          {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}});
    call("DELETE", path(id), R"({"reason":"duplicate"})");
    const auto answer = call("GET", path(id, "history/"));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto body = json(answer);
    const auto& items = body.at("items").as_array();
    ASSERT_EQ(items.size(), 3u);
    EXPECT_EQ(items[0].at("type"), "USER_CREATED");
    EXPECT_EQ(items[0].at("data").at("username"), "sarah");
    EXPECT_FALSE(items[0].at("data").as_object().contains("password_hash"));
    EXPECT_THAT(answer.body, Not(HasSubstr("$argon2")));
    EXPECT_EQ(items[1].at("metadata").at("correlation_id"), "story-1");
    EXPECT_EQ(items[1].at("metadata").at("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    EXPECT_EQ(items[2].at("data").at("reason"), "duplicate");
    EXPECT_EQ(items[2].at("metadata").at("actor").at("id"), "admin");
    EXPECT_EQ(items[2].at("metadata").at("source"), "127.0.0.1");
    EXPECT_EQ(items[2].at("revision").as_int64(), 3);
    EXPECT_TRUE(body.at("next").is_null());

    const auto page = json(call("GET", path(id, "history/?limit=2")));
    EXPECT_EQ(page.at("items").as_array().size(), 2u);
    const auto rest = json(call("GET", page.at("next").as_string().c_str()));
    ASSERT_EQ(rest.at("items").as_array().size(), 1u);
    EXPECT_EQ(rest.at("items").at(0).at("type"), "USER_DELETED");
    EXPECT_EQ(json(call("GET", path(id, "history/?type=USER_DELETED"))).at("items").as_array().size(), 1u);
    EXPECT_EQ(json(call("GET", path(id, "history/?to=2000-01-01T00:00:00Z"))).at("items").as_array().size(), 0u);
    EXPECT_EQ(call("GET", path(id, "history/?limit=x")).status, 400);
    EXPECT_EQ(call("GET", path(id, "history/?whatever=x")).status, 400);
    EXPECT_EQ(call("GET", path("nobody", "history/")).status, 404);
}

TEST_F(QueryRoutesTest, the_state_then) {
    const auto id = created("tom");
    const auto before = json(call("GET", path(id, "history/"))).at("items").at(0).at("recorded_at");
    call("PUT", path(id), R"({"first_name":"Thomas"})");
    call("DELETE", path(id), R"({"reason":"left"})");

    const auto first = json(call("GET", path(id, "at/?revision=1")));
    EXPECT_EQ(first.at("first_name"), "First");
    EXPECT_FALSE(first.contains("password_hash"));
    EXPECT_EQ(json(call("GET", path(id, "at/?revision=2"))).at("first_name"), "Thomas");
    EXPECT_EQ(json(call("GET", path(id, "at/?timestamp=" + std::string(before.as_string())))).at("revision"), 1);
    const auto now = json(call("GET", path(id, "at/")));
    EXPECT_EQ(now.at("revision"), 3);
    EXPECT_THAT(boost::json::serialize(now), HasSubstr("deleted"));
    EXPECT_EQ(call("GET", path(id, "at/?revision=4")).status, 404);
    EXPECT_EQ(call("GET", path(id, "at/?revision=0")).status, 400);
    EXPECT_EQ(call("GET", path(id, "at/?timestamp=then")).status, 400);
    EXPECT_EQ(call("GET", path(id, "at/?timestamp=2001-01-01T00:00:00Z")).status, 404);
}

TEST_F(QueryRoutesTest, states_survive_snapshots) {
    const auto id = created("ursula");
    for (int n = 1; n <= 210; ++n)
        ASSERT_EQ(call("PUT", path(id), "{\"first_name\":\"N" + std::to_string(n) + "\"}").status, 200);
    for (const int revision : {1, 2, 99, 100, 101, 150, 200, 201, 211}) {
        const auto state = json(call("GET", path(id, "at/?revision=" + std::to_string(revision))));
        const auto name = revision == 1 ? std::string("First") : "N" + std::to_string(revision - 1);
        EXPECT_EQ(state.at("first_name").as_string(), name) << revision;
    }
    postgres::Connection connection({.url = api().database()});
    const auto kept = connection.query("select revision from lantern.snapshots");
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_GE(kept.integer(0, 0), 199);
}

TEST_F(QueryRoutesTest, a_row_before_any_worker_is_lagging_and_says_so) {
    const auto id = created("vera");
    const auto answer = call("GET", path(id));
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.headers.at("lantern-pending"), "lagging");
    EXPECT_EQ(call("GET", path(id, "?min_revision=2"), "", {{"Prefer", "wait=20"}}).status, 412)
        << "above the head";
    EXPECT_EQ(call("GET", path(id, "?min_revision=1"), "", {{"Prefer", "wait=1"}}).status, 404);
    EXPECT_EQ(call("GET", path("nobody")).status, 404);
    EXPECT_EQ(call("GET", path(id, "?min_revision=x")).status, 400);
}

TEST_F(QueryRoutesTest, audit_pages_are_empty_before_any_worker) {
    const auto answer = call("GET", "/v1/audit/?actor=admin&limit=5");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, R"({"items":[],"next":null,"previous":null})");
    EXPECT_EQ(call("GET", "/v1/audit/?limit=0").status, 400);
    EXPECT_EQ(call("GET", "/v1/audit/?color=red").status, 400);
}

}  // namespace
}  // namespace lantern::test
