// What no limit of the kernel refuses: a worker whose memory passes its limit all the same is ended and the event
// charged, and one that comes near it between two calls begins anew and nobody is.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRouting = R"(version: 1
events:
  USER_CREATED: [user_read_model, fat_stays, fat_returns]
handlers:
  fat_stays: {plugin: fat, memory: 256MiB, settings: {at: stayer, then: stays, mib: 300}}
  fat_returns: {plugin: fat, memory: 256MiB, settings: {at: returner, then: returns, mib: 243}}
)";

class MemoryTest : public testing::Test {
protected:
    MemoryTest() {
        fs::create_directory(place_ / "plugins");
        for (const fs::path from : {PLUGIN_DIRECTORY, FAT_DIRECTORY})
            for (const auto& entry : fs::directory_iterator(from))
                if (entry.path().extension() == ".so")
                    fs::copy_file(entry.path(), place_ / "plugins" / entry.path().filename());
        fs::copy(fs::path(SOURCE_DIRECTORY) / "config", place_ / "config", fs::copy_options::recursive);
        std::ofstream(place_ / "config/routing.yaml") << kRouting;
    }
    void SetUp() override {
        const auto started = instance_.start();
        ASSERT_TRUE(started.ended.clean()) << started.output;
    }

    std::string create(const std::string& name) {
        const auto created = instance_.create_user(name);
        EXPECT_EQ(created.status, 201) << created.body;
        return created.status == 201 ? id_of(created) : "";
    }
    std::string one(const std::string& statement) {
        const auto rows = instance_.sql(statement);
        return rows.empty() || rows.null(0, 0) ? "" : rows.text(0, 0);
    }
    bool survived(const std::string& handler, const std::string& id) {
        return one("select count(*) from " + handler + ".survived where id = '" + id + "'") == "1";
    }
    std::string crashes_of(const std::string& handler) {
        return one("select count(*) from lantern.crashes where subject = '" + handler + "'");
    }
    std::vector<pid_t> workers(const std::string& handler) { return instance_.find({" worker " + handler + " "}); }
    bool said(const std::string& text) {
        std::ifstream in(instance_.data() / "log" / "lantern.log");
        return std::string{std::istreambuf_iterator<char>(in), {}}.find(text) != std::string::npos;
    }

    const fs::path place_ = fresh_directory();
    DevInstance instance_{Place{place_ / "dev", place_ / "config", place_ / "plugins"}};
};

TEST_F(MemoryTest, above_its_limit_a_worker_is_ended_near_it_it_begins_anew) {
    const auto before = create("before");
    ASSERT_TRUE(eventually([&] { return survived("fat_stays", before) && survived("fat_returns", before); }));

    const auto stayer = create("stayer");
    const auto error = [&] { return one("select last_error from fat_stays.lantern_streams where state = 2"); };
    EXPECT_TRUE(eventually([&] { return !error().empty(); }, std::chrono::seconds(400)));
    EXPECT_NE(error().find("died of this event 3 times: used "), std::string::npos) << error();
    EXPECT_NE(error().find("of memory, 256 MiB are allowed"), std::string::npos) << error();
    EXPECT_EQ(crashes_of("fat_stays"), "3");
    EXPECT_TRUE(eventually([&] { return survived("fat_returns", stayer); }));

    const auto fat = workers("fat_returns");
    ASSERT_EQ(fat.size(), 1u);
    const auto returner = create("returner");
    EXPECT_TRUE(eventually([&] { return survived("fat_returns", returner); }));
    EXPECT_TRUE(eventually([&] { return said("begins anew, since its memory comes to an end"); }));
    EXPECT_TRUE(eventually([&] { return workers("fat_returns").size() == 1 && workers("fat_returns") != fat; }));
    const auto after = create("after");
    EXPECT_TRUE(eventually([&] { return survived("fat_returns", after) && survived("fat_stays", after); }));
    EXPECT_EQ(crashes_of("fat_returns"), "0") << "nobody is charged";
    EXPECT_FALSE(survived("fat_stays", stayer));
}

}  // namespace
}  // namespace lantern::test
