// docs/operate.md keeps up with the code: it names every state, every metric, and no verb that is not there.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include "host/core/state_words.hpp"
#include "host/processes/child.hpp"

namespace lantern {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;

const std::filesystem::path kSource = LANTERN_SOURCE;

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    EXPECT_TRUE(in) << file;
    return {std::istreambuf_iterator<char>(in), {}};
}

// The first group of each match.
std::set<std::string> all(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.insert((*at)[1]);
    return found;
}

class OperatePage : public ::testing::Test {
protected:
    const std::string page_ = content(kSource / "docs/operate.md");
    const std::set<std::string> words_ = all(page_, "`([a-z][a-z_ ]*)`");
};

TEST_F(OperatePage, NamesEveryStateWord) {
    std::set<std::string> known;
    const auto add = [&](const auto& words) {
        for (const auto& [word, ends] : words) known.insert(std::string(word));
    };
    add(state_words::kHandler);
    add(state_words::kStream);
    add(state_words::kEffect);
    EXPECT_THAT(words_, IsSupersetOf(known));
}

// What rows may say is in the migrations.
TEST_F(OperatePage, KnowsEveryStateThatTheStoreDoes) {
    std::set<std::string> stored;
    for (const auto& file : std::filesystem::directory_iterator(kSource / "host/postgres/sql/migrations")) {
        const auto sql = content(file.path());
        for (const auto& list : all(sql, R"(check \((?:file_)?state in \(([^)]*)\)\))"))
            stored.merge(all(list, "'([^']+)'"));
    }
    EXPECT_THAT(stored, Contains("quarantined")) << "the pattern finds what it should";
    EXPECT_THAT(words_, IsSupersetOf(stored));
}

TEST_F(OperatePage, NamesEveryMetric) {
    const auto metrics = all(
        content(kSource / "host/apps/host/host_metrics.cpp") + content(kSource / "host/apps/host/host_monitor.cpp"),
        "\"(lantern_[a-z_]+)\"");
    EXPECT_THAT(metrics, Contains("lantern_lag_seconds"));
    EXPECT_THAT(words_, IsSupersetOf(metrics));
}

TEST_F(OperatePage, NamesNoVerbThatIsNotThere) {
    const auto verbs =
        all(page_, R"((?:`|\n|: )lantern ([a-z]+(?: (?:list|show|retry|skip|stream|event|plan|adopt))?))");
    EXPECT_THAT(verbs, IsSupersetOf({"doctor", "status", "explain stream", "parked retry", "store adopt"}));
    for (const auto& verb : verbs) {
        std::vector<std::string> words{LANTERN_BINARY};
        std::istringstream parts(verb);
        words.insert(words.end(), std::istream_iterator<std::string>(parts), {});
        words.push_back("--help");
        const auto told = processes::run({.argv = words}, std::chrono::minutes(1));
        EXPECT_TRUE(told.ended.clean()) << verb << ": " << told.output;
    }
}

}  // namespace
}  // namespace lantern
