// Several hosts on one PostgreSQL and one RabbitMQ.
#include <algorithm>
#include <csignal>
#include <memory>

#include "host/processes/child.hpp"
#include "tests/e2e/live/world.hpp"

namespace lantern::test {
namespace {

class HostsTest : public LiveTest {
protected:
    // Another host, with a configuration directory of its own: workers only, so that the first keeps the port.
    struct Other {
        std::unique_ptr<processes::Child> host;
        std::vector<pid_t> processes() const { return tree(host->pid()); }
        std::vector<pid_t> workers(const std::string& handler) const {
            return find_processes(processes(), {" worker " + handler + " --index"});
        }
        void signal(int number) const {
            for (const pid_t pid : processes()) ::kill(pid, number);
        }
    };

    void join() {
        if (!fs::exists(others_config)) fs::copy(config, others_config, fs::copy_options::recursive);
        processes::Program program{.argv = {LANTERN_BINARY, "host", "--data", instance.data().string(), "--config",
                                            others_config.string(), "--plugins", plugins.string(), "--roles",
                                            "worker"}};
        program.environment = {{"LANTERN_CACHE_DIR", (place / "others_cache").string()},
                               {"LANTERN_METRICS_PORT", "0"}};
        program.output = place / "other.log";
        other.host = std::make_unique<processes::Child>(program);
    }
    // Partitions of the handler held by workers that are among these processes.
    std::int64_t held_by(const std::string& handler, const std::vector<pid_t>& pids) {
        std::string list = "0";
        for (const pid_t pid : pids) list += "," + std::to_string(pid);
        return count(
            "select count(*) from lantern.leases l join lantern.workers w using (worker_id) where l.handler = '" +
            handler + "' and w.pid in (" + list + ")");
    }
    std::int64_t held_by_other(const std::string& handler) { return held_by(handler, other.workers(handler)); }
    std::int64_t held_by_first(const std::string& handler) { return held_by(handler, workers(handler)); }
    void TearDown() override {
        if (other.host) other.signal(SIGCONT);
        other.host.reset();
        LiveTest::TearDown();
        if (!HasFailure()) return;
        std::ifstream in(place / "other.log");
        std::cout << std::string{std::istreambuf_iterator<char>(in), {}} << std::endl;
    }

    const fs::path others_config = place / "others_config";
    const fs::path others_routing = others_config / "routing.yaml";
    Other other;
};

TEST_F(HostsTest, one_that_joins_gets_its_share_and_one_that_is_killed_is_replaced) {
    SteadyClient client(instance, "joined");
    ASSERT_TRUE(client.goes_on());
    join();
    for (const char* handler : {"user_read_model", "audit_log"})
        EXPECT_TRUE(eventually([&] { return held_by_other(handler) == 2 && held_by_first(handler) == 2; }))
            << handler;
    ASSERT_TRUE(client.goes_on());
    other.signal(SIGKILL);
    for (const char* handler : {"user_read_model", "audit_log"})
        EXPECT_TRUE(eventually([&] { return held_by_first(handler) == 4; })) << handler;
    ASSERT_TRUE(client.goes_on());
    expect_complete(client);
    EXPECT_EQ(count("select count(*) from audit_log.audit_log"), count("select count(*) from lantern.events"));
}

TEST_F(HostsTest, one_that_is_frozen_is_replaced_and_fenced_when_it_wakes) {
    SteadyClient client(instance, "frozen");
    ASSERT_TRUE(client.goes_on());
    join();
    ASSERT_TRUE(eventually([&] { return held_by_other("audit_log") == 2; }));
    ASSERT_TRUE(client.goes_on());
    other.signal(SIGSTOP);
    for (const char* handler : {"user_read_model", "audit_log"})
        EXPECT_TRUE(eventually([&] { return held_by_first(handler) == 4; })) << handler;
    ASSERT_TRUE(client.goes_on());
    other.signal(SIGCONT);
    EXPECT_TRUE(eventually([&] { return held_by_other("audit_log") == 2; })) << "awake, it takes its share again";
    ASSERT_TRUE(client.goes_on());
    expect_complete(client);
    EXPECT_EQ(count("select count(*) from audit_log.audit_log"), count("select count(*) from lantern.events"));
}

TEST_F(HostsTest, a_frozen_worker_is_replaced_by_its_own_host) {
    SteadyClient client(instance, "stopped");
    ASSERT_TRUE(client.goes_on());
    const auto frozen = workers("audit_log");
    ::kill(frozen.front(), SIGSTOP);
    EXPECT_TRUE(eventually([&] { return !alive(frozen.front()) && held_by_first("audit_log") == 4; }));
    expect_complete(client);
}

TEST_F(HostsTest, two_with_different_files_do_not_fight) {
    join();
    ASSERT_TRUE(eventually([&] { return held_by_other("audit_log") == 2; }));
    const std::string next = std::string(kUsual) + "handlers:\n  audit_log: {batch: 100}\n";
    edit(next);
    EXPECT_TRUE(status_says(others_routing.string() + " differs")) << status();
    EXPECT_EQ(revision(), 2);
    // The other follows the row, and runs by it.
    EXPECT_TRUE(eventually([&] {
        return count(
                   "select count(*) from lantern.hosts where revision = 2 and seen_at > now() - interval '10 s'") ==
               2;
    })) << status();
    // An edit that was not made from what is in force is none.
    write(others_routing, std::string(kUsual) + "handlers:\n  audit_log: {batch: 200}\n");
    EXPECT_TRUE(eventually([&] {
        return count(
                   "select count(*) from lantern.hosts where file_state = 'differs' and file_hash <> '' and "
                   "routing_file = '" +
                   others_routing.string() +
                   "' and file_hash not in "
                   "(select hash from lantern.routing_revisions)") == 1;
    })) << status();
    EXPECT_EQ(revision(), 2);
    // Taken over, it is an edit again.
    write(others_routing, next);
    EXPECT_TRUE(status_drops("differs")) << status();
    write(others_routing, kUsual);
    EXPECT_TRUE(eventually([&] { return revision() == 3; })) << status();
    EXPECT_TRUE(status_says(routing.string() + " differs")) << status();
}

}  // namespace
}  // namespace lantern::test
