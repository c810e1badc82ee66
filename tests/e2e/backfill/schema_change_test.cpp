// A build with other tables is dropped into the plugin directory: the host rebuilds by itself beside the old build,
// which serves until the swap.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/e2e/backfill/beside.hpp"
#include "tests/support/servers.hpp"
#include "tests/support/steady_client.hpp"

namespace lantern::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr auto kPatience = 400s;

class SchemaChangeTest : public testing::Test {
protected:
    SchemaChangeTest() {
        fs::create_directory(plugins);
        for (const auto& entry : fs::directory_iterator(PLUGIN_DIRECTORY))
            if (entry.path().extension() == ".so") fs::copy_file(entry.path(), plugins / entry.path().filename());
        install("fickle_tame");
        fs::copy(CONFIG_DIRECTORY, config, fs::copy_options::recursive);
        std::ifstream in(config / "routing.yaml");
        std::string text{std::istreambuf_iterator<char>(in), {}};
        for (const std::string type : {"USER_CREATED:", "USER_UPDATED:"})
            text.insert(text.find('[', text.find("\n  " + type)) + 1, "fickle, ");
        std::ofstream(config / "routing.yaml") << text;
    }

    // As a deployment does: renamed into place.
    void install(const std::string& build) {
        fs::copy_file(fs::path(ZOO_DIRECTORY) / (build + ".so"), plugins / "fickle.new");
        fs::rename(plugins / "fickle.new", plugins / "fickle.so");
    }
    std::string one(const std::string& sql) const {
        const auto rows = instance.sql(sql);
        return rows.empty() || rows.null(0, 0) ? "" : rows.text(0, 0);
    }
    bool becomes(const std::string& sql, const std::string& value) const {
        return eventually(
            [&] {
                try {
                    return one(sql) == value;
                } catch (const Fault&) {
                    return false;  // the other tables are live
                }
            },
            kPatience);
    }
    // What a new user's row says in the column that one of the declarations has.
    bool serves(const std::string& column, const std::string& version) {
        const auto created = instance.create_user("served" + std::to_string(++served_));
        return becomes("select " + column + " from fickle.survived where id = '" + id_of(created) + "'", version);
    }
    std::string status() const { return instance.lantern({"status"}).output; }

    const fs::path place = fresh_directory();
    const fs::path plugins = place / "plugins", config = place / "config";
    DevInstance instance{Place{place / "dev", config, plugins}};

private:
    int served_ = 0;
};

TEST_F(SchemaChangeTest, a_raised_schema_version_rebuilds_by_itself_while_the_build_before_serves) {
    const auto started = instance.start();
    ASSERT_TRUE(started.ended.clean()) << started.output;
    SteadyClient client(instance, "flow");
    ASSERT_TRUE(client.goes_on());
    ASSERT_TRUE(serves("version", "1"));
    Readers readers(instance, "fickle", "survived");

    // A build that can't fold what is there changes nothing.
    install("fickle_rejects");
    ASSERT_TRUE(becomes("select state from lantern.jobs order by job_id desc limit 1", "failed")) << status();
    EXPECT_TRUE(eventually(
        [&] {
            return status().find("fickle 4 (schema version 2) does not take over, its rebuild") !=
                   std::string::npos;
        },
        kPatience))
        << status();
    EXPECT_THAT(one("select reason from lantern.jobs order by job_id desc limit 1"), HasSubstr("are dead"));
    EXPECT_TRUE(serves("version", "1"));

    // A mended one is taken.
    install("fickle_raised");
    ASSERT_TRUE(becomes("select schema_version from lantern.handlers where handler = 'fickle'", "2")) << status();
    EXPECT_TRUE(serves("edition", "3"));
    EXPECT_EQ(one("select count(*) from lantern.jobs where handler = 'fickle'"), "2") << "each build once";

    const auto back = instance.lantern({"rollback", "fickle"});
    EXPECT_TRUE(back.ended.clean()) << back.output;
    EXPECT_TRUE(serves("version", "1"));
    EXPECT_TRUE(eventually(
        [&] { return status().find("fickle 3 (schema version 2) was rolled back") != std::string::npos; },
        kPatience))
        << status();
    const auto of_old = instance.lantern({"verify", "fickle"});
    EXPECT_TRUE(of_old.ended.clean()) << of_old.output;

    const auto again = instance.lantern({"backfill", "fickle"});
    EXPECT_TRUE(again.ended.clean()) << again.output;
    EXPECT_TRUE(serves("edition", "3"));
    readers.end();
    client.finish();
    const auto verified = instance.lantern({"verify", "fickle"});
    EXPECT_TRUE(verified.ended.clean()) << verified.output;
    EXPECT_TRUE(
        becomes("select count(*) from lantern.streams s join fickle.survived f on f.id::text = s.aggregate_id"
                " where s.aggregate_type = 'user' and s.revision = f.revision",
                one("select count(*) from lantern.streams where aggregate_type = 'user'")));
}

}  // namespace
}  // namespace lantern::test
