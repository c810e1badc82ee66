// One schedule: a world drawn from a seed, stepped in an order drawn from the same seed, with trouble, then quiet,
// then looked at by the checker. The same seed gives the same schedule.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/actors.hpp"

namespace lantern::sim {

// What went wrong; empty: all guarantees held.
std::vector<std::string> run_schedule(std::uint64_t seed, Flaw flaw);

// G5: a healthy stream that is not dead, and is behind its last event. Empty: there is none.
std::string held_back(const Store& store, const Handler& handler);

// G1-G5 at the end: tables equal a fresh fold, nothing is parked or pending, each effect was done.
void check(World& world, const Store& store, const Handler& handler);

}  // namespace lantern::sim
