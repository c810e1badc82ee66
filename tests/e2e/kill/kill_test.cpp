// Guarantee G1 through real processes: kill -9 of any single one while users are created loses, doubles and
// reorders nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <set>
#include <thread>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

// Creates users one after the other until it is told to stop; remembers those that were accepted.
class Client {
public:
    Client(const DevInstance& instance, std::string name)
        : instance_(instance), name_(std::move(name)), thread_([this] { work(); }) {}
    ~Client() { finish(); }

    std::size_t accepted() const { return accepted_; }
    std::set<std::string> finish() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
        return ids_;
    }

private:
    void work() {
        for (int number = 0; !stop_; ++number) {
            const auto answer = instance_.create_user(name_ + std::to_string(number));
            if (answer.status == 201) {
                ids_.insert(id_of(answer));
                ++accepted_;
            } else {
                pause_between_looks();
            }
        }
    }

    const DevInstance& instance_;
    const std::string name_;
    std::set<std::string> ids_;  // the thread's, until it is joined
    std::atomic<std::size_t> accepted_ = 0;
    std::atomic<bool> stop_ = false;
    std::thread thread_;  // last: it uses the others
};

struct Victim {
    const char* name;
    std::vector<std::string> words;  // of its command line
};

class KillTest : public testing::TestWithParam<Victim> {
protected:
    static void SetUpTestSuite() {
        instance = std::make_unique<DevInstance>(Place{fresh_directory() / "dev"});
        const auto started = instance->start();
        ASSERT_TRUE(started.ended.clean()) << started.output;
    }
    static void TearDownTestSuite() { instance.reset(); }

    static std::int64_t count(const std::string& statement) { return instance->sql(statement).integer(0, 0); }

    static inline std::unique_ptr<DevInstance> instance;
};

TEST_P(KillTest, loses_doubles_and_reorders_nothing) {
    const auto found = instance->find(GetParam().words);
    ASSERT_FALSE(found.empty());
    const pid_t victim = found.front();
    Client client(*instance, std::string(GetParam().name));
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
