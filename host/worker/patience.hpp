// How long to wait before what failed is tried again: longer each time in a row, up to limits::kBackoffMax, and
// spread, so that many who wait for the same don't come together.
#pragma once

#include <algorithm>

#include "host/core/clock.hpp"
#include "host/core/limits.hpp"

namespace lantern::worker {

class Patience {
public:
    explicit Patience(Random& random) : random_(random) {}

    Milliseconds next() {
        const auto ceiling =
            std::min<Milliseconds>(limits::kBackoffMax, limits::kBackoffFirst * (1 << std::min(troubles_, 10)));
        ++troubles_;
        const auto half = ceiling.count() / 2;
        return Milliseconds(half +
                            static_cast<std::int64_t>(random_.next() % static_cast<std::uint64_t>(half + 1)));
    }
    void renew() { troubles_ = 0; }

private:
    Random& random_;
    int troubles_ = 0;  // in a row
};

}  // namespace lantern::worker
