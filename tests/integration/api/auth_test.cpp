// Logins, roles, resets and the rules over many users, on two processes that share one store.
#include <atomic>
#include <thread>

#include "host/postgres/connection.hpp"
#include "plugins/user/reset_token.hpp"
#include "tests/integration/api/api_fixture.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class AuthTest : public ApiTest {
protected:
    static HttpAnswer as(const std::string& token, const std::string& method, const std::string& path,
                         const std::string& body = {}, std::map<std::string, std::string> headers = {}) {
        if (!token.empty()) headers["Authorization"] = "Bearer " + token;
        return api().send({method, path, body, std::move(headers)});
    }
    static HttpAnswer log_in(const std::string& name, const std::string& password = "correct horse") {
        return as("", "POST", "/v1/auth/login/",
                  boost::json::serialize(boost::json::object{{"username", name}, {"password", password}}));
    }
    static std::string token_of(const HttpAnswer& answer) {
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.status == 200 ? json(answer).at("token").as_string().c_str() : "";
    }
    static std::string created_admin(const std::string& name) {
        auto body = boost::json::parse(user_body(name)).as_object();
        body["role"] = "admin";
        const auto answer = call("POST", "/v1/users/", boost::json::serialize(body));
        EXPECT_EQ(answer.status, 201) << answer.body;
        return json(answer).at("id").as_string().c_str();
    }
    // Both processes get to answer.
    static bool always(int status, const std::function<HttpAnswer()>& ask) {
        for (int n = 0; n < 10; ++n)
            if (const auto answer = ask(); answer.status != status) {
                ADD_FAILURE() << answer.status << " " << answer.body;
                return false;
            }
        return true;
    }
};

TEST_F(AuthTest, a_user_logs_in_by_name_or_address_whatever_the_case) {
    const auto id = created("ada");
    for (const char* name : {"ada", " ADA ", "Ada@Example.com"}) {
        const auto answer = log_in(name);
        ASSERT_EQ(answer.status, 200) << name << answer.body;
        EXPECT_EQ(json(answer).at("user").at("username"), "ada");
        EXPECT_THAT(answer.body, Not(HasSubstr("argon2")));
        EXPECT_THAT(answer.body, Not(HasSubstr("epoch")));
    }
    EXPECT_EQ(log_in("ada", "wrong horse").body, log_in("nobody").body);
    EXPECT_EQ(log_in("nobody").status, 401);
}

TEST_F(AuthTest, users_change_themselves_and_administrators_everybody) {
    const auto ada = created("berta"), other = created("carl");
    created_admin("doris");
    const auto user = token_of(log_in("berta")), admin = token_of(log_in("doris"));
    EXPECT_EQ(as(user, "PUT", path(ada), R"({"first_name":"B"})").status, 200);
    EXPECT_EQ(as(user, "PUT", path(other), R"({"first_name":"C"})").status, 403);
    EXPECT_EQ(as(user, "GET", path(ada, "history/")).status, 200);
    EXPECT_EQ(as(user, "GET", path(other, "history/")).status, 403);
    EXPECT_EQ(as(user, "GET", "/v1/users/").status, 403);
    EXPECT_EQ(as(user, "GET", "/v1/audit/").status, 403);
    EXPECT_EQ(as(user, "POST", "/v1/users/", user_body("x")).status, 403);
    EXPECT_EQ(as(user, "DELETE", path(ada), R"({"reason":"x"})").status, 403);
    EXPECT_EQ(as(admin, "PUT", path(ada, "username/"), R"({"username":"bertha"})").status, 200);
    EXPECT_EQ(as(admin, "PUT", path(ada, "password/"), R"({"new_password":"set by admin"})").status, 200);
    EXPECT_EQ(as(admin, "DELETE", path(other), R"({"reason":"x"})").status, 200);
    const auto history = json(as(admin, "GET", path(other, "history/")));
    EXPECT_EQ(history.at("items").at(1).at("metadata").at("actor").at("name"), "doris");
}

TEST_F(AuthTest, what_ends_a_token_ends_it_in_every_process) {
    const auto id = created("emil");
    const auto read = [&](const std::string& token) {
        return [=] { return as(token, "GET", path(id, "history/")); };
    };
    // 1. Given back.
    auto token = token_of(log_in("emil"));
    EXPECT_TRUE(always(200, read(token)));
    EXPECT_EQ(as(token, "POST", "/v1/auth/logout/").status, 204);
    EXPECT_TRUE(always(401, read(token)));
    // 2. The password was changed.
    token = token_of(log_in("emil"));
    EXPECT_TRUE(always(200, read(token)));
    EXPECT_EQ(as(token, "PUT", path(id, "password/"),
                 R"({"current_password":"correct horse","new_password":"battery staple"})")
                  .status,
              200);
    EXPECT_TRUE(always(401, read(token)));
    EXPECT_EQ(log_in("emil").status, 401);
    // 3. Suspended; and active again the old token is still void.
    token = token_of(log_in("emil", "battery staple"));
    EXPECT_TRUE(always(200, read(token)));
    EXPECT_EQ(call("PUT", path(id, "status/"), R"({"status":"suspended","reason":"late"})").status, 200);
    EXPECT_TRUE(always(401, read(token)));
    EXPECT_EQ(log_in("emil", "battery staple").status, 401);
    EXPECT_EQ(call("PUT", path(id, "status/"), R"({"status":"active","reason":"paid"})").status, 200);
    EXPECT_TRUE(always(401, read(token)));
    // 4. A refreshed one goes on.
    token = token_of(log_in("emil", "battery staple"));
    const auto fresh = token_of(as(token, "POST", "/v1/auth/refresh/"));
    EXPECT_TRUE(always(200, read(fresh)));
    // 5. Deleted.
    EXPECT_EQ(call("DELETE", path(id), R"({"reason":"left"})").status, 200);
    EXPECT_TRUE(always(401, read(fresh)));
}

TEST_F(AuthTest, tries_to_log_in_are_counted_over_processes) {
    created("fred");
    const auto guess = [] { return log_in("fred", "wrong horse"); };
    EXPECT_TRUE(always(401, guess)) << "ten tries";
    // There is one more every six seconds, which a slow machine may use.
    EXPECT_TRUE(eventually([&] { return guess().status == 429; }));
    // It is the store that counts: for an hour none is left in any process, and then all are again.
    const auto later = [](const std::string& by) {
        postgres::Connection({.url = api().database()})
            .query("update lantern.allowances set full_at = full_at + $1::interval", postgres::Params{}.add(by));
    };
    later("1 hour");
    EXPECT_TRUE(always(429, guess));
    const auto answer = log_in("fred");
    EXPECT_EQ(answer.status, 429);
    EXPECT_GE(std::stoi(answer.headers.at("retry-after")), 1);
    later("-2 hours");
    EXPECT_TRUE(always(401, guess));
}

TEST_F(AuthTest, names_are_free_again_after_a_change_and_a_deletion) {
    const auto first = created("hugo");
    EXPECT_EQ(call("PUT", path(first, "username/"), R"({"username":"HUGO II"})").status, 200);
    EXPECT_EQ(call("PUT", path(first), R"({"email":"second@example.com"})").status, 200);
    const auto second = created("hugo");
    EXPECT_EQ(call("PUT", path(first, "username/"), R"({"username":"Hugo"})").status, 409);
    EXPECT_EQ(call("DELETE", path(second), R"({"reason":"x"})").status, 200);
    EXPECT_EQ(call("PUT", path(first, "username/"), R"({"username":"Hugo"})").status, 200);
}

TEST_F(AuthTest, a_password_is_reset_once_by_the_token_of_the_mail) {
    const auto id = created("ines");
    const auto request = [](const std::string& email) {
        return as("", "POST", "/v1/users/password-reset/request/", R"({"email":")" + email + "\"}");
    };
    const auto known = request("INES@example.com"), unknown = request("nobody@example.com");
    EXPECT_EQ(known.status, 202);
    EXPECT_EQ(unknown.status, 202);
    EXPECT_EQ(known.body, unknown.body);
    const auto events = json(call("GET", path(id, "history/?type=PASSWORD_RESET_REQUESTED")));
    ASSERT_EQ(events.at("items").as_array().size(), 1u);
    const auto& data = events.at("items").at(0).at("data").as_object();
    EXPECT_FALSE(data.contains("token_hash"));
    const std::string reset_id = data.at("reset_id").as_string().c_str();
    const auto complete = [&](const std::string& token) {
        return as(
            "", "POST", "/v1/users/password-reset/complete/",
            boost::json::serialize(boost::json::object{
                {"user_id", id}, {"reset_id", reset_id}, {"token", token}, {"new_password", "brand new one"}}));
    };
    const auto wrong = complete("0000");
    EXPECT_EQ(wrong.status, 422);
    EXPECT_EQ(json(wrong).at("rule"), "reset_valid");
    const auto token = user::reset_token(ApiProcesses::kResetKey, id, reset_id);
    EXPECT_EQ(complete(token).status, 200);
    EXPECT_EQ(complete(token).status, 422) << "once";
    EXPECT_EQ(log_in("ines", "brand new one").status, 200);
    EXPECT_EQ(log_in("ines").status, 401);
}

TEST_F(AuthTest, the_first_administrator_is_made_on_the_command_line) {
    const auto make = [](const std::string& username, const std::string& password) {
        processes::Program program;
        program.argv = {LANTERN_BINARY, "users",     "create-admin",           "--config",
                        LANTERN_CONFIG, "--plugins", LANTERN_PLUGINS,          "--username",
                        username,       "--email",   username + "@example.com"};
        program.environment = {{"LANTERN_POSTGRES_URL", api().database()},
                               {"LANTERN_PASSWORD", password},
                               {"LANTERN_CACHE_DIR", (fresh_directory() / "cache").string()}};
        return processes::run(program, std::chrono::minutes(4));
    };
    const auto first = make("Root", "correct horse");
    EXPECT_TRUE(first.ended.clean()) << first.output;
    const auto token = token_of(log_in("root"));
    EXPECT_EQ(as(token, "GET", "/v1/users/").status, 200);
    const auto again = make("ROOT", "another horse");
    EXPECT_TRUE(again.ended.clean());
    EXPECT_THAT(again.output, HasSubstr("is there already"));
    EXPECT_EQ(log_in("root").status, 200) << "nothing was changed";
    const auto refused = make("toor", "short");
    EXPECT_EQ(refused.ended.exit_code, 1);
    EXPECT_THAT(refused.output, HasSubstr("password"));
    const auto id = std::string(json(log_in("root")).at("user").at("id").as_string());
    const auto created = json(call("GET", path(id, "history/"))).at("items").at(0).as_object();
    EXPECT_EQ(created.at("metadata").at("source"), "command line");
}

// A store of its own: there are no other administrators.
TEST(Administrators, the_last_one_stays_when_two_delete_each_other_at_once) {
    ApiProcesses two;
    const auto make = [&](const std::string& name) {
        const auto answer = two.call("POST", "/v1/users/",
                                     R"({"username":")" + name + R"(","email":")" + name +
                                         R"(@example.com","password":"correct horse","role":"admin"})");
        EXPECT_EQ(answer.status, 201) << answer.body;
        return std::string(boost::json::parse(answer.body).at("id").as_string());
    };
    std::string left = make("root0");
    for (int round = 1; round <= 5; ++round) {
        const std::string ids[] = {left, make("root" + std::to_string(round))};
        int statuses[2] = {};
        std::vector<std::thread> threads;
        for (int n = 0; n < 2; ++n)
            threads.emplace_back([&, n] {
                statuses[n] = two.call("DELETE", "/v1/users/" + ids[1 - n] + "/", R"({"reason":"rival"})").status;
            });
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(statuses[0] + statuses[1], 200 + 422) << statuses[0] << " " << statuses[1];
        left = statuses[0] == 200 ? ids[0] : ids[1];
    }
    const auto last = two.call("PUT", "/v1/users/" + left + "/status/", R"({"status":"suspended","reason":"x"})");
    EXPECT_EQ(last.status, 422);
    EXPECT_EQ(boost::json::parse(last.body).at("rule"), "last_administrator");
    two.stop();
}

}  // namespace
}  // namespace lantern::test
