// A plugin built outside the tree against the installed SDK, dropped into the plugin directory and routed: after a
// restart of the host it runs, and holds what happened before it came.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

void run_or_fail(const std::vector<std::string>& argv) {
    const auto finished = processes::run({.argv = argv}, 600s);
    ASSERT_TRUE(finished.ended.clean()) << argv[0] << " " << argv[1] << ": " << finished.output;
}

// The example, copied away from the tree, built with nothing but what is installed.
fs::path build_example(const fs::path& in) {
    const auto sdk = in / "sdk", source = in / "source", build = in / "build";
    fs::copy(fs::path(SOURCE_DIRECTORY) / "examples/signups_per_day", source);
    run_or_fail({"cmake", "--install", BUILD_DIRECTORY, "--component", "sdk", "--prefix", sdk.string()});
    run_or_fail({"cmake", "-S", source.string(), "-B", build.string(), "-DCMAKE_PREFIX_PATH=" + sdk.string()});
    run_or_fail({"cmake", "--build", build.string(), "--target", "signups_per_day"});
    return build / "signups_per_day.so";
}

void copy_plugins(const fs::path& to) {
    fs::create_directory(to);
    for (const auto& entry : fs::directory_iterator(PLUGIN_DIRECTORY))
        if (entry.path().extension() == ".so") fs::copy_file(entry.path(), to / entry.path().filename());
}

// As a person would: a handler is added to the list of one event type.
void route(const fs::path& file) {
    std::ifstream in(file);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto at = text.find('[', text.find("USER_CREATED:"));
    ASSERT_NE(at, std::string::npos);
    text.insert(at + 1, "signups_per_day, ");
    std::ofstream(file) << text;
}

class DropInTest : public testing::Test {
protected:
    DropInTest() {
        copy_plugins(plugins);
        fs::copy(fs::path(SOURCE_DIRECTORY) / "config", config, fs::copy_options::recursive);
    }

    std::int64_t signups() {
        try {
            const auto rows = instance.sql("select coalesce(sum(count), 0) from signups_per_day.signups_per_day");
            return rows.integer(0, 0);
        } catch (const Fault&) {
            return -1;  // no such table yet
        }
    }

    const fs::path place = fresh_directory();
    const fs::path plugins = place / "plugins";
    const fs::path config = place / "config";
    DevInstance instance{Place{place / "dev", config, plugins}};
};

TEST_F(DropInTest, a_plugin_from_outside_runs_after_a_restart_of_the_host_with_its_history) {
    const auto started = instance.start();
    ASSERT_TRUE(started.ended.clean()) << started.output;
    for (const char* name : {"before1", "before2", "before3"}) ASSERT_EQ(instance.create_user(name).status, 201);

    fs::copy_file(build_example(place), plugins / "signups_per_day.so");
    route(config / "routing.yaml");
    const auto hosts = instance.find({" host "});
    ASSERT_EQ(hosts.size(), 1u);
    ::kill(hosts.front(), SIGTERM);

    EXPECT_TRUE(eventually([&] { return signups() == 3; })) << signups();
    ASSERT_TRUE(eventually([&] { return instance.create_user("after").status == 201; }));
    EXPECT_TRUE(eventually([&] { return signups() == 4; })) << signups();
}

TEST_F(DropInTest, a_plugin_that_is_refused_leaves_the_others_running) {
    std::ofstream(plugins / "signups_per_day.so") << "no library";
    route(config / "routing.yaml");
    const auto started = instance.start();
    ASSERT_TRUE(started.ended.clean()) << started.output;
    ASSERT_EQ(instance.create_user("sarah").status, 201);
    EXPECT_TRUE(eventually([&] { return instance.sql("select 1 from user_read_model.users").size() == 1; }));
}

}  // namespace
}  // namespace lantern::test
