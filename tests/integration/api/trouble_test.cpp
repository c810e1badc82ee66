// Servers that go away, and processes that are told to.
#include <atomic>
#include <thread>

#include "host/postgres/connection.hpp"
#include "host/private_servers/postgres.hpp"
#include "tests/integration/api/api_fixture.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

class TroubleTest : public ApiTest {};

TEST_F(TroubleTest, a_stopped_database_is_503_and_never_not_found) {
    const auto id = created("wanda");
    postgres().stop();
    for (const auto& [method, target] : {std::pair<std::string, std::string>{"PUT", path(id)},
                                         {"GET", path(id)},
                                         {"GET", path(id, "history/")},
                                         {"GET", path(id, "at/")},
                                         {"GET", "/v1/audit/"},
                                         {"GET", "/readyz"}}) {
        for (int n = 0; n < 4; ++n) {
            const auto answer = call(method, target, method == "PUT" ? R"({"first_name":"x"})" : "");
            EXPECT_EQ(answer.status, 503) << target << " " << answer.body;
        }
    }
    EXPECT_EQ(call("GET", "/ht/").status, 200) << "the process itself lives";
    EXPECT_EQ(call("GET", "/v1/audit/").headers.at("retry-after"), "1");
    postgres().start();
    EXPECT_TRUE(eventually([&] { return call("PUT", path(id), R"({"first_name":"Back"})").status == 200; }));
    // Every worker of both processes finds back.
    for (int n = 0; n < 100; ++n) call("GET", "/readyz");
    EXPECT_TRUE(eventually([&] {
        for (int n = 0; n < 50; ++n)
            if (call("GET", path(id, "at/")).status != 200) return false;
        return true;
    }));
}

TEST_F(TroubleTest, a_process_that_is_told_to_stop_drops_no_request) {
    ApiProcesses two;
    std::atomic<bool> over = false;
    std::atomic<int> made = 0, other = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n)
        threads.emplace_back([&, n] {
            for (int k = 0; !over; ++k) {
                const auto answer =
                    two.call("POST", "/v1/users/", user_body("u" + std::to_string(n) + "-" + std::to_string(k)));
                // A connection that the kernel gave to the socket just being closed is refused, and tried again.
                made += answer.status == 201;
                other += answer.status != 201 && answer.status != 0;
            }
        });
    EXPECT_TRUE(eventually([&] { return made > 20; }));
    two.ask_to_stop(0);
    EXPECT_TRUE(two.wait_for_end(0).clean());
    const int before = made;
    EXPECT_TRUE(eventually([&] { return made > before + 20; })) << "the other one serves on";
    over = true;
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(other, 0);
    postgres::Connection connection({.url = two.database()});
    EXPECT_EQ(connection.query("select count(*) from lantern.streams").integer(0, 0), made);
    two.ask_to_stop(1);
    EXPECT_TRUE(two.wait_for_end(1).clean());
}

}  // namespace
}  // namespace lantern::test
