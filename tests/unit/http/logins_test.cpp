// Logging in and out, and who may pass with what.
#include <gmock/gmock.h>

#include "tests/unit/http/fakes.hpp"

namespace lantern::http::fakes {
namespace {

using testing::HasSubstr;
using testing::Not;

class LoginsTest : public testing::Test, public FakeApi {
protected:
    LoginsTest() {
        // A hash is the password with "hash of " before it.
        services.at_once = [](const std::vector<command::Ask>& asks) {
            std::vector<std::string> answers;
            for (const auto& ask : asks) {
                const auto argument = boost::json::parse(ask.argument).as_object();
                const auto hash = "hash of " + std::string(argument.at("password").as_string());
                answers.push_back(ask.service == "password.hash" ? boost::json::serialize(boost::json::string(hash))
                                  : argument.at("hash").as_string() == hash ? "true"
                                                                            : "false");
            }
            return answers;
        };
    }

    // An account that can log in.
    std::string guarded_account(const std::string& name, const std::string& password = "secret") {
        const auto response = call("POST", "/accounts/", R"({"name":")" + name + "\"}");
        const std::string id = boost::json::parse(response.body).at("id").as_string().c_str();
        EXPECT_EQ(call("PUT", "/accounts/" + id + "/guard/", "{\"password\":\"" + password + "\"}").status, 200);
        return id;
    }
    static Request bare(const std::string& method, const std::string& target, const std::string& body = "",
                        const std::string& token = "") {
        Request request{method, target, body, "10.0.0.1", {{"Content-Type", "application/json"}}};
        if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token});
        return request;
    }
    Response log_in(const std::string& name, const std::string& password = "secret") {
        return send(bare("POST", "/auth/login/", "{\"name\":\"" + name + "\",\"password\":\"" + password + "\"}"))
            .get();
    }
    std::string token_of(const Response& response) {
        EXPECT_EQ(response.status, 200) << response.body;
        return boost::json::parse(response.body).at("token").as_string().c_str();
    }
    int add(const std::string& id, const std::string& token) {
        return send(bare("POST", "/accounts/" + id + "/add/", R"({"amount":1})", token)).get().status;
    }
};

TEST_F(LoginsTest, a_login_gives_a_token_and_shows_who_it_is_without_secrets) {
    const auto id = guarded_account("sarah");
    const auto response = log_in(" sarah ");
    ASSERT_EQ(response.status, 200) << response.body;
    const auto body = boost::json::parse(response.body);
    EXPECT_EQ(body.at("token_type"), "Bearer");
    EXPECT_EQ(body.at("expires_in"), 1800);
    EXPECT_EQ(body.at("account").at("id").as_string(), id);
    EXPECT_EQ(body.at("account").at("name"), "sarah");
    EXPECT_FALSE(body.at("account").as_object().contains("hash"));
    EXPECT_EQ(header(response, "Cache-Control"), "no-store");
    EXPECT_EQ(add(id, token_of(response)), 200);
    const auto metadata = boost::json::parse(store.streams["account/" + id].back().metadata);
    EXPECT_EQ(metadata.at("actor").at("id").as_string(), id);
    EXPECT_EQ(metadata.at("actor").at("name"), "sarah");
}

TEST_F(LoginsTest, all_that_is_wrong_with_a_login_looks_alike) {
    const auto id = guarded_account("sarah");
    call("POST", "/accounts/", R"({"name":"tom"})");  // has no password
    const auto closed = guarded_account("uma");
    EXPECT_EQ(call("DELETE", "/accounts/" + closed + "/").status, 200);
    int verified = 0;
    const auto verify = std::exchange(services.at_once, nullptr);
    services.at_once = [&](const auto& asks) {
        verified += static_cast<int>(asks.size());
        return verify(asks);
    };
    const auto wrong = log_in("sarah", "wrong");
    EXPECT_EQ(wrong.status, 401);
    for (const char* name : {"nobody", "tom", "uma"}) {
        const auto response = log_in(name);
        EXPECT_EQ(response.status, 401) << name;
        EXPECT_EQ(response.body, wrong.body) << name;
    }
    EXPECT_EQ(verified, 4) << "each costs a verification";
    EXPECT_EQ(log_in("sarah", "decoy").status, 401);
}

TEST_F(LoginsTest, fields_and_bodies_of_a_login_are_checked) {
    const auto missing = send(bare("POST", "/auth/login/", "{}")).get();
    EXPECT_EQ(missing.status, 422);
    EXPECT_THAT(missing.body, HasSubstr("\"field\":\"name\""));
    EXPECT_THAT(missing.body, HasSubstr("\"field\":\"password\""));
    EXPECT_EQ(send(bare("POST", "/auth/login/", "{")).get().status, 400);
    EXPECT_EQ(send(bare("POST", "/auth/login/", "{\"name\":\"" + std::string(1000, 'x') + "\"}")).get().status,
              413);
    const auto wrong = send(bare("GET", "/auth/login/")).get();
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(header(wrong, "Allow"), "POST, OPTIONS");
}

TEST_F(LoginsTest, tries_are_counted_by_name_and_a_success_counts_as_none) {
    guarded_account("sarah");
    for (int n = 0; n < 5; ++n) EXPECT_EQ(log_in("sarah").status, 200);
    for (int n = 0; n < 3; ++n) EXPECT_EQ(log_in("sarah", "wrong").status, 401);
    const auto response = log_in("sarah");
    EXPECT_EQ(response.status, 429);
    EXPECT_EQ(header(response, "Retry-After"), "2");
    EXPECT_EQ(log_in("nobody").status, 401) << "another name";
    for (const auto& [name, taken] : admissions.taken)
        EXPECT_THAT(name, Not(HasSubstr("as sarah"))) << "what was typed may be a password";
}

TEST_F(LoginsTest, a_token_given_back_is_not_taken_any_more) {
    const auto id = guarded_account("sarah");
    const auto first = token_of(log_in("sarah")), second = token_of(log_in("sarah"));
    EXPECT_EQ(add(id, first), 200);
    EXPECT_EQ(send(bare("POST", "/auth/logout/", "", first)).get().status, 204);
    EXPECT_EQ(add(id, first), 401);
    EXPECT_EQ(send(bare("POST", "/auth/refresh/", "", first)).get().status, 401);
    EXPECT_EQ(add(id, second), 200) << "the other one is good";
    EXPECT_EQ(call("POST", "/auth/logout/").status, 403) << "the operator's token";
}

TEST_F(LoginsTest, a_change_of_the_epoch_revokes_what_was_given_out_before) {
    const auto id = guarded_account("sarah");
    const auto token = token_of(log_in("sarah"));
    EXPECT_EQ(add(id, token), 200);
    EXPECT_EQ(call("PUT", "/accounts/" + id + "/guard/", R"({"password":"another"})").status, 200);
    EXPECT_EQ(add(id, token), 401);
    const auto fresh = token_of(log_in("sarah", "another"));
    EXPECT_EQ(add(id, fresh), 200);
    EXPECT_EQ(call("DELETE", "/accounts/" + id + "/").status, 200);
    EXPECT_EQ(add(id, fresh), 401) << "what a login requires is required of its tokens";
}

TEST_F(LoginsTest, a_refreshed_token_is_another_one) {
    const auto id = guarded_account("sarah");
    const auto token = token_of(log_in("sarah"));
    const auto fresh = token_of(send(bare("POST", "/auth/refresh/", "", token)).get());
    EXPECT_NE(fresh, token);
    EXPECT_EQ(add(id, fresh), 200);
    Claims old = *tokens.read(token);
    old.logged_in_at -= std::chrono::hours(13);
    EXPECT_EQ(send(bare("POST", "/auth/refresh/", "", tokens.sign(old))).get().status, 401)
        << "the login is too old";
    old.expires_at = old.logged_in_at;
    EXPECT_EQ(add(id, tokens.sign(old)), 401) << "expired";
}

TEST_F(LoginsTest, a_token_in_use_costs_no_question) {
    const auto id = guarded_account("sarah"), other = guarded_account("tom");
    const auto token = token_of(log_in("sarah"));
    for (int n = 0; n < 10; ++n) EXPECT_EQ(add(other, token), 200);
    EXPECT_EQ(admissions.questions, 1);
    admissions.down = true;
    EXPECT_EQ(add(other, token), 200);
    EXPECT_EQ(send(bare("POST", "/accounts/" + id + "/add/", "{}", tokens.sign(*tokens.read(token)))).get().status,
              503)
        << "an unknown token can't be judged now";
    EXPECT_EQ(log_in("sarah").status, 503);
}

TEST_F(LoginsTest, what_is_ones_own_one_may_change) {
    const auto id = guarded_account("sarah"), other = guarded_account("tom");
    const auto token = token_of(log_in("sarah"));
    const auto rename = [&](const std::string& of) {
        return send(bare("PUT", "/accounts/" + of + "/", R"({"name":"x"})", token)).get();
    };
    EXPECT_EQ(rename(id).status, 200);
    const auto refused = rename(other);
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(refused.body, HasSubstr("account:any"));
    EXPECT_EQ(send(bare("DELETE", "/accounts/" + id + "/", "", token)).get().status, 403) << "a scope it has not";
}

TEST_F(LoginsTest, a_blind_route_answers_alike_whatever_comes_of_it) {
    const auto id = guarded_account("sarah");
    const auto forget = [&](const std::string& name, const std::string& address = "10.0.0.1") {
        auto request = bare("POST", "/accounts/forgotten/", "{\"name\":\"" + name + "\"}");
        request.remote_address = address;
        request.headers.push_back({"Idempotency-Key", "same"});
        return send(request).get();
    };
    const auto known = forget("sarah"), unknown = forget("nobody");
    EXPECT_EQ(known.status, 202);
    EXPECT_EQ(unknown.status, 202);
    EXPECT_EQ(known.body, unknown.body);
    EXPECT_EQ(header(known, "ETag"), "");
    EXPECT_EQ(header(known, "Idempotency-Replayed"), "");
    EXPECT_EQ(store.head(id), 3) << "and yet it was done";
    EXPECT_EQ(forget("sarah").status, 429);
    EXPECT_EQ(forget("sarah", "10.0.0.2").status, 202);
    EXPECT_EQ(send(bare("POST", "/accounts/forgotten/", "{}")).get().status, 422);
}

TEST_F(LoginsTest, pages_of_known_origins_may_read_answers) {
    auto preflight = bare("OPTIONS", "/accounts/1/");
    preflight.headers = {{"Origin", "https://app.example.com"}, {"Access-Control-Request-Method", "PUT"}};
    const auto allowed = send(preflight).get();
    EXPECT_EQ(allowed.status, 204);
    EXPECT_EQ(header(allowed, "Allow"), "PUT, DELETE, GET, HEAD, OPTIONS");
    EXPECT_EQ(header(allowed, "Access-Control-Allow-Origin"), "https://app.example.com");
    EXPECT_THAT(header(allowed, "Access-Control-Allow-Methods"), HasSubstr("PUT"));
    preflight.headers[0].value = "https://evil.example.com";
    const auto refused = send(preflight).get();
    EXPECT_EQ(header(refused, "Access-Control-Allow-Origin"), "");
    EXPECT_EQ(header(refused, "Access-Control-Allow-Methods"), "");
    EXPECT_EQ(header(refused, "Vary"), "Origin");
    EXPECT_EQ(send(bare("OPTIONS", "/nothing/")).get().status, 404);
    const auto read = call("GET", "/nothing/", "", {{"Origin", "https://app.example.com"}});
    EXPECT_EQ(header(read, "Access-Control-Allow-Origin"), "https://app.example.com") << "errors too";
}

}  // namespace
}  // namespace lantern::http::fakes
