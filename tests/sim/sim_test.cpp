// Schedules: LANTERN_SIM_SCHEDULES of them, from seed LANTERN_SIM_SEED on. A failure prints its seed;
// `./dev sim --seed S --schedules 1` replays it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/sim/schedule.hpp"

namespace lantern::sim {
namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) out += "\n  " + line;
    return out;
}

TEST(Simulation, EverySeedKeepsTheGuarantees) {
    const auto first = setting("LANTERN_SIM_SEED", 1);
    const auto count = setting("LANTERN_SIM_SCHEDULES", 3000);
    int failed = 0;
    for (auto seed = first; seed < first + count && failed < 5; ++seed) {
        const auto violations = run_schedule(seed, Flaw::none);
        if (violations.empty()) continue;
        ++failed;
        ADD_FAILURE() << "seed " << seed << joined(violations) << "\n  again: ./dev sim --seed " << seed
                      << " --schedules 1";
    }
}

TEST(Simulation, TheSameSeedGivesTheSameSchedule) {
    const auto first = setting("LANTERN_SIM_SEED", 1);
    for (auto seed = first; seed < first + 50; ++seed) {
        EXPECT_EQ(run_schedule(seed, Flaw::slice_by_position_only),
                  run_schedule(seed, Flaw::slice_by_position_only));
    }
}

// Each deliberate fault is found within so many seeds.
struct Mutant {
    Flaw flaw;
    const char* name;
};

void PrintTo(const Mutant& mutant, std::ostream* out) {
    *out << mutant.name;
}

class DeliberateFault : public testing::TestWithParam<Mutant> {};

TEST_P(DeliberateFault, IsFound) {
    constexpr std::uint64_t kSeedsMax = 3000;
    const auto first = setting("LANTERN_SIM_SEED", 1);
    for (auto seed = first; seed < first + kSeedsMax; ++seed) {
        const auto violations = run_schedule(seed, GetParam().flaw);
        if (violations.empty()) continue;
        std::cout << "found with seed " << seed << ": " << violations.front() << "\n";
        return;
    }
    FAIL() << "not found within " << kSeedsMax << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    Simulation, DeliberateFault,
    testing::Values(Mutant{Flaw::acknowledge_before_commit, "AcknowledgeBeforeCommit"},
                    Mutant{Flaw::checkpoint_outside_transaction, "CheckpointOutsideTransaction"},
                    Mutant{Flaw::retry_ignores_order, "RetryIgnoresOrder"},
                    Mutant{Flaw::fence_removed, "FenceRemoved"},
                    Mutant{Flaw::parks_without_compare_and_set, "ParksWithoutCompareAndSet"},
                    Mutant{Flaw::unpark_ignores_seen, "UnparkIgnoresSeen"},
                    Mutant{Flaw::route_interval_ignored_by_gap_filling, "RouteIntervalIgnoredByGapFilling"},
                    Mutant{Flaw::floor_taken_after_snapshot, "FloorTakenAfterSnapshot"},
                    Mutant{Flaw::no_completed_transaction_in_mark, "NoCompletedTransactionInMark"},
                    Mutant{Flaw::slice_by_position_only, "SliceByPositionOnly"},
                    Mutant{Flaw::confirms_not_awaited, "ConfirmsNotAwaited"},
                    Mutant{Flaw::feeds_before_binding, "FeedsBeforeBinding"},
                    Mutant{Flaw::sweep_off_by_one, "SweepOffByOne"},
                    Mutant{Flaw::sweep_trusts_positions, "SweepTrustsPositions"},
                    Mutant{Flaw::swap_without_barrier, "SwapWithoutBarrier"}),
    [](const auto& mutant) { return mutant.param.name; });

}  // namespace
}  // namespace lantern::sim
