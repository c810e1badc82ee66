// Every command route with good and bad input.
#include <atomic>
#include <thread>

#include "host/core/identifiers.hpp"
#include "tests/integration/api/api_fixture.hpp"

namespace lantern::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class CommandsTest : public ApiTest {};

TEST_F(CommandsTest, create) {
    const auto answer = create("alice");
    ASSERT_EQ(answer.status, 201) << answer.body;
    const auto body = json(answer);
    const std::string id = body.at("id").as_string().c_str();
    EXPECT_TRUE(Uuid::parse(id));
    EXPECT_EQ(body.at("revision").as_int64(), 1);
    EXPECT_EQ(body.size(), 2u);
    EXPECT_EQ(answer.headers.at("etag"), "\"1\"");
    EXPECT_EQ(answer.headers.at("location"), path(id));
    EXPECT_EQ(answer.headers.count("x-request-id"), 1u);

    const auto upper = call("POST", "/v1/users", user_body("ALICE"));
    EXPECT_EQ(upper.status, 409) << "usernames differ by more than case";
    EXPECT_EQ(kind(upper), "conflict");
    EXPECT_THAT(std::string(json(upper).at("field").as_string()), testing::AnyOf("username", "email"));
}

TEST_F(CommandsTest, create_lists_every_field_that_is_wrong) {
    const auto answer = call("POST", "/v1/users/", R"({"username":"x","email":"none","password":"sh0rt"})");
    EXPECT_EQ(answer.status, 422);
    EXPECT_EQ(kind(answer), "invalid");
    std::set<std::string> fields;
    const auto problem = json(answer);
    for (const auto& error : problem.at("errors").as_array()) fields.insert(error.at("field").as_string().c_str());
    EXPECT_THAT(fields, testing::IsSupersetOf({"username", "email", "password"}));
    EXPECT_THAT(answer.body, Not(HasSubstr("sh0rt"))) << "passwords are never shown";
}

TEST_F(CommandsTest, create_refuses_hostile_bodies) {
    for (const auto* body : {"{", "[]", "null", "\"x\"", "{\"username\":\"a\\u0000b\"}", "{\"a\":\xff}"})
        EXPECT_EQ(call("POST", "/v1/users/", body).status, 400) << body;
    for (const auto* body : {"{}", R"({"username":5,"email":[],"password":{}})", R"({"username":null})"})
        EXPECT_EQ(call("POST", "/v1/users/", body).status, 422) << body;
    EXPECT_EQ(call("POST", "/v1/users/", user_body(std::string(101, 'x'))).status, 422);
    EXPECT_EQ(call("POST", "/v1/users/", "{\"x\":\"" + std::string(1u << 20, 'x') + "\"}").status, 413);
    EXPECT_EQ(call("POST", "/v1/users/", "").status, 422);
    const auto malformed = call("POST", "/v1/users/", "{\n\"username\" \"x\"}");
    EXPECT_EQ(malformed.status, 400);
    EXPECT_THAT(malformed.body, HasSubstr("line 2, column 12"));
}

TEST_F(CommandsTest, names_of_the_whole_world) {
    const std::string name = "\xC3\x89lise-\xE6\x9D\x8E-\xF0\x9F\x8C\x8D'); drop table--";
    auto body = boost::json::parse(user_body("worldly")).as_object();
    body["first_name"] = name;
    const auto answer = call("POST", "/v1/users/", boost::json::serialize(body));
    ASSERT_EQ(answer.status, 201) << answer.body;
    const std::string id = json(answer).at("id").as_string().c_str();
    EXPECT_EQ(json(call("GET", path(id, "at/"))).at("first_name").as_string(), name);
}

TEST_F(CommandsTest, who_calls) {
    const auto without = api().send({"POST", "/v1/users/", user_body("nobody")});
    EXPECT_EQ(without.status, 401);
    EXPECT_EQ(without.headers.at("www-authenticate"), "Bearer");
    EXPECT_EQ(api().send({"POST", "/v1/users/", user_body("nobody"), {{"Authorization", "Bearer wrong"}}}).status,
              401);
    EXPECT_EQ(api().send({"GET", "/ht/"}).status, 200);
    EXPECT_EQ(api().send({"GET", "/readyz"}).status, 200);
    EXPECT_EQ(api().send({"GET", "/v1/users/x/history/"}).status, 401);
}

TEST_F(CommandsTest, paths_and_methods) {
    EXPECT_EQ(call("GET", "/").status, 404);
    EXPECT_EQ(call("GET", "/v1/nothing/").status, 404);
    const auto wrong = call("PATCH", "/v1/users/x/", "{}");
    EXPECT_EQ(wrong.status, 405);
    EXPECT_THAT(wrong.headers.at("allow"), testing::AllOf(HasSubstr("PUT"), HasSubstr("DELETE"), HasSubstr("GET")));
    EXPECT_EQ(call("PUT", "/v1/users/x/", "{}", {}).status, 404);
    EXPECT_EQ(call("GET", "/%zz").status, 400);
    EXPECT_EQ(call("PUT", path(std::string(300, 'x')), "{}").status, 404);
    EXPECT_EQ(call("POST", "/v1/users/", user_body("texty"), {{"Content-Type", "text/plain"}}).status, 415);
}

TEST_F(CommandsTest, update) {
    const auto id = created("bob");
    const auto answer = call("PUT", path(id), R"({"first_name":"Robert"})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json(answer).at("revision").as_int64(), 2);
    EXPECT_EQ(answer.headers.at("etag"), "\"2\"");
    EXPECT_EQ(call("PUT", path(id), R"({"first_name":"Robert"})").status, 422) << "nothing changes";
    EXPECT_EQ(call("PUT", path(id), "{}").status, 422);
    EXPECT_EQ(call("PUT", path(id), R"({"email":"no address"})").status, 422);
    EXPECT_EQ(call("PUT", path("01890000-0000-7000-8000-000000000000"), R"({"first_name":"x"})").status, 404);
    EXPECT_EQ(call("PUT", path("no-uuid"), R"({"first_name":"x"})").status, 404);
    created("carol");
    EXPECT_EQ(call("PUT", path(id), R"({"email":"Carol@Example.com"})").status, 409);
    EXPECT_EQ(call("PUT", path(id), R"({"email":"free@example.com"})").status, 200);
    EXPECT_EQ(create("bob").status, 409) << "the name is still taken";
}

TEST_F(CommandsTest, update_if_match) {
    const auto id = created("dora");
    const auto put = [&](const std::string& name, const std::string& tag) {
        return call("PUT", path(id), "{\"first_name\":\"" + name + "\"}", {{"If-Match", tag}});
    };
    EXPECT_EQ(put("A", "\"2\"").status, 412);
    EXPECT_EQ(put("A", "\"1\"").status, 200);
    const auto late = put("B", "\"1\"");
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(kind(late), "revision-differs");
    EXPECT_EQ(put("B", "*").status, 200);
}

TEST_F(CommandsTest, of_many_with_one_if_match_one_is_right) {
    const auto id = created("emil");
    std::atomic<int> done = 0, late = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 16; ++n)
        threads.emplace_back([&, n] {
            const auto answer =
                call("PUT", path(id), "{\"first_name\":\"E" + std::to_string(n) + "\"}", {{"If-Match", "\"1\""}});
            done += answer.status == 200;
            late += answer.status == 412;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(done, 1);
    EXPECT_EQ(late, 15);
}

TEST_F(CommandsTest, change_password) {
    const auto id = created("frida");
    EXPECT_EQ(call("PUT", path(id, "password/"), R"({"new_password":"correct horse"})").status, 422) << "the same";
    EXPECT_EQ(call("PUT", path(id, "password/"), R"({"new_password":"short"})").status, 422);
    const auto wrong =
        call("PUT", path(id, "password"), R"({"current_password":"wrong horse","new_password":"battery staple"})");
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(json(wrong).at("field"), "current_password");
    const auto right = call("PUT", path(id, "password/"),
                            R"({"current_password":"correct horse","new_password":"battery staple"})");
    EXPECT_EQ(right.status, 200) << right.body;
    EXPECT_EQ(json(right).at("revision").as_int64(), 2);
}

TEST_F(CommandsTest, delete_with_a_reason) {
    const auto id = created("gregor");
    EXPECT_EQ(call("DELETE", path(id)).status, 422) << "without a reason";
    EXPECT_EQ(call("DELETE", path(id), R"({"reason":"asked for it"})").status, 200);
    EXPECT_EQ(call("DELETE", path(id), R"({"reason":"again"})").status, 422);
    EXPECT_EQ(call("PUT", path(id), R"({"first_name":"x"})").status, 422);
    EXPECT_EQ(create("gregor").status, 201) << "the name is free again";
    EXPECT_EQ(call("DELETE", path(created("hilda")) + "?reason=asked%20for%20it").status, 200);
}

TEST_F(CommandsTest, of_200_creations_with_one_username_one_succeeds) {
    std::atomic<int> made = 0, taken = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 200; ++n)
        threads.emplace_back([&] {
            // The hash pools are bounded, so some are asked to come again.
            for (int attempt = 0; attempt < 100; ++attempt) {
                const auto answer = create("ida");
                made += answer.status == 201;
                taken += answer.status == 409;
                if (answer.status != 503) break;
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(made, 1);
    EXPECT_EQ(taken, 199);
}

TEST_F(CommandsTest, concurrent_updates_of_one_user_lose_nothing) {
    const auto id = created("jack");
    std::atomic<int> done = 0, busy = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 8; ++n)
        threads.emplace_back([&, n] {
            for (int k = 0; k < 10; ++k) {
                const auto answer =
                    call("PUT", path(id), "{\"first_name\":\"N" + std::to_string(n * 100 + k) + "\"}");
                done += answer.status == 200;
                busy += answer.status == 409;
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(done + busy, 80);
    const auto revision = json(call("GET", path(id, "at/"))).at("revision").as_int64();
    EXPECT_EQ(revision, 1 + done);
}

TEST_F(CommandsTest, idempotency_keys) {
    const auto post = [&](const std::string& name, const std::string& key) {
        return call("POST", "/v1/users/", user_body(name), {{"Idempotency-Key", key}});
    };
    const auto first = post("kim", "key-1");
    const auto again = post("kim", "key-1");
    EXPECT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.headers.at("location"), first.headers.at("location"));
    EXPECT_EQ(kind(post("liam", "key-1")), "idempotency-key-reused");
    EXPECT_EQ(post("kim", "key-2").status, 409);
    EXPECT_EQ(post("kim", "key-2").status, 409) << "a rejection is a first answer too";

    std::atomic<int> same = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 10; ++n) threads.emplace_back([&] { same += post("mia", "key-3").status == 201; });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(same, 10) << "twins at the same time get the answer of the one that acted";
}

}  // namespace
}  // namespace lantern::test
