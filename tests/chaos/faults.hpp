// What can go wrong. A seed draws a list of faults; each begins, lasts for a number of the producer's tries, and
// ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/chaos/place.hpp"

namespace lantern::chaos {

// One kind of fault. `begin` and `end` are called on the main thread; what a kind has to remember lies in the
// place.
struct Kind {
    const char* name;
    const char* on;  // two faults on one thing don't overlap: one would end the other
    void (*begin)(Place& place, std::uint64_t dice);
    void (*end)(Place& place);
};

struct Planned {
    const Kind* kind = nullptr;
    std::uint64_t dice = 0;   // for what the kind has to choose
    std::uint64_t tries = 0;  // of the producer, before it ends
    bool overlaps = false;    // the next one begins before this one ends
};

// Depends on its arguments alone.
std::vector<Planned> draw(std::uint64_t seed, std::size_t count);
std::string text(const Planned& planned);

}  // namespace lantern::chaos
