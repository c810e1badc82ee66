// Rebuilds while commands come in and readers look: nothing is lost, nobody sees less than before.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/e2e/backfill/beside.hpp"
#include "tests/support/dev_suite.hpp"

namespace lantern::test {
namespace {

class BackfillE2eTest : public DevSuite {
protected:
    static std::int64_t ask(const std::string& sql) { return instance->sql(sql).integer(0, 0); }
};

TEST_F(BackfillE2eTest, readers_see_no_gap_and_no_event_is_lost_while_models_are_swapped) {
    std::atomic<int> created{0};
    Beside commands([&] {
        const auto answer = instance->create_user("user" + std::to_string(created + 1));
        if (answer.status == 201) ++created;
    });
    ASSERT_TRUE(eventually([&] { return ask("select count(*) from user_read_model.users") >= 10; }));

    Readers readers(*instance, "user_read_model", "users");
    for (int round = 0; round < 3; ++round) {
        const auto made = created.load();
        const auto said =
            instance->lantern({"backfill", round == 1 ? "audit_log" : "user_read_model", "--processes", "2"});
        EXPECT_TRUE(said.ended.clean()) << said.output;
        for (const pid_t pid : instance->find({"worker", "user_read_model"})) ::kill(pid, SIGKILL);
        EXPECT_TRUE(eventually([&] { return created > made + 5; }));
        // Rows and checkpoints are of one moment, whatever is written meanwhile.
        const auto audited = instance->lantern({"audit", "verify"});
        EXPECT_TRUE(audited.ended.clean()) << audited.output;
    }
    const auto back = instance->lantern({"rollback", "user_read_model"});
    EXPECT_TRUE(back.ended.clean()) << back.output;
    commands.join();
    readers.end();

    EXPECT_GE(ask("select count(*) from lantern.streams"), created);
    EXPECT_TRUE(eventually([&] {
        return ask("select count(*) from user_read_model.users") == ask("select count(*) from lantern.streams");
    }));
    EXPECT_TRUE(eventually([&] {
        return ask("select count(*) from audit_log.audit_log") == ask("select count(*) from lantern.events");
    }));
    for (const char* handler : {"user_read_model", "audit_log"}) {
        const auto verified = instance->lantern({"verify", handler});
        EXPECT_TRUE(verified.ended.clean()) << verified.output;
    }
    // One mail for each user: nothing of this ran a side effect again.
    EXPECT_TRUE(eventually([&] {
        return ask("select count(*) from lantern.effects where handler = 'welcome_email' and state = 'done'") >=
               created;
    }));
    EXPECT_EQ(ask("select count(*) from lantern.effects where handler = 'welcome_email' and attempt > 1"), 0);
}

}  // namespace
}  // namespace lantern::test
