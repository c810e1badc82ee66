// Slows a process of a job down while live delivery is behind: looks at the lag now and then, and says how long to
// rest after a piece of work. It never stops altogether: a handler that is stuck for other reasons would hold the
// job up for ever.
#pragma once

#include <string>

#include "host/core/clock.hpp"

namespace lantern::backfill {

// How far the live handler that is furthest behind is.
struct LiveLag {
    std::string handler;  // empty: none is
    Milliseconds lag{0};
};

class Brake {
public:
    // 0: it never slows down.
    explicit Brake(Milliseconds lag_max) : lag_max_(lag_max) {}

    // Slower with each look at a lag above the bound, faster again with each at one of less than half of it.
    void look(const LiveLag& live);
    // After work of this length.
    Milliseconds rest_after(Milliseconds worked) const;
    // "slowed down to 1/4 of its speed: user_read_model is 3.2 s behind, the bound is 2.0 s"; empty: at full speed.
    const std::string& text() const { return text_; }

private:
    static constexpr int kSlowest = 16;  // at a 16th of its speed
    static constexpr Milliseconds kRestMax{5'000};

    const Milliseconds lag_max_;
    int slowness_ = 1;  // works one part of so many of the time
    std::string text_;
};

}  // namespace lantern::backfill
