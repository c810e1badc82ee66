// A projection of the zoo that is built in several ways, over the store of BackfillTest: `fickle`.
#pragma once

#include "tests/integration/backfill/fixture.hpp"

namespace lantern::test {

class FickleTest : public BackfillTest {
protected:
    FickleTest() {
        plugins_ = directory_ / "plugins";
        std::filesystem::create_directory(plugins_);
        for (const auto& entry : std::filesystem::directory_iterator(LANTERN_PLUGINS))
            if (entry.path().extension() == ".so")
                std::filesystem::copy_file(entry.path(), plugins_ / entry.path().filename());
        install("fickle_tame");
        std::ofstream(config_ / "routing.yaml") << R"(version: 1
events:
  USER_CREATED: [fickle, user_read_model]
  USER_UPDATED: [fickle, user_read_model]
handlers:
  fickle: {settings: {count: )" << count_.string()
                                                << "}}\n";
        const auto applied = lantern("routes apply");
        EXPECT_EQ(applied.status, 0) << applied.text;
    }

    void install(const std::string& build) const {
        std::filesystem::copy_file(std::filesystem::path(LANTERN_ZOO) / (build + ".so"), plugins_ / "fickle.new");
        std::filesystem::rename(plugins_ / "fickle.new", plugins_ / "fickle.so");
    }
    // Its ids are UUIDs.
    void fill_users(int users, int updates) { fill(users, updates, "md5(n::text)::uuid::text"); }

    const std::filesystem::path count_ = directory_ / "calls";  // a byte for each call of the plugin
};

}  // namespace lantern::test
