// A whole `lantern dev` whose routing file and plugins can be edited while a client writes steadily.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"
#include "tests/support/steady_client.hpp"

namespace lantern::test {

namespace fs = std::filesystem;

class LiveTest : public testing::Test {
protected:
    // Handlers beside user_read_model and audit_log: none. Small, so that what an edit does stands out.
    static constexpr const char* kUsual = R"(version: 1
events:
  USER_CREATED: [user_read_model, audit_log]
  USER_UPDATED: [user_read_model, audit_log]
)";

    LiveTest() {
        fs::create_directory(plugins);
        for (const auto& entry : fs::directory_iterator(PLUGIN_DIRECTORY))
            if (entry.path().extension() == ".so") fs::copy_file(entry.path(), plugins / entry.path().filename());
        fs::copy(fs::path(SOURCE_DIRECTORY) / "config", config, fs::copy_options::recursive);
        write(routing, kUsual);
    }
    void SetUp() override {
        const auto started = instance.start();
        ASSERT_TRUE(started.ended.clean()) << started.output;
    }
    void TearDown() override {
        if (HasFailure()) std::cout << log().substr(log().size() - std::min<std::size_t>(log().size(), 6000));
    }

    // As an editor does it: beside, then in its place.
    static void write(const fs::path& file, const std::string& text) {
        std::ofstream(file.string() + ".new") << text;
        fs::rename(file.string() + ".new", file);
    }
    void edit(const std::string& text) { write(routing, text); }
    // Another build with the same behaviour: bytes behind an ELF file's end mean nothing.
    void replace(const std::string& plugin, const std::string& tail) {
        const auto next = plugins / (plugin + ".next");
        fs::copy_file(fs::path(PLUGIN_DIRECTORY) / (plugin + ".so"), next);
        std::ofstream(next, std::ios::app | std::ios::binary) << tail;
        fs::rename(next, plugins / (plugin + ".so"));
    }

    std::int64_t count(const std::string& statement) {
        try {
            return instance.sql(statement).integer(0, 0);
        } catch (const Fault&) {
            return -1;  // no such table yet
        }
    }
    std::int64_t revision() { return count("select max(number) from lantern.routing_revisions"); }
    std::vector<pid_t> workers(const std::string& handler) {
        return instance.find({" worker " + handler + " --index"});
    }
    std::string build_of(const std::string& handler) {
        const auto rows = instance.sql(
            "select string_agg(distinct plugin_build, ',') from lantern.workers where handler = '" + handler + "'");
        return rows.null(0, 0) ? "" : rows.text(0, 0);
    }
    std::string status() { return instance.lantern({"status"}).output; }
    bool status_says(const std::string& text) {
        return eventually([&] { return status().find(text) != std::string::npos; });
    }
    bool status_drops(const std::string& text) {
        return eventually([&] {
            const auto said = instance.lantern({"status"});
            return said.ended.clean() && said.output.find(text) == std::string::npos;
        });
    }
    bool ends(pid_t process) {
        return eventually([&] { return !alive(process); });
    }
    std::string log() {
        std::ifstream in(instance.data() / "log" / "lantern.log");
        return {std::istreambuf_iterator<char>(in), {}};
    }

    // Whatever was edited: in the end each event that a handler's routes want is applied, once, in order.
    void expect_complete(SteadyClient& client) {
        const auto accepted = client.finish();
        EXPECT_TRUE(eventually([&] { return count("select count(*) from lantern.unprocessed_events") == 0; }))
            << count("select count(*) from lantern.unprocessed_events");
        EXPECT_TRUE(eventually([&] {
            return count("select count(*) from lantern.streams where aggregate_type = 'user'") ==
                   count("select count(*) from user_read_model.users");
        })) << count("select count(*) from user_read_model.users");
        for (const auto& id : accepted)
            EXPECT_EQ(count("select count(*) from user_read_model.users where id = '" + id + "'"), 1) << id;
        // The read model has the last change of each, and audit_log a chain without a hole: that is their order.
        EXPECT_EQ(count("select count(*) from user_read_model.users u join lantern.streams s on s.aggregate_id = "
                        "u.id::text "
                        "where s.revision = 3 and u.first_name <> 'Berta'"),
                  0);
        expect_chain("audit_log");
    }
    void expect_chain(const std::string& schema) {
        EXPECT_EQ(count("select count(*) from (select previous_hash, lag(hash, 1, '') over "
                        "(partition by subject order by revision) as before from " +
                        schema +
                        ".audit_log) rows "
                        "where coalesce(previous_hash, '') <> before"),
                  0)
            << schema;
    }

    const fs::path place = fresh_directory();
    const fs::path plugins = place / "plugins";
    const fs::path config = place / "config";
    const fs::path routing = config / "routing.yaml";
    DevInstance instance{Place{place / "dev", config, plugins}};
};

}  // namespace lantern::test
