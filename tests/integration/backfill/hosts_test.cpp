// Jobs that hosts work on: processes, hosts and PostgreSQL go away, and the job ends all the same.
#include <signal.h>

#include <future>
#include <regex>

#include "host/private_servers/postgres.hpp"
#include "tests/integration/backfill/fickle.hpp"
#include "tests/support/process_tree.hpp"

namespace lantern::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class HostsTest : public FickleTest {
protected:
    static constexpr int kUsers = 2000, kUpdates = 99, kEvents = kUsers * (kUpdates + 1);

    // A host that does nothing but work on jobs.
    std::unique_ptr<processes::Child> host(const std::string& name) { return host(name, plugins_, cache()); }
    std::unique_ptr<processes::Child> host(const std::string& name, const std::filesystem::path& plugins,
                                           const std::filesystem::path& copies) {
        processes::Program program;
        program.argv = {LANTERN_BINARY, "host", "--roles", "backfill", "--config", config_, "--plugins", plugins};
        program.environment = {
            {"LANTERN_POSTGRES_URL", url_}, {"LANTERN_CACHE_DIR", copies.string()}, {"LANTERN_METRICS_PORT", "0"}};
        program.output = directory_ / (name + ".log");
        return std::make_unique<processes::Child>(program);
    }
    bool at_work() {
        return eventually(
            [&] { return one("select count(*) from lantern.hosts where 'backfill' = any (roles)") == "1"; },
            std::chrono::seconds(120));
    }
    static std::vector<pid_t> workers_of(const processes::Child& host) {
        return find_processes(tree(host.pid()), {" backfill ", " --index "});
    }
    std::string log(const std::string& name) const {
        std::ifstream in(directory_ / (name + ".log"));
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string begin(const std::string& words) {
        const auto said = lantern("backfill fickle --detach " + words);
        EXPECT_EQ(said.status, 0) << said.text;
        return one("select max(job_id) from lantern.jobs");
    }
    bool folded(std::int64_t events) {
        return eventually(
            [&] {
                return one("select coalesce(sum(events), 0) >= " + std::to_string(events) +
                           " from lantern.job_slots") == "t";
            },
            std::chrono::seconds(120));
    }
    bool done(const std::string& job) {
        return eventually([&] { return one("select state from lantern.jobs where job_id = " + job) == "done"; },
                          std::chrono::seconds(300));
    }
    std::string model() {
        return one("select count(*) || ' of ' || max(revision) || ' ' || min(revision) from fickle.survived");
    }
    std::string whole_model() const {
        const auto last = std::to_string(kUpdates + 1);
        return std::to_string(kUsers) + " of " + last + " " + last;
    }
};

TEST_F(HostsTest, AllProcessesKilledAtHalfOfTheWorkRepeatLessThanATwentiethOfIt) {
    fill_users(kUsers, kUpdates);
    const auto first = host("first");
    ASSERT_TRUE(at_work()) << log("first");
    const auto job = begin("--max-rate 15000");
    ASSERT_TRUE(folded(kEvents / 2)) << log("first");
    const auto before = workers_of(*first);
    ASSERT_FALSE(before.empty());
    for (const pid_t pid : before) ::kill(pid, SIGKILL);
    ASSERT_EQ(lantern("jobs throttle " + job + " 0").status, 0);
    const auto followed = lantern("jobs follow " + job);
    EXPECT_EQ(followed.status, 0) << followed.text << log("first");
    EXPECT_EQ(model(), whole_model());
    // Each call of the plugin has left a byte.
    const auto calls = static_cast<std::int64_t>(std::filesystem::file_size(count_));
    EXPECT_GE(calls, kEvents);
    EXPECT_LT(calls - kEvents, kEvents / 20);
    EXPECT_EQ(one("select sum(events) from lantern.job_slots where job_id = " + job), std::to_string(kEvents));
    // Nobody starts processes for a job that has ended.
    EXPECT_TRUE(eventually([&] { return workers_of(*first).empty(); }));
    EXPECT_THAT(lantern("jobs list -o json").text, HasSubstr(R"("state":"done")"));
    EXPECT_THAT(lantern("status").text,
                HasSubstr("the model of fickle by fickle 1 (schema version 1) is kept until"));
}

TEST_F(HostsTest, AnotherHostGoesOnWhenOneIsKilledAndPostgresHasBeenAway) {
    fill_users(kUsers, kUpdates);
    auto first = host("first");
    const auto job = begin("--processes 0 --max-rate 30000");
    ASSERT_TRUE(folded(kEvents / 5)) << log("first");
    postgres().stop();
    postgres().start();
    sql_.ensure();
    ASSERT_TRUE(folded(kEvents / 5 * 2)) << log("first");
    const auto second = host("second");
    const auto left_alone = workers_of(*first);
    ::kill(first->pid(), SIGKILL);
    for (const pid_t pid : left_alone) EXPECT_TRUE(eventually([&] { return !alive(pid); }));
    ASSERT_EQ(lantern("jobs throttle " + job + " 0").status, 0);
    EXPECT_TRUE(done(job)) << lantern("jobs show " + job + " -o json").text << log("second");
    EXPECT_EQ(model(), whole_model());
}

TEST_F(HostsTest, AVerbWhoseHostIsGoneDoesTheWorkItself) {
    fill_users(kUsers, 9);
    const auto first = host("first");
    ASSERT_TRUE(at_work()) << log("first");
    auto verb = std::async(std::launch::async, [&] { return lantern("backfill fickle --max-rate 2000"); });
    ASSERT_TRUE(folded(2000)) << log("first");
    ::kill(first->pid(), SIGKILL);
    ASSERT_EQ(lantern("jobs throttle " + one("select max(job_id) from lantern.jobs") + " 0").status, 0);
    const auto said = verb.get();
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("nobody works on it any more"));
    EXPECT_EQ(model(), std::to_string(kUsers) + " of 10 10");
}

TEST_F(HostsTest, AJobWhoseBuildNoHostHasSaysSoAndIsDoneByThisVerbOrOnceAHostHasIt) {
    fill_users(20, 0);
    const auto elsewhere = directory_ / "elsewhere";
    std::filesystem::copy(plugins_, elsewhere);
    const auto first = host("first", elsewhere, directory_ / "copies");
    ASSERT_TRUE(at_work()) << log("first");
    install("fickle_drops");
    const auto by_itself = lantern("backfill fickle --detach");
    EXPECT_THAT(by_itself.text, ContainsRegex("no running host .*: . of this verb"));
    ASSERT_TRUE(done(one("select max(job_id) from lantern.jobs"))) << by_itself.text;

    const auto begun = lantern("backfill fickle --detach --processes 0");
    EXPECT_EQ(begun.status, 0) << begun.text;
    const auto job = one("select max(job_id) from lantern.jobs");
    const auto build = one("select substr(plugin_build, 1, 12) from lantern.jobs where job_id = " + job);
    const auto reason = "no running host has build " + build + " of plugin fickle";
    const auto waits = reason + "; the job waits for one: put the build into a host's plugin directory";
    EXPECT_THAT(begun.text, HasSubstr("the job waits for one"));
    // A host that was slow to say that it is there is there soon.
    const auto says = [&](const std::string& verb, const std::string& words) {
        return eventually([&] { return std::regex_search(lantern(verb).text, std::regex(words)); },
                          std::chrono::seconds(120));
    };
    for (const auto& verb : {"jobs list", "jobs list -o json", "status", "status -o json"})
        EXPECT_TRUE(says(verb, waits)) << lantern(verb).text;
    EXPECT_TRUE(says("jobs show " + job, waits)) << log("first");
    EXPECT_TRUE(says("doctor", "problem +job " + job + ", rebuild of fickle +" + reason)) << lantern("doctor").text;
    auto following =
        std::async(std::launch::async, [&] { return lantern("jobs follow " + job + " --processes 0"); });

    std::filesystem::copy_file(plugins_ / "fickle.so", elsewhere / "fickle.new");
    std::filesystem::rename(elsewhere / "fickle.new", elsewhere / "fickle.so");
    const auto followed = following.get();
    EXPECT_EQ(followed.status, 0) << followed.text << log("first");
    EXPECT_TRUE(done(job)) << log("first");
    EXPECT_THAT(lantern("jobs show " + job + " -o json").text, HasSubstr(R"("waits_for":"")"));
}

TEST_F(HostsTest, AJobSlowsDownWhileLiveHandlersAreBehindAndSaysSo) {
    live_lag_max("1s");
    fill_users(kUsers, kUpdates);
    // A worker that lives and applies nothing of what the live handlers are routed to.
    sql_.script(
        "update lantern.routes set begin_position = 0 where begin_position is null;"
        "insert into lantern.workers (worker_id, handler, host, pid, plugin_build, heartbeat_at)"
        " select gen_random_uuid(), handler, 'elsewhere', 1, '', clock_timestamp() + interval '1 hour'"
        "   from lantern.handlers;"
        "insert into lantern.leases (handler, partition, worker_id)"
        " select w.handler, p, w.worker_id from lantern.workers w join lantern.handlers h using (handler),"
        "        generate_series(0, h.partitions - 1) p"
        " on conflict (handler, partition) do update set worker_id = excluded.worker_id");
    const auto first = host("first");
    const auto job = begin("--processes 0");
    EXPECT_TRUE(eventually([&] { return lantern("status").text.find("slowed down to 1/") != std::string::npos; },
                           std::chrono::seconds(120)))
        << lantern("status").text << log("first");
    EXPECT_THAT(one("select slowed from lantern.jobs where job_id = " + job),
                HasSubstr("behind, the bound is 1.0 s"));
    // Once it is dead, nothing is gained by waiting for it.
    sql_.script("update lantern.workers set heartbeat_at = clock_timestamp() - interval '1 hour'");
    EXPECT_TRUE(done(job)) << log("first");
    EXPECT_EQ(one("select slowed from lantern.jobs where job_id = " + job), "");
}

}  // namespace
}  // namespace lantern::test
