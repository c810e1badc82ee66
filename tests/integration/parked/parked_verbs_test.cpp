// `lantern parked`, as an operator types it.
#include <gmock/gmock.h>

#include <array>
#include <cstdio>

#include "tests/integration/parked/fixture.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ParkedVerbsTest : public ParkedTest {
protected:
    struct Said {
        int status = 0;
        std::string text;
    };
    Said lantern(const std::string& words) {
        const std::string command = "LANTERN_OPERATOR=anna@desk LANTERN_POSTGRES_URL='" + url_ + "' " +
                                    LANTERN_BINARY + " " + words + " --config " + LANTERN_CONFIG + " 2>&1";
        Said said;
        std::FILE* pipe = ::popen(command.c_str(), "r");
        EXPECT_NE(pipe, nullptr);
        std::array<char, 4096> part{};
        while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) said.text += part.data();
        said.status = ::pclose(pipe);
        return said;
    }
};

TEST_F(ParkedVerbsTest, ListShowRetrySkip) {
    EXPECT_THAT(lantern("parked list").text, HasSubstr("nothing is parked"));
    for (const char* user : {"anna", "bob"}) append(user, 1);
    park("people", "anna", "waited 5 ms");
    park("people", "bob", "waited 72 ms");
    EXPECT_THAT(lantern("parked list").text, HasSubstr("waited <n> ms"));
    const auto json = lantern("parked list -o json --handler people").text;
    EXPECT_THAT(json, HasSubstr(R"("count":2)"));
    EXPECT_THAT(lantern("parked show user/bob").text, HasSubstr("fails: MADE, revision 1"));
    EXPECT_THAT(lantern("parked show --stream user/bob -o json").text, HasSubstr(R"("stream":"user/bob")"));

    auto said = lantern("parked retry");
    EXPECT_NE(said.status, 0);
    EXPECT_THAT(said.text, HasSubstr("--all"));
    EXPECT_NE(lantern("parked retry user/nobody").status, 0);
    EXPECT_NE(lantern("parked list --older-than soon").status, 0);
    EXPECT_THAT(lantern("parked retry --all --dry-run").text, HasSubstr("would retry 2 parked streams"));
    EXPECT_EQ(row("anna"), "revision 0 state 2 attempts 8");
    EXPECT_THAT(lantern("parked retry user/anna -o json").text, HasSubstr(R"("selected":1,"done":1)"));
    EXPECT_EQ(row("anna"), "revision 0 state 1 attempts 0");
    EXPECT_EQ(row("bob"), "revision 0 state 2 attempts 8");

    said = lantern("parked skip user/bob");
    EXPECT_NE(said.status, 0);
    EXPECT_THAT(said.text, HasSubstr("--reason"));
    EXPECT_THAT(lantern("parked skip --handler people --rate 1000 --reason 'a test user'").text,
                HasSubstr("skipped the failing event of 1 of 1 parked streams"))
        << "anna's is about to be tried";
    EXPECT_THAT(lantern("parked skip --all --dry-run").text, HasSubstr("would skip 0 parked streams"));
    EXPECT_EQ(row("bob"), "revision 1 state 1 attempts 0");
    EXPECT_EQ(one("select string_agg(who || ' ' || action || ' ' || reason || ' ' || (detail->>'count'), ', '"
                  " order by id) from lantern.admin_log"),
              "anna@desk parked retry  1, anna@desk parked skip a test user 1");
    EXPECT_EQ(one("select detail->'selection'->>'handler' from lantern.admin_log where action = 'parked skip'"),
              "people");
}

TEST_F(ParkedVerbsTest, PauseAndResume) {
    EXPECT_NE(lantern("pause people").status, 0) << "a reason is asked for";
    EXPECT_NE(lantern("pause nobody --reason x").status, 0);
    EXPECT_EQ(lantern("pause people --reason 'disk is moved'").status, 0);
    EXPECT_THAT(lantern("pause people --reason again").text, HasSubstr("was paused already"));
    EXPECT_THAT(lantern("status").text, HasSubstr("by anna@desk: disk is moved"));
    EXPECT_THAT(lantern("status -o json").text, HasSubstr(R"("state":"paused")"));
    EXPECT_EQ(lantern("resume people").status, 0);
    EXPECT_THAT(lantern("resume people").text, HasSubstr("was not paused: it is detached"));
    sql_.query(
        "insert into lantern.workers (worker_id, handler, host, pid, plugin_build, note)"
        " values (gen_random_uuid(), 'people', 'here', 1, 'b', 'held: postgres: no table')");
    EXPECT_THAT(lantern("status -o json").text, Not(HasSubstr(R"("state":"held")"))) << "it holds no partition";
    sql_.query(
        "insert into lantern.leases (handler, partition, worker_id)"
        " select 'people', 0, worker_id from lantern.workers");
    EXPECT_THAT(lantern("resume people").text, HasSubstr("people is held: postgres: no table\nIt is tried again"));
    EXPECT_THAT(lantern("status").text, HasSubstr("postgres: no table; repair what the reason names"));
    sql_.query("update lantern.workers set heartbeat_at = now() - interval '1 hour'");
    EXPECT_THAT(lantern("resume people").text, HasSubstr("was not paused: it is detached"));
}

}  // namespace
}  // namespace lantern::test
