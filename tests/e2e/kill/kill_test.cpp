// Guarantee G1 through real processes: kill -9 of any single one while users are created loses, doubles and
// reorders nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "tests/support/dev_suite.hpp"
#include "tests/support/steady_client.hpp"

namespace lantern::test {
namespace {

struct Victim {
    const char* name;
    std::vector<std::string> words;  // of its command line
};

class KillTest : public DevSuite, public testing::WithParamInterface<Victim> {
protected:
    static std::int64_t count(const std::string& statement) { return instance->sql(statement).integer(0, 0); }
};

TEST_P(KillTest, loses_doubles_and_reorders_nothing) {
    std::vector<pid_t> found;
    ASSERT_TRUE(eventually([&] { return !(found = instance->find(GetParam().words)).empty(); }));
    const pid_t victim = found.front();
    SteadyClient client(*instance, std::string(GetParam().name));
    constexpr std::size_t kBefore = 20, kAfter = 40;
    ASSERT_TRUE(eventually([&] { return client.accepted() >= kBefore; }));
    ::kill(victim, SIGKILL);
    // It is replaced, and users are accepted again.
    EXPECT_TRUE(eventually([&] {
        const auto now = instance->find(GetParam().words);
        return now.size() >= found.size() && std::find(now.begin(), now.end(), victim) == now.end();
    }));
    const auto then = client.accepted();
    EXPECT_TRUE(eventually([&] { return client.accepted() >= then + kAfter; }));
    const auto accepted = client.finish();

    // Every user in the store is in the read model, every event in the audit log.
    EXPECT_TRUE(eventually([&] {
        return count("select count(*) from lantern.streams where aggregate_type = 'user'") ==
                   count("select count(*) from user_read_model.users") &&
               count("select count(*) from lantern.events") == count("select count(*) from audit_log.audit_log");
    }));
    const auto rows = instance->sql("select id from user_read_model.users");
    std::set<std::string> shown;
    for (std::size_t row = 0; row < rows.size(); ++row) EXPECT_TRUE(shown.insert(rows.text(row, 0)).second);
    for (const auto& id : accepted) EXPECT_TRUE(shown.contains(id)) << id;
    EXPECT_EQ(
        count("select count(*) from audit_log.audit_log where event_id not in (select id from lantern.events)"), 0);
    EXPECT_EQ(count("select count(*) from (select 1 from lantern.events group by stream_id "
                    "having max(revision) <> count(*) or min(revision) <> 1) holes"),
              0);
}

INSTANTIATE_TEST_SUITE_P(AnySingleProcess, KillTest,
                         testing::Values(Victim{"api", {"lantern", " api "}}, Victim{"relay", {" relay "}},
                                         Victim{"projection", {" worker user_read_model "}},
                                         Victim{"audit", {" worker audit_log "}},
                                         Victim{"mail", {" worker welcome_email "}}, Victim{"host", {" host "}},
                                         Victim{"rabbitmq", {"beam.smp"}}, Victim{"epmd", {"epmd -address"}},
                                         Victim{"postgres", {"postgres -D"}}),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace lantern::test
