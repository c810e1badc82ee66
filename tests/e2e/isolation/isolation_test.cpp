// Guarantee G6 through real processes: a plugin that crashes, hangs, exits or eats memory harms its own stream and
// nothing else, and event and build are named.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kPatience = 400s;

struct Deed {
    std::string handler, deed, more;
};

// One handler for each deed, all of the same plugin: each dies at the event that names it and at no other.
const std::vector<Deed> kDeeds{{"wild_crash", "crash", ""},
                               {"wild_overflow", "overflow", ""},
                               {"wild_abort", "abort", ""},
                               {"wild_exit", "exit", ""},
                               {"wild_hang", "hang", "time_limit: 1s"},
                               {"wild_dawdle", "dawdle", "time_limit: 8s, retry: {attempts: 2, initial: 1ms}"},
                               {"wild_eat", "eat", "memory: 256MiB, retry: {attempts: 2, initial: 1ms}"},
                               {"wild_print", "print", ""},
                               {"wild_flood", "flood", ""},
                               {"wild_many", "crash", ""}};

void write_routing(const fs::path& file) {
    std::ifstream in(file);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const std::string type : {"USER_CREATED:", "USER_UPDATED:"}) {
        const auto at = text.find('[', text.find("\n  " + type));
        std::string names;
        for (const auto& deed : kDeeds) names += deed.handler + ", ";
        names += "fickle, ";
        text.insert(at + 1, names);
    }
    text += "\n";
    for (const auto& deed : kDeeds) {
        // The word that a user's name holds; "many" is held by several.
        const std::string word = deed.handler.substr(5);
        text += "  " + deed.handler + ": {plugin: wild, settings: {at: " + word + "er, do: " + deed.deed + "}" +
                (deed.more.empty() ? "" : ", " + deed.more) + "}\n";
    }
    text += "  fickle: {settings: {at: fickler, do: crash}}\n";
    std::ofstream(file) << text;
}

// An aggregate beside the users, with a command that kills and one that does not.
void write_commands(const fs::path& file) {
    std::ifstream in(file);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::string before = "  commands:\n";
    std::string routes;
    for (const std::string command : {"poke", "kick"})
        routes += "    - {method: POST, path: \"/v1/beasts/{id}/" + command +
                  "/\", aggregate: beast, command: " + command + ", scope: \"beast:touch\"}\n";
    text.insert(text.find(before) + before.size(), routes);
    std::ofstream(file) << text;
}

class IsolationTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        place = fresh_directory();
        fs::create_directory(place / "plugins");
        for (const auto& entry : fs::directory_iterator(PLUGIN_DIRECTORY))
            if (entry.path().extension() == ".so")
                fs::copy_file(entry.path(), place / "plugins" / entry.path().filename());
        fs::copy_file(fs::path(ZOO_DIRECTORY) / "wild.so", place / "plugins/wild.so");
        fs::copy_file(fs::path(ZOO_DIRECTORY) / "fickle_tame.so", place / "plugins/fickle.so");
        fs::copy_file(fs::path(ZOO_DIRECTORY) / "wild_aggregate.so", place / "plugins/wild_aggregate.so");
        fs::copy(fs::path(SOURCE_DIRECTORY) / "config", place / "config", fs::copy_options::recursive);
        write_routing(place / "config/routing.yaml");
        write_commands(place / "config/lantern.yaml");
        instance = std::make_unique<DevInstance>(Place{place / "dev", place / "config", place / "plugins"});
        const auto started = instance->start();
        ASSERT_TRUE(started.ended.clean()) << started.output;
    }
    static void TearDownTestSuite() { instance.reset(); }

    static std::string create(const std::string& name) {
        const auto created = instance->create_user(name);
        EXPECT_EQ(created.status, 201) << created.body;
        return id_of(created);
    }

    // The first cell, or nothing.
    static std::string one(const std::string& statement) {
        const auto rows = instance->sql(statement);
        return rows.empty() ? std::string() : rows.text(0, 0);
    }
    static bool survived(const std::string& handler, const std::string& id) {
        return instance->sql("select from " + handler + ".survived where id = '" + id + "'").size() == 1;
    }
    static std::string error_of(const std::string& handler, const std::string& id) {
        return one("select s.last_error from " + handler +
                   ".lantern_streams s join lantern.streams n using (stream_id) where n.aggregate_id = '" + id +
                   "' and s.state = 2");
    }
    static std::string crashes_of(const std::string& handler) {
        return one("select count(*) from lantern.crashes where subject = '" + handler + "'");
    }
    static std::string logged() {
        std::string all;
        for (const auto& entry : fs::recursive_directory_iterator(place / "dev/log")) {
            if (!entry.is_regular_file()) continue;
            std::ostringstream text;
            text << std::ifstream(entry.path()).rdbuf();
            all += text.str();
        }
        return all;
    }

    // A poison event among others: it is dead in its handler, and nothing else is harmed anywhere.
    static std::string becomes_dead(const std::string& handler) {
        const std::string name = handler.substr(5);
        const auto before = create("before" + name);
        const auto poison = create(name + "er");
        const auto after = create("after" + name);
        EXPECT_TRUE(eventually([&] { return !error_of(handler, poison).empty(); }, kPatience)) << handler;
        EXPECT_TRUE(eventually([&] { return survived(handler, before) && survived(handler, after); }, kPatience));
        EXPECT_FALSE(survived(handler, poison));
        EXPECT_TRUE(eventually([&] { return survived("wild_many", poison); }, kPatience));
        EXPECT_TRUE(eventually(
            [&] { return one("select count(*) from user_read_model.users where id = '" + poison + "'") == "1"; }));
        return error_of(handler, poison);
    }

    static inline fs::path place;
    static inline std::unique_ptr<DevInstance> instance;
};

TEST_F(IsolationTest, an_event_that_crashes_its_worker_three_times_is_dead_with_its_backtrace) {
    const auto error = becomes_dead("wild_crash");
    EXPECT_NE(error.find("died of this event 3 times: signal 11"), std::string::npos) << error;
    EXPECT_NE(error.find("touch_nothing"), std::string::npos) << error;
    EXPECT_EQ(crashes_of("wild_crash"), "3");
    const auto shown = instance->lantern({"parked", "show", "--handler", "wild_crash"});
    EXPECT_NE(shown.output.find("touch_nothing"), std::string::npos) << shown.output;
}

TEST_F(IsolationTest, an_overflown_stack_is_a_crash) {
    EXPECT_NE(becomes_dead("wild_overflow").find("go_deeper"), std::string::npos);
}

TEST_F(IsolationTest, abort_is_a_crash) {
    EXPECT_NE(becomes_dead("wild_abort").find("signal 6"), std::string::npos);
}

TEST_F(IsolationTest, exit_is_a_crash) {
    EXPECT_NE(becomes_dead("wild_exit").find("exit code 0 inside the plugin"), std::string::npos);
}

TEST_F(IsolationTest, a_call_that_never_returns_is_ended_and_charged) {
    const auto error = becomes_dead("wild_hang");
    EXPECT_NE(error.find("overran its time limit of 1 s"), std::string::npos) << error;
    EXPECT_NE(error.find("spin"), std::string::npos) << error;
}

TEST_F(IsolationTest, a_call_that_sees_its_deadline_is_an_attempt_and_ends_nobody) {
    EXPECT_NE(becomes_dead("wild_dawdle").find("my time is up"), std::string::npos);
    EXPECT_EQ(crashes_of("wild_dawdle"), "0");
}

TEST_F(IsolationTest, memory_beyond_the_limit_is_refused_and_the_event_charged) {
    EXPECT_NE(becomes_dead("wild_eat").find("no memory is left"), std::string::npos);
    EXPECT_EQ(crashes_of("wild_eat"), "0");
}

TEST_F(IsolationTest, what_a_plugin_prints_is_logged_with_its_handler_and_build) {
    create("printer");
    EXPECT_TRUE(eventually([&] {
        std::istringstream lines(logged());
        bool out = false, err = false;
        for (std::string line; std::getline(lines, line);) {
            const bool named =
                line.find("wild_print") != std::string::npos && line.find("build") != std::string::npos;
            out = out || (named && line.find("wild says hello") != std::string::npos);
            err = err || (named && line.find("wild complains") != std::string::npos);
        }
        return out && err;
    }));
}

TEST_F(IsolationTest, a_flood_is_bounded_and_said_and_holds_nobody_up) {
    const auto id = create("flooder");
    EXPECT_TRUE(eventually([&] { return survived("wild_flood", id); }));
    EXPECT_TRUE(eventually([&] { return logged().find("prints too much") != std::string::npos; }));
    std::size_t lines = 0;
    const auto text = logged();
    for (auto at = text.find("wild floods"); at != std::string::npos; at = text.find("wild floods", at + 1))
        ++lines;
    EXPECT_LT(lines, 50'000u);
}

TEST_F(IsolationTest, a_command_that_kills_api_processes_three_times_answers_503_and_the_rest_is_served) {
    const auto touch = [](const std::string& how) {
        return instance->http({.method = "POST",
                               .path = "/v1/beasts/0192d3a4-5b6c-7d8e-8f90-a1b2c3d4e5f6/" + how + "/",
                               .body = "{}"});
    };
    ASSERT_EQ(touch("poke").status, 200);
    HttpAnswer answer;
    ASSERT_TRUE(eventually(
        [&] {
            answer = touch("kick");  // 0: nobody was left to answer
            return answer.status == 503;
        },
        kPatience));
    EXPECT_NE(answer.body.find("command-blocked"), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find("the command kick of beast"), std::string::npos) << answer.body;
    // The other process may have been asked while the host noted the third.
    EXPECT_TRUE(crashes_of("beast") == "3" || crashes_of("beast") == "4") << crashes_of("beast");
    EXPECT_NE(one("select backtrace from lantern.crashes where subject = 'beast'").find("bite"), std::string::npos);
    EXPECT_TRUE(eventually([&] { return touch("poke").status == 200; }));
    EXPECT_TRUE(eventually([&] { return instance->create_user("untouched").status == 201; }));
    EXPECT_EQ(touch("kick").status, 503);
}

TEST_F(IsolationTest, a_build_that_several_events_kill_is_quarantined_until_it_is_resumed) {
    for (const char* name : {"manyer1", "manyer2", "manyer3"}) create(name);
    const auto state = [] { return one("select state from lantern.handlers where handler = 'wild_many'"); };
    ASSERT_TRUE(eventually([&] { return state() == "quarantined"; }, kPatience)) << state();
    const auto status = instance->lantern({"status"});
    EXPECT_NE(status.output.find("lantern resume wild_many"), std::string::npos) << status.output;
    const auto other = create("meanwhile");
    EXPECT_TRUE(eventually([&] { return survived("wild_crash", other); }, kPatience));
    EXPECT_FALSE(survived("wild_many", other));

    const auto resumed = instance->lantern({"resume", "wild_many"});
    ASSERT_TRUE(resumed.ended.clean()) << resumed.output;
    EXPECT_TRUE(eventually([&] { return state() != "quarantined"; }));
}

TEST_F(IsolationTest, a_new_build_that_is_quarantined_gives_way_to_the_one_before) {
    const auto version_of = [](const std::string& id) {
        return one("select version from fickle.survived where id = '" + id + "'");
    };
    const auto before = create("ficklebefore");
    ASSERT_TRUE(eventually([&] { return version_of(before) == "1"; }));
    fs::copy_file(fs::path(ZOO_DIRECTORY) / "fickle_wild.so", place / "plugins/fickle.new");
    fs::rename(place / "plugins/fickle.new", place / "plugins/fickle.so");
    int tries = 0;
    ASSERT_TRUE(
        eventually([&] { return version_of(create("ficklenew" + std::to_string(++tries))) == "2"; }, kPatience));
    // The old worker still works on what it has not handed over, and it survives everything.
    ASSERT_TRUE(eventually(
        [] { return one("select count(*) from lantern.workers where handler = 'fickle'") == "1"; }, kPatience));

    std::vector<std::string> poison;
    for (const char* name : {"fickler1", "fickler2", "fickler3"}) poison.push_back(create(name));
    for (const auto& id : poison)
        EXPECT_TRUE(
            eventually([&] { return version_of(id) == "1" || !error_of("fickle", id).empty(); }, kPatience));
    EXPECT_TRUE(
        eventually([&] { return version_of(create("fickleafter" + std::to_string(++tries))) == "1"; }, kPatience));
    EXPECT_EQ(one("select count(*) from lantern.builds where handler = 'fickle' and quarantined_at is not null"),
              "1");
    EXPECT_TRUE(eventually(
        [] { return one("select state from lantern.handlers where handler = 'fickle'") == "attached"; }));
}

}  // namespace
}  // namespace lantern::test
