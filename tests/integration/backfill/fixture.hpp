// The verbs of backfill, as an operator types them, on a store of their own with the bundled plugins.
#pragma once

#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "host/plugin_loading/directory.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/processes/child.hpp"
#include "host/settings/routing_file.hpp"
#include "tests/integration/postgres/handlers.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::test {

class BackfillTest : public PostgresTest {
protected:
    static std::filesystem::path cache() {
        static const auto directory = fresh_directory();
        return directory;
    }
    static constexpr const char* kRouting = R"(version: 1
events:
  USER_CREATED: [audit_log, user_read_model, welcome_email]
  USER_DELETED: [audit_log, user_read_model]
  USER_UPDATED: [audit_log, user_read_model]
)";
    BackfillTest() : directory_(fresh_directory()), config_(directory_ / "config") {
        std::filesystem::copy(LANTERN_CONFIG, config_, std::filesystem::copy_options::recursive);
        // No worker runs, so live handlers are behind all the time.
        live_lag_max("0s");
        apply(kRouting);
        // As a worker says when the queues are bound; nothing was published to them.
        for (const char* handler : {"audit_log", "user_read_model", "welcome_email"})
            sql_.query("update lantern.routes set begin_position = coalesce(begin_position, 0) where handler = $1",
                       postgres::Params{}.add(handler));
    }

    // The routing in force from now on.
    void apply(const std::string& text) {
        plugin_loading::ProbeOptions probing;
        probing.copies = cache();
        probing.command = {LANTERN_BINARY, "plugin", "probe"};
        probing.deadline = std::chrono::minutes(1);
        const plugin_loading::Directory plugins(LANTERN_PLUGINS, probing);
        std::vector<Description> descriptions;
        for (const char* name : {"user_read_model", "audit_log", "welcome_email"}) {
            EXPECT_NE(plugins.find(name), nullptr) << plugins.why_not(name);
            descriptions.push_back(*plugins.find(name));
        }
        postgres::Catalog catalog(url_);
        const auto routing =
            settings::parse_routing(text, config_ / "routing.yaml", settings::process_environment());
        ASSERT_TRUE(routing);
        const auto before = catalog.routing();
        EXPECT_TRUE(catalog.apply(routing.value(), descriptions, "tester", before ? before->number : 0));
    }

    struct Said {
        int status = 0;
        std::string text;
    };
    std::string command(const std::string& words, const std::string& url) const {
        return "LANTERN_CACHE_DIR='" + cache().string() + "' LANTERN_OPERATOR=anna@desk LANTERN_POSTGRES_URL='" +
               url + "' " + LANTERN_BINARY + " " + words + " --config " + config_.string() + " --plugins " +
               plugins_.string();
    }
    Said lantern(const std::string& words, std::string url = {}) const {
        return shell(command(words, url.empty() ? url_ : url) + " 2>&1");
    }
    static Said shell(const std::string& line) {
        Said said;
        std::FILE* pipe = ::popen(line.c_str(), "r");
        EXPECT_NE(pipe, nullptr);
        std::array<char, 4096> part{};
        while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) said.text += part.data();
        said.status = WEXITSTATUS(::pclose(pipe));
        return said;
    }
    std::filesystem::path file(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name) << text;
        return directory_ / name;
    }

    // `users` users with `updates` updates each, all users in turn. Their ids: SQL, of n.
    void fill(int users, int updates, const std::string& id = "'u' || n") {
        sql_.script(
            "begin;"
            "insert into lantern.streams (aggregate_type, aggregate_id, revision)"
            " select 'user', " +
            id + ", " + std::to_string(updates + 1) + " from generate_series(1, " + std::to_string(users) +
            ") n order by n;"
            "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, "
            "xid, data,"
            " metadata)"
            " select nextval('lantern.events_position'), s.stream_id, r, gen_random_uuid(),"
            " case r when 1 then 'USER_CREATED' else 'USER_UPDATED' end, case r when 1 then 2 else 1 end,"
            " clock_timestamp(), pg_current_xact_id(), case r when 1 then json_build_object('username', 'user' || "
            "n,"
            " 'email', 'user' || n || '@example.com', 'first_name', E'A\\tB\\\\', 'last_name', 'L', 'role', 'user')"
            " else json_build_object('first_name', 'First ' || r) end, '{\"actor\":{\"id\":\"x\"}}'"
            " from generate_series(1, " +
            std::to_string(updates + 1) + ") r cross join generate_series(1, " + std::to_string(users) +
            ") n join lantern.streams s on s.aggregate_type = 'user'"
            " and s.aggregate_id = " +
            id +
            " order by r, n;"
            "commit;");
    }

    void live_lag_max(const std::string& bound) const {
        std::ifstream in(std::filesystem::path(LANTERN_CONFIG) / "lantern.yaml");
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const std::string usual = "live_lag_max: 2s";
        text.replace(text.find(usual), usual.size(), "live_lag_max: " + bound);
        std::ofstream(config_ / "lantern.yaml") << text;
    }

    const std::filesystem::path directory_, config_;
    std::filesystem::path plugins_ = LANTERN_PLUGINS;
};

}  // namespace lantern::test
