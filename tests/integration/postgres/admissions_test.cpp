// Allowances and denied tokens, over several connections.
#include "host/postgres/store/admissions.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/integration/postgres/fixture.hpp"

namespace lantern::test {
namespace {

using namespace std::chrono_literals;

class AdmissionsTest : public PostgresTest {
protected:
    postgres::Admissions admissions{url_};
};

TEST_F(AdmissionsTest, an_allowance_is_used_up_and_comes_back) {
    const std::vector<http::Allowance> three{{"sarah", {3, 1h}}};
    for (int n = 0; n < 3; ++n) EXPECT_EQ(admissions.take(three), 0ms);
    const auto wait = admissions.take(three);
    EXPECT_GT(wait, 19min);
    EXPECT_LE(wait, 20min);
    EXPECT_EQ(admissions.take({{"tom", {3, 1h}}}), 0ms);
    admissions.give_back(three);
    EXPECT_EQ(admissions.take(three), 0ms);
    EXPECT_GT(admissions.take(three), 0ms);
    // An hour later.
    sql_.query("update lantern.allowances set full_at = full_at - interval '1 hour'");
    for (int n = 0; n < 3; ++n) EXPECT_EQ(admissions.take(three), 0ms);
    EXPECT_GT(admissions.take(three), 0ms) << "never more than all of it";
}

TEST_F(AdmissionsTest, one_is_taken_of_each_or_of_none) {
    const http::Allowance one{"name", {1, 1h}}, many{"address", {2, 1h}};
    EXPECT_EQ(admissions.take({one, many}), 0ms);
    EXPECT_GT(admissions.take({many, one}), 50min);
    EXPECT_EQ(admissions.take({many}), 0ms) << "the refused try took none";
    EXPECT_GT(admissions.take({many}), 0ms);
}

TEST_F(AdmissionsTest, hosts_that_count_at_the_same_time_count_together) {
    std::atomic<int> taken = 0;
    std::vector<std::thread> hosts;
    for (int host = 0; host < 4; ++host)
        hosts.emplace_back([&, host] {
            postgres::Admissions own(url_);
            const http::Allowance a{"a", {10, 1h}}, b{"b", {100, 1h}};
            for (int n = 0; n < 10; ++n) taken += own.take(host % 2 ? std::vector{a, b} : std::vector{b, a}) == 0ms;
        });
    for (auto& host : hosts) host.join();
    EXPECT_EQ(taken, 10);
}

TEST_F(AdmissionsTest, a_denied_token_is_known_until_it_expires) {
    postgres::Admissions another(url_);
    const auto now = SystemClock().now();
    admissions.deny("one", now + 1h);
    admissions.deny("one", now + 1h);
    EXPECT_TRUE(another.denied("one"));
    EXPECT_FALSE(another.denied("two"));
    admissions.deny("old", now - 1h);
    admissions.deny("new", now + 1h);
    EXPECT_EQ(sql_.query("select count(*) from lantern.denied_tokens").integer(0, 0), 2);
}

}  // namespace
}  // namespace lantern::test
