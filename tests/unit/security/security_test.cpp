#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <future>

#include "host/security/hashing_pool.hpp"
#include "host/security/secrets.hpp"
#include "host/security/tokens.hpp"

namespace lantern::security {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr HashingCost kCheap{64u << 10, 1};

class SecurityTest : public testing::Test {
protected:
    SecurityTest() { start(); }

    static Result<std::vector<std::string>> ask(HashingPool& pool, std::vector<command::Ask> asks) {
        std::promise<Result<std::vector<std::string>>> answered;
        EXPECT_TRUE(pool.answer(std::move(asks), [&](auto answers) { answered.set_value(std::move(answers)); }));
        return answered.get_future().get();
    }
};

TEST_F(SecurityTest, hashes_as_owasp_advises) {
    const auto hash = hash_password("correct horse");
    ASSERT_TRUE(hash);
    EXPECT_THAT(*hash, StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
    EXPECT_TRUE(verify_password("correct horse", *hash));
    EXPECT_FALSE(verify_password("correct hors", *hash));
    EXPECT_NE(hash, hash_password("correct horse")) << "salted";
}

TEST_F(SecurityTest, what_is_no_hash_verifies_nothing) {
    for (const auto& hash :
         {std::string(), std::string("plain"), std::string("$argon2id$v=19$m=1"), std::string(500, 'x')})
        EXPECT_FALSE(verify_password("x", hash)) << hash;
}

TEST_F(SecurityTest, tokens_are_compared_whole) {
    EXPECT_TRUE(equal_in_constant_time("token", "token"));
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_FALSE(equal_in_constant_time("token", "token "));
    EXPECT_FALSE(equal_in_constant_time("token", ""));
    EXPECT_FALSE(equal_in_constant_time("tokem", "token"));
}

TEST_F(SecurityTest, macs_depend_on_secret_and_request) {
    const KeyedMac one("secret"), same("secret"), other("another");
    EXPECT_EQ(one.mac("request"), same.mac("request"));
    EXPECT_NE(one.mac("request"), other.mac("request"));
    EXPECT_NE(one.mac("request"), one.mac("requesT"));
    EXPECT_EQ(one.mac("").size(), 32u);
    const KeyedMac long_secret(std::string(1000, 's'));
    EXPECT_NE(long_secret.mac("request"), one.mac("request"));
}

TEST_F(SecurityTest, the_pool_answers_in_the_order_of_the_asks) {
    HashingPool pool(2, 10, kCheap);
    const auto made = ask(pool, {{"a", "password.hash", R"({"password":"x\u00e4"})"}});
    ASSERT_TRUE(made);
    const auto hash = boost::json::parse(made.value().at(0));
    EXPECT_EQ(hash.at("method"), "argon2id");
    const auto verify = [&](const std::string& password) {
        return boost::json::serialize(boost::json::object{{"password", password}, {"hash", hash.at("hash")}});
    };
    const auto verified =
        ask(pool, {{"a", "password.verify", verify("x\u00e4")}, {"b", "password.verify", verify("y")}});
    EXPECT_THAT(verified.value(), testing::ElementsAre("true", "false"));
}

TEST_F(SecurityTest, what_cannot_be_answered_is_told) {
    HashingPool pool(1, 10, kCheap);
    EXPECT_THAT(ask(pool, {{"a", "mail.send", "{}"}}).error(), HasSubstr("no such service"));
    for (const auto* argument : {"", "{}", "[]", R"({"password":1})"}) {
        EXPECT_THAT(ask(pool, {{"a", "password.hash", argument}}).error(), HasSubstr("expected")) << argument;
        EXPECT_THAT(ask(pool, {{"a", "password.verify", argument}}).error(), HasSubstr("expected")) << argument;
    }
}

TEST_F(SecurityTest, the_queue_is_bounded_and_what_is_queued_is_abandoned_at_the_end) {
    HashingPool pool(1, 2, kCheap);
    std::promise<void> entered, release;
    // The one thread is held inside a callback, so that what follows stays queued.
    pool.answer({{"a", "password.hash", R"({"password":"x"})"}}, [&](auto) {
        entered.set_value();
        release.get_future().wait();
    });
    entered.get_future().wait();
    std::atomic<int> abandoned = 0;
    const auto count = [&](auto answers) { abandoned += !answers; };
    EXPECT_TRUE(pool.answer({{"a", "password.hash", "{}"}}, count));
    EXPECT_TRUE(pool.answer({{"a", "password.hash", "{}"}}, count));
    EXPECT_FALSE(pool.answer({{"a", "password.hash", "{}"}}, count));
    std::thread stopping([&] { pool.stop(); });
    while (pool.answer({}, count)) std::this_thread::yield();
    release.set_value();
    stopping.join();
    EXPECT_EQ(abandoned, 2);
}

http::Claims claims() {
    http::Claims claims;
    claims.id = "token-1";
    claims.subject = "user-1";
    claims.name = "Sarah \"S\" Ünal";
    claims.role = "admin";
    claims.scopes = {"*", "user:admin"};
    claims.epoch = 7;
    claims.logged_in_at = claims.issued_at = Timestamp{std::chrono::seconds(1'800'000'000)};
    claims.expires_at = claims.issued_at + std::chrono::minutes(30);
    return claims;
}
const std::string kKey = "0123456789abcdef0123456789abcdef";

TEST_F(SecurityTest, a_token_says_what_was_signed) {
    const Tokens tokens(kKey);
    const auto token = tokens.sign(claims());
    const auto read = tokens.read(token);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->id, "token-1");
    EXPECT_EQ(read->subject, "user-1");
    EXPECT_EQ(read->name, claims().name);
    EXPECT_EQ(read->role, "admin");
    EXPECT_EQ(read->scopes, claims().scopes);
    EXPECT_EQ(read->epoch, 7);
    EXPECT_EQ(read->logged_in_at, claims().logged_in_at);
    EXPECT_EQ(read->expires_at, claims().expires_at);
    EXPECT_EQ(std::count(token.begin(), token.end(), '.'), 2) << "a JWT";
}

TEST_F(SecurityTest, a_token_that_is_not_ours_is_none) {
    const Tokens tokens(kKey), others("another key of thirty-two bytes.");
    const auto token = tokens.sign(claims());
    EXPECT_FALSE(others.read(token));
    for (std::size_t at = 0; at < token.size(); at += 7) {
        auto changed = token;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        // The last characters of a part may hold bits that stand for nothing.
        if (const auto read = tokens.read(changed)) {
            EXPECT_EQ(read->subject, "user-1") << changed;
        }
    }
    EXPECT_FALSE(tokens.read(token.substr(0, token.rfind('.') + 1))) << "no signature";
    // {"alg":"none"} and the same claims.
    const auto body = token.substr(token.find('.'), token.rfind('.') - token.find('.') + 1);
    EXPECT_FALSE(tokens.read("eyJhbGciOiJub25lIn0" + body));
    EXPECT_FALSE(tokens.read("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0" + body));
    for (const char* junk : {"", ".", "..", "a.b.c", "signed 1"}) EXPECT_FALSE(tokens.read(junk)) << junk;
    EXPECT_FALSE(tokens.read(std::string(100'000, 'a')));
    EXPECT_FALSE(tokens.read(std::string("a\0b", 3)));
}

}  // namespace
}  // namespace lantern::security
