// Real servers, real processes, and faults that a seed draws. LANTERN_CHAOS_SEED is the first one; a run is
// repeated with the next for LANTERN_CHAOS_MINUTES. A failure prints its seed: `./dev chaos --seed S`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tests/chaos/run.hpp"

namespace lantern::chaos {
namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string joined(const std::vector<std::string>& lines) {
    constexpr std::size_t kShown = 30;
    std::string out;
    for (std::size_t at = 0; at < std::min(lines.size(), kShown); ++at) out += "\n  " + lines[at];
    if (lines.size() > kShown) out += "\n  and " + std::to_string(lines.size() - kShown) + " more";
    return out;
}

// What the database then holds is changed behind Lantern's back, each time in one more place, and the checker names
// it.
void expect_tampering_is_found(Run& run) {
    struct Tampering {
        std::string statement, found;
    };
    const std::string one = " where ctid = (select min(ctid) from ";
    const Tampering done[] = {
        {"update steady.steps set times = 2" + one + "steady.steps)", "times is 2, expected 1"},
        {"update troubled.heads set chain = '7'" + one + "troubled.heads)", "chain is 7, expected "},
        {"delete from user_read_model.users" + one + "user_read_model.users)", "user_read_model.users "},
        {"update audit_log.audit_log set hash = 'x', revision = 900" + one + "audit_log.audit_log)",
         "revision is 900, expected "},
        {"update troubled.lantern_streams set revision = revision - 1" + one + "troubled.lantern_streams)",
         "troubled.lantern_streams "},
        {"update lantern.effects set state = 'pending'" + one + "lantern.effects)",
         "state is pending, expected done"},
        {"update lantern.effects set attempt = 0" + one + "lantern.effects)", " times in 0 attempts"},
        {"alter table lantern.events disable trigger all; delete from lantern.events where revision = 2",
         "but the store has no such event"},
    };
    postgres::Connection connection({.url = run.place().database()});
    for (const auto& [statement, found] : done) {
        connection.script(statement);
        EXPECT_THAT(run.check(), testing::Contains(testing::HasSubstr(found))) << statement;
    }
}

void run_once(std::uint64_t seed, std::size_t faults) {
    const auto began = std::chrono::steady_clock::now();
    const std::filesystem::path log = std::string(CHAOS_LOG_DIRECTORY) + "/seed-" + std::to_string(seed) + ".log";
    Run run(seed, log, [&](const std::string& line) {
        const auto at = std::chrono::steady_clock::now() - began;
        std::cout << std::chrono::duration_cast<std::chrono::seconds>(at).count() << " s  " << line << std::endl;
    });
    std::cout << "seed " << seed << ", log " << log.string() << std::endl;
    run.go(faults);
    run.settle();
    EXPECT_TRUE(run.problems().empty()) << "seed " << seed << joined(run.problems())
                                        << "\n  again: ./dev chaos --seed " << seed << "\n  log: " << log.string();
    if (run.problems().empty()) expect_tampering_is_found(run);
}

// Deals one of most kinds in its first eight: a worker, the host and the relay killed, the routing edited, a plugin
// that hangs, an api frozen, PostgreSQL stopped, RabbitMQ wiped.
constexpr std::uint64_t kUsualSeed = 236853;

TEST(Chaos, EverySeedKeepsTheGuarantees) {
    const auto faults = setting("LANTERN_CHAOS_FAULTS", 8);
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(setting("LANTERN_CHAOS_MINUTES", 0));
    auto seed = setting("LANTERN_CHAOS_SEED", kUsualSeed);
    do {
        run_once(seed++, faults);
    } while (!HasFailure() && std::chrono::steady_clock::now() < until);
}

}  // namespace
}  // namespace lantern::chaos
