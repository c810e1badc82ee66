#include <gmock/gmock.h>

#include "tests/support/eventually.hpp"
#include "tests/unit/http/fakes.hpp"

namespace lantern::http::fakes {
namespace {

using testing::HasSubstr;

class ApiTest : public testing::Test, public FakeApi {
protected:
    std::string open(const std::string& name) {
        const auto response = call("POST", "/accounts/", R"({"name":")" + name + "\"}");
        EXPECT_EQ(response.status, 201) << response.body;
        return boost::json::parse(response.body).at("id").as_string().c_str();
    }
    static std::string kind(const Response& response) {
        EXPECT_EQ(response.content_type, "application/problem+json");
        const auto problem = boost::json::parse(response.body);
        EXPECT_EQ(problem.at("status").as_int64(), response.status);
        return problem.at("type").as_string().subview(std::string("urn:lantern:problem:").size());
    }
};

TEST_F(ApiTest, a_creation_answers_with_etag_and_location) {
    const auto response = call("POST", "/accounts", R"({"name":"sarah"})");
    EXPECT_EQ(response.status, 201);
    const std::string id = boost::json::parse(response.body).at("id").as_string().c_str();
    EXPECT_EQ(response.body, "{\"id\":\"" + id + "\",\"revision\":1}");
    EXPECT_EQ(header(response, "ETag"), "\"1\"");
    EXPECT_EQ(header(response, "Location"), "/accounts/" + id + "/");
    EXPECT_TRUE(Uuid::parse(header(response, "X-Request-Id")));
    EXPECT_EQ(announcer.count, 1);
}

TEST_F(ApiTest, only_what_was_committed_is_announced) {
    open("sarah");
    EXPECT_EQ(call("POST", "/accounts/", R"({"name":"sarah"})").status, 409);
    EXPECT_EQ(announcer.count, 1);
}

TEST_F(ApiTest, paths_and_methods_that_are_not_there) {
    EXPECT_EQ(kind(call("GET", "/nothing/")), "not-found");
    const auto wrong = call("PATCH", "/accounts/1/");
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(header(wrong, "Allow"), "PUT, DELETE, GET, HEAD, OPTIONS");
    EXPECT_EQ(header(call("POST", "/ht/"), "Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(call("OPTIONS", "/ht/").status, 204);
    EXPECT_EQ(call("HEAD", "/accounts/1/history/").status, 404);
    EXPECT_EQ(call("HEAD", "/ht/").status, 200);
    EXPECT_EQ(call("HEAD", "/accounts/1/add/").status, 405) << "as GET";
    EXPECT_EQ(call("GET", "/%zz").status, 400);
    EXPECT_EQ(call("GET", "/accounts/" + std::string(201, 'x') + "/").status, 404);
}

TEST_F(ApiTest, who_calls_is_asked_first_and_what_they_may_second) {
    Request none{"POST", "/accounts/", "no json", "127.0.0.1", {}};
    const auto response = send(none).get();
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(header(response, "WWW-Authenticate"), "Bearer");
    none.headers = {{"Authorization", "Bearer wrong"}};
    EXPECT_EQ(send(none).get().status, 401);
    Request reader{"DELETE", "/accounts/1/", "", "127.0.0.1", {{"Authorization", "Bearer reader"}}};
    EXPECT_EQ(send(reader).get().status, 403);
}

TEST_F(ApiTest, a_body_must_be_json_of_a_bounded_size) {
    EXPECT_EQ(kind(call("POST", "/accounts/", "{\"name\": }")), "malformed");
    EXPECT_THAT(call("POST", "/accounts/", "{\"name\": }").body, HasSubstr("line 1, column 10"));
    EXPECT_EQ(call("POST", "/accounts/", "[]").status, 400);
    EXPECT_EQ(call("POST", "/accounts/", "{\"name\":\"" + std::string(1000, 'x') + "\"}").status, 413);
    Request text{"POST",
                 "/accounts/",
                 "{}",
                 "127.0.0.1",
                 {{"Authorization", std::string("Bearer ") + kToken}, {"Content-Type", "text/plain"}}};
    EXPECT_EQ(send(text).get().status, 415);
}

TEST_F(ApiTest, data_that_does_not_fit_its_schema_is_refused_before_the_aggregate_is_asked) {
    check = [](const CommandRoute& route, std::string_view data) -> std::vector<command::Rejection> {
        if (route.command != "open" || data.find("name") != std::string_view::npos) return {};
        using enum command::RejectionKind;
        return {{invalid, "valid_name", "name", "is required", "/name"}, {invalid, "valid_x", "x.y", "z", "/x/y"}};
    };
    const auto refused = call("POST", "/accounts/", "{}", {{"Idempotency-Key", "k"}});
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(kind(refused), "invalid");
    EXPECT_EQ(boost::json::parse(refused.body).at("errors"), boost::json::parse(R"([
        {"rule": "valid_name", "field": "name", "pointer": "/name", "detail": "is required"},
        {"rule": "valid_x", "field": "x.y", "pointer": "/x/y", "detail": "z"}])"));
    EXPECT_EQ(call("POST", "/accounts/", R"({"name":"sarah"})", {{"Idempotency-Key", "k"}}).status, 201);
}

TEST_F(ApiTest, a_command_without_body_takes_its_fields_from_the_query) {
    const auto id = open("sarah");
    EXPECT_EQ(call("DELETE", "/accounts/" + id + "/?reason=asked%20for").status, 200);
}

TEST_F(ApiTest, revisions_are_conditions) {
    const auto id = open("sarah");
    const auto put = [&](const std::string& name, const std::string& tag) {
        return call("PUT", "/accounts/" + id + "/", "{\"name\":\"" + name + "\"}", {{"If-Match", tag}});
    };
    EXPECT_EQ(header(put("sally", "\"1\""), "ETag"), "\"2\"");
    EXPECT_EQ(kind(put("sandy", "\"1\"")), "revision-differs");
    EXPECT_EQ(put("sandy", "W/\"2\"").status, 412);
    EXPECT_EQ(put("sandy", "*").status, 200);
}

TEST_F(ApiTest, idempotency_keys_repeat_the_first_answer) {
    const auto create = [&](const std::string& name) {
        return call("POST", "/accounts/", "{\"name\":\"" + name + "\"}", {{"Idempotency-Key", "k"}});
    };
    const auto first = create("sarah");
    const auto again = create("sarah");
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(header(again, "Location"), header(first, "Location"));
    EXPECT_EQ(header(again, "ETag"), "\"1\"");
    EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
    EXPECT_EQ(kind(create("sally")), "idempotency-key-reused");
}

TEST_F(ApiTest, a_command_that_waits_for_a_hash_holds_no_worker) {
    const auto id = open("sarah");
    std::vector<std::future<Response>> waiting;
    for (int n = 0; n < 8; ++n)
        waiting.push_back(send(request("PUT", "/accounts/" + id + "/guard/", "{\"password\":\"x\"}")));
    services.wait_for(8);
    EXPECT_EQ(call("POST", "/accounts/" + id + "/add/", R"({"amount":1})").status, 200);
    // Their answers are for revision 1, so they are asked again; then they meet each other.
    for (int left = 8; left > 0;) {
        services.release();
        left = 0;
        for (auto& one : waiting) left += one.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready;
    }
    int done = 0;
    for (auto& one : waiting) {
        const auto response = one.get();
        if (response.status == 200) ++done;
    }
    EXPECT_GE(done, 1);
}

TEST_F(ApiTest, when_too_much_is_being_hashed_the_caller_shall_come_again) {
    const auto id = open("sarah");
    services.full = true;
    const auto response = call("PUT", "/accounts/" + id + "/guard/", "{\"password\":\"x\"}");
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(header(response, "Retry-After"), "1");
}

TEST_F(ApiTest, too_many_requests_at_once_are_sent_away) {
    const auto id = open("sarah");
    std::vector<std::future<Response>> waiting;
    for (std::size_t n = 0; n < limits::kHttpQueueMax; ++n)
        waiting.push_back(send(request("PUT", "/accounts/" + id + "/guard/", "{\"password\":\"x\"}")));
    services.wait_for(limits::kHttpQueueMax);
    const auto response = call("POST", "/accounts/" + id + "/add/", R"({"amount":1})");
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(header(response, "Retry-After"), "1");
    EXPECT_EQ(call("GET", "/ht/").status, 200) << "it is alive nevertheless";
}

TEST_F(ApiTest, a_database_that_is_away_is_503) {
    store_down = true;
    reads.down = true;
    const auto response = call("POST", "/accounts/", R"({"name":"sarah"})");
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(header(response, "Retry-After"), "1");
    EXPECT_EQ(call("GET", "/accounts/1/").status, 503);
    EXPECT_EQ(call("GET", "/accounts/1/history/").status, 503);
    EXPECT_EQ(call("GET", "/accounts/1/at/").status, 503);
    EXPECT_EQ(call("GET", "/readyz").status, 503);
    EXPECT_EQ(call("GET", "/ht/").status, 200);
    store_down = false;
    EXPECT_EQ(call("POST", "/accounts/", R"({"name":"sarah"})").status, 201) << "and back again";
}

TEST_F(ApiTest, conflicts_of_transactions_are_done_again_and_doubt_is_told) {
    store.fault = {1, FaultKind::conflict};
    EXPECT_EQ(call("POST", "/accounts/", R"({"name":"sarah"})").status, 201);
    store.fault = {1, FaultKind::in_doubt};
    EXPECT_EQ(kind(call("POST", "/accounts/", R"({"name":"sally"})")), "in-doubt");
    store.fault = {1, FaultKind::data};
    EXPECT_EQ(call("POST", "/accounts/", R"({"name":"sandy"})").status, 422);
}

// While the store answers nobody, what comes gathers. One whose stream somebody else holds is appended by itself.
TEST_F(ApiTest, updates_that_gather_are_appended_together_and_each_is_answered) {
    constexpr int kAccounts = 12;
    std::vector<std::string> ids;
    for (int n = 0; n < kAccounts; ++n) ids.push_back(open("account " + std::to_string(n)));
    store.locked = {ids[3], ids[7]};
    std::int64_t rounds = 0;
    ASSERT_TRUE(test::eventually([&] {
        ++rounds;
        std::vector<std::future<Response>> answers;
        int groups = 0;
        {
            std::unique_lock away(store_mutex);
            for (const auto& id : ids)
                answers.push_back(send(request("POST", "/accounts/" + id + "/add/", R"({"amount":1})")));
            groups = store.groups;
        }
        for (auto& answer : answers) {
            const auto response = answer.get();
            EXPECT_EQ(response.status, 200) << response.body;
            EXPECT_EQ(boost::json::parse(response.body).at("revision").as_int64(), rounds + 1);
        }
        const std::lock_guard away(store_mutex);
        return store.groups > groups;
    }));
    for (const auto& id : ids) EXPECT_EQ(store.head(id), rounds + 1);
    EXPECT_EQ(announcer.count, kAccounts * (rounds + 1));
}

TEST_F(ApiTest, a_defect_shows_nothing) {
    const auto id = open("sarah");
    const auto response = call("PUT", "/accounts/" + id + "/fail/", "{}");
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, testing::Not(HasSubstr("a defect in decide")));
}

}  // namespace
}  // namespace lantern::http::fakes
