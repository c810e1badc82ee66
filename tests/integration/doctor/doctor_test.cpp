// `lantern doctor` finds what is not well, and says what helps.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "host/postgres/connection.hpp"
#include "host/postgres/migrate.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/processes/child.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/topology.hpp"
#include "tests/support/answered.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// Their server is private, and runs without fsync for speed: a problem anywhere else.
constexpr const char* kTestsWithoutFsync = "postgresql durability";

struct Said {
    std::string level, found, remedy;
};

class DoctorTest : public ::testing::Test {
protected:
    processes::Finished run(std::vector<std::string> words) const {
        words.insert(words.begin(), under_.begin(), under_.end());
        words.insert(words.begin() + static_cast<std::ptrdiff_t>(under_.size()),
                     {LANTERN_BINARY, "doctor", "--config", config_.string()});
        return processes::run({.argv = words,
                               .environment = {{"LANTERN_POSTGRES_URL", postgres_url_},
                                               {"LANTERN_AMQP_URL", amqp_url_},
                                               {"LANTERN_CACHE_DIR", cache_.string()}}},
                              std::chrono::minutes(2));
    }
    // By subject; of those that have several the worst.
    std::map<std::string, Said> examine(std::vector<std::string> words = {}) {
        words.insert(words.end(), {"-o", "json"});
        const auto finished = run(words);
        std::map<std::string, Said> found;
        problems_.clear();
        const auto document = boost::json::parse(finished.output);
        for (const auto& one : document.at("findings").as_array()) {
            const auto text = [&](const char* member) { return std::string(one.at(member).as_string()); };
            if (text("level") == "problem") problems_.insert(text("subject"));
            auto& kept = found[text("subject")];
            if (kept.level != "problem") kept = {text("level"), text("found"), text("remedy")};
        }
        EXPECT_EQ(finished.ended.exit_code, problems_.empty() ? 0 : 1);
        return found;
    }
    static void declare_audit_log(rabbitmq::Connection& connection) {
        rabbitmq::Topology topology(connection);
        topology.declare_exchange();
        topology.declare({HandlerName{"audit_log"}, 4, QueueType::quorum, {"USER_CREATED"}});
    }
    static void declare_plain_queue(rabbitmq::Connection& connection, const std::string& queue) {
        connection.open_channel(1);
        amqp_queue_declare_t method{};
        method.queue = rabbitmq::bytes(queue);
        method.durable = 1;
        connection.call(1, AMQP_QUEUE_DECLARE_METHOD, &method, AMQP_QUEUE_DECLARE_OK_METHOD);
    }
    static void sql(const std::string& url, const std::string& statement) {
        postgres::Connection({.url = url}).script(statement);
    }

    std::string postgres_url_ = fresh_database();
    std::string amqp_url_ = fresh_vhost();
    const std::filesystem::path cache_ = fresh_directory();
    std::filesystem::path config_ = LANTERN_CONFIG;
    std::vector<std::string> under_;  // a program that sets limits and runs the rest
    std::set<std::string> problems_;
};

TEST_F(DoctorTest, AStoreThatIsNotMigratedIsAProblemAndAFreshOneIsWell) {
    auto found = examine();
    EXPECT_EQ(found["migrations"].level, "problem");
    EXPECT_THAT(found["migrations"].remedy, HasSubstr("lantern migrate"));
    EXPECT_THAT(problems_, UnorderedElementsAre("migrations", kTestsWithoutFsync));
    EXPECT_THAT(found[kTestsWithoutFsync].remedy, HasSubstr("set fsync = on"));

    postgres::migrate(postgres_url_);
    found = examine();
    EXPECT_THAT(problems_, UnorderedElementsAre(kTestsWithoutFsync));
    for (const char* subject :
         {"postgresql version", "right to create schemas", "roles of handlers", "clock", "migrations",
          "postgresql connections", "rabbitmq version", "rabbitmq alarm", "plugins", "routing"})
        EXPECT_EQ(found[subject].level, "ok") << subject << ": " << found[subject].found;
    EXPECT_EQ(found["exchange"].level, "warning") << "no relay ever ran";
    EXPECT_EQ(found["queues of audit_log"].level, "warning");
    EXPECT_THAT(found["routing in force"].remedy, HasSubstr("start a host"));
    EXPECT_THAT(run({}).output, AllOf(HasSubstr("ok       migrations"), HasSubstr("1 problem,")));
}

TEST_F(DoctorTest, QueuesAreComparedWithWhatIsDeclared) {
    postgres::migrate(postgres_url_);
    ASSERT_TRUE(answered([&] {
        rabbitmq::Listener listener;
        rabbitmq::Connection connection(rabbitmq::parse_address(amqp_url_), "test", listener);
        declare_audit_log(connection);
        declare_plain_queue(connection, "lantern.welcome_email.4.1");
    }));

    auto found = examine();
    EXPECT_EQ(found["exchange"].level, "ok");
    EXPECT_EQ(found["queues of audit_log"].level, "ok") << found["queues of audit_log"].found;
    EXPECT_EQ(found["queues of user_read_model"].level, "warning");
    const auto worst = found["queues of welcome_email"];
    EXPECT_EQ(worst.level, "problem") << worst.found;
    EXPECT_THAT(worst.found,
                AllOf(HasSubstr("1 of 4 were declared with other arguments: lantern.welcome_email.4.1"),
                      HasSubstr("3 of 4 are not there")));
    EXPECT_THAT(worst.remedy, HasSubstr("rabbitmqctl delete_queue lantern.welcome_email.4.1"));
}

// The broker's limits are as they were when this ends.
struct BrokerLimits {
    ~BrokerLimits() {
        set({"set_vm_memory_high_watermark", "0.4"});
        set({"set_disk_free_limit", "50MB"});
    }
    void set(const std::vector<std::string>& limit) const {
        const auto finished = rabbit().control(limit);
        EXPECT_TRUE(finished.ended.clean()) << finished.output;
    }
};

TEST_F(DoctorTest, AnAlarmOfTheBrokerIsNamedAndQueuesAreLookedAtAllTheSame) {
    ASSERT_TRUE(answered([&] {
        rabbitmq::Listener listener;
        rabbitmq::Connection connection(rabbitmq::parse_address(amqp_url_), "test", listener);
        declare_audit_log(connection);
    }));
    const auto alarm_is = [&](const std::string& words) {
        std::string seen;
        EXPECT_TRUE(eventually([&] { return (seen = examine()["rabbitmq alarm"].found).ends_with(words); },
                               std::chrono::minutes(2)))
            << seen;
    };
    {
        const BrokerLimits broker;
        broker.set({"set_vm_memory_high_watermark", "absolute", "1"});
        alarm_is("takes no messages: low on memory");
        const auto found = examine();
        EXPECT_EQ(found.at("rabbitmq alarm").level, "problem");
        EXPECT_THAT(found.at("rabbitmq alarm").remedy, HasSubstr("rabbitmqctl status"));
        EXPECT_EQ(found.at("exchange").level, "ok");
        EXPECT_EQ(found.at("queues of audit_log").level, "ok");
        broker.set({"set_vm_memory_high_watermark", "0.4"});
        alarm_is("none");
        broker.set({"set_disk_free_limit", "1000000GB"});
        alarm_is("takes no messages: low on disk");
    }
    alarm_is("none");
}

TEST_F(DoctorTest, WhatARoleMayNotIsSaidWithTheGrant) {
    sql(postgres_url_,
        "drop role if exists lantern_powerless; create role lantern_powerless login password 'powerless'");
    postgres_url_ = [&] {
        auto url = postgres_url_;
        const auto begin = url.find("://") + 3, end = url.find('@');
        return url.replace(begin, end - begin, "lantern_powerless:powerless");
    }();
    const auto found = examine();
    EXPECT_EQ(found.at("right to create schemas").level, "problem");
    EXPECT_THAT(found.at("right to create schemas").remedy,
                AllOf(HasSubstr("grant create on database"), HasSubstr("to lantern_powerless")));
    EXPECT_EQ(found.at("roles of handlers").level, "warning") << "there is no handler yet";
    EXPECT_THAT(found.at("roles of handlers").remedy, HasSubstr("alter role lantern_powerless createrole"));
}

TEST_F(DoctorTest, AServerThatIsAwayIsAProblemAndTheRestIsLookedAtAllTheSame) {
    amqp_url_ = "amqp://guest:guest@127.0.0.1:1/x";
    postgres_url_ = "postgresql://nobody@127.0.0.1:1/x";
    const auto found = examine();
    EXPECT_EQ(found.at("postgresql").level, "problem");
    EXPECT_THAT(found.at("postgresql").remedy, HasSubstr("postgres.url"));
    EXPECT_EQ(found.at("rabbitmq").level, "problem");
    EXPECT_THAT(found.at("rabbitmq").remedy, HasSubstr("amqp.url"));
    EXPECT_EQ(found.at("plugins").level, "ok");
}

// A host that wants more than there is finds out under load only.
TEST_F(DoctorTest, TooFewConnectionsAndOpenFilesAreNamedWithTheSetting) {
    config_ = fresh_directory() / "config";
    std::filesystem::copy(LANTERN_CONFIG, config_, std::filesystem::copy_options::recursive);
    std::stringstream text;
    text << std::ifstream(config_ / "lantern.yaml").rdbuf();
    std::ofstream(config_ / "lantern.yaml")
        << std::regex_replace(text.str(), std::regex("\n  threads: 8 "), "\n  threads: 256 ");
    under_ = {"/usr/bin/prlimit", "--nofile=1024:1024"};
    auto found = examine();
    EXPECT_EQ(found.at("postgresql connections").level, "problem") << found.at("postgresql connections").found;
    EXPECT_THAT(found.at("postgresql connections").remedy, HasSubstr("raise max_connections"));
    EXPECT_EQ(found.at("open files").level, "warning");
    EXPECT_THAT(found.at("open files").found, HasSubstr("may open 1024;"));
    EXPECT_THAT(found.at("open files").remedy, HasSubstr("LimitNOFILE=4352"));
    under_ = {"/usr/bin/prlimit", "--nofile=1024:4352"};
    found = examine();
    EXPECT_EQ(found.at("open files").level, "ok")
        << "an api process raises its limit: " << found.at("open files").found;
}

TEST_F(DoctorTest, APluginDirectoryThatOthersMayWriteIsAProblem) {
    postgres::migrate(postgres_url_);
    const auto plugins = fresh_directory();
    chmod(plugins.c_str(), 0777);
    const auto found = examine({"--plugins", plugins.string()});
    EXPECT_EQ(found.at("plugin").level, "problem");
    EXPECT_THAT(found.at("plugin").found, HasSubstr(plugins.string()));
    EXPECT_EQ(found.at("routing of audit_log").level, "problem");
    EXPECT_THAT(found.at("routing of audit_log").remedy, HasSubstr("lantern routes check"));
}

}  // namespace
}  // namespace lantern::test
