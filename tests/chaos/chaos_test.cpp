// Real servers, real processes, and faults that a seed draws. LANTERN_CHAOS_SEED is the first one; a run is
// repeated with the next for LANTERN_CHAOS_MINUTES. A failure prints its seed: `./dev chaos --seed S`.
#include <gtest/gtest.h>

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
}

TEST(Chaos, EverySeedKeepsTheGuarantees) {
    const auto faults = setting("LANTERN_CHAOS_FAULTS", 8);
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(setting("LANTERN_CHAOS_MINUTES", 0));
    auto seed = setting("LANTERN_CHAOS_SEED", 1);
    do {
        run_once(seed++, faults);
    } while (!HasFailure() && std::chrono::steady_clock::now() < until);
}

}  // namespace
}  // namespace lantern::chaos
