// What real processes do when the leading relay dies or freezes, and when the store is set back under them.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/support/dev_suite.hpp"
#include "tests/support/steady_client.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;

class RecoveryTest : public DevSuite {
protected:
    static std::string one(const std::string& statement) {
        const auto rows = instance->sql(statement);
        return rows.empty() || rows.null(0, 0) ? "" : rows.text(0, 0);
    }
    static std::string leader() { return one("select leader::text from lantern.marks where reader = 'relay'"); }
    static std::string users() { return one("select count(*) from user_read_model.users"); }
    // Read model and audit log hold what the store holds, each event once.
    static bool settled() {
        return one("select count(*) from lantern.streams where aggregate_type = 'user'") == users() &&
               one("select count(*) from lantern.events") == one("select count(*) from audit_log.audit_log") &&
               one("select count(*) from lantern.unprocessed_events") == "0";
    }
    static void expect_settled() {
        EXPECT_TRUE(eventually([] { return settled(); }))
            << one("select count(*) from lantern.events") << " events, "
            << one("select count(*) from audit_log.audit_log") << " audited, "
            << one("select count(*) from lantern.unprocessed_events") << " unprocessed, " << users() << " users\n"
            << instance->lantern({"status"}).output;
        EXPECT_EQ(one("select count(*) from audit_log.audit_log"),
                  one("select count(distinct event_id) from audit_log.audit_log"));
    }
};

TEST_F(RecoveryTest, AnotherRelayTakesOverFromAFrozenLeaderAndNothingIsLostWhenOneDies) {
    const pid_t first = instance->find({" relay "}).at(0);
    processes::Child standby({.argv = {LANTERN_BINARY, "relay", "--data", instance->data().string()},
                              .output = instance->data() / "standby.log"});
    SteadyClient client(*instance, "failover");
    ASSERT_TRUE(client.goes_on());
    const std::string led = leader();

    ::kill(first, SIGSTOP);
    EXPECT_TRUE(eventually([&] { return !leader().empty() && leader() != led; })) << "frozen: another leads";
    ASSERT_TRUE(client.goes_on());
    ::kill(first, SIGCONT);
    ASSERT_TRUE(client.goes_on());
    EXPECT_NE(leader(), led) << "what the woken one still tries is fenced";

    standby.signal(SIGKILL);  // no host resigns on its behalf
    ASSERT_TRUE(client.goes_on());
    client.finish();
    expect_settled();
}

// A dump is restored in place of the database, while events that came after it wait in the queues.
TEST_F(RecoveryTest, AStoreThatWasSetBackDeliversNothingUntilItIsAdopted) {
    for (int number = 0; number < 5; ++number) instance->create_user("before" + std::to_string(number));
    expect_settled();
    const std::string url = instance->endpoint("postgres_url");
    const auto slash = url.rfind('/');
    const std::string database = url.substr(slash + 1);
    const auto program = [](std::vector<std::string> argv) {
        argv[0] = "/usr/lib/postgresql/15/bin/" + argv[0];
        const auto finished = processes::run({.argv = argv}, std::chrono::minutes(2));
        ASSERT_TRUE(finished.ended.clean()) << finished.output;
    };
    const auto dump = (instance->data() / "dump").string();
    program({"pg_dump", "-Fc", "-d", url, "-f", dump});
    // Queued, and not taken: the audit log's worker is frozen.
    const pid_t frozen = instance->find({" worker audit_log "}).at(0);
    ::kill(frozen, SIGSTOP);
    for (int number = 0; number < 5; ++number) instance->create_user("lost" + std::to_string(number));

    postgres::Connection server(
        {.url = url.substr(0, slash) + "/postgres", .statement_timeout = std::chrono::minutes(5)});
    server.query("alter database " + database + " allow_connections false");
    server.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + database + "'");
    ASSERT_TRUE(eventually([&] {
        return server.query("select from pg_stat_activity where datname = '" + database + "'").empty();
    })) << "sessions end in their own time";
    server.query("alter database " + database + " rename to lost");
    server.query("create database restored");
    program({"pg_restore", "--no-privileges", "-d", url.substr(0, slash) + "/restored", dump});
    server.query("alter database restored rename to " + database);
    ::kill(frozen, SIGCONT);

    // Hosts refuse, and say why. Commands are accepted all the same.
    EXPECT_TRUE(
        eventually([&] { return one("select note from lantern.marks").find("store adopt") != std::string::npos; }));
    EXPECT_TRUE(eventually([&] { return instance->create_user("after").status == 201; }));
    const std::string known = users();
    EXPECT_EQ(one("select count(*) from audit_log.audit_log where event_id not in (select id from lantern.events)"),
              "0");
    const auto look = instance->lantern({"store", "adopt", "--reason", "restored", "--dry-run"});
    EXPECT_THAT(look.output, HasSubstr("Nothing was changed"));
    EXPECT_EQ(users(), known) << "nothing is delivered";

    const auto adopted = instance->lantern({"store", "adopt", "--reason", "restored"});
    ASSERT_TRUE(adopted.ended.clean()) << adopted.output;
    EXPECT_THAT(adopted.output, HasSubstr("adopted"));
    expect_settled();
    EXPECT_EQ(one("select count(*) from audit_log.audit_log where event_id not in (select id from lantern.events)"),
              "0")
        << "what was lost was not delivered";
    EXPECT_EQ(one("select count(*) from user_read_model.users where username like 'lost%'"), "0");
    EXPECT_EQ(instance->create_user("last").status, 201);
    expect_settled();
    EXPECT_THAT(instance->lantern({"store", "adopt", "--reason", "again"}).output, HasSubstr("nothing to adopt"));
}

}  // namespace
}  // namespace lantern::test
