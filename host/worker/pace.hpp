// Keeps a side effect to its handler's rate: a bucket that holds at most a second's worth of acts. A worker takes
// the share of the rate that it holds of the partitions, so that all workers together keep to it, also while
// partitions move between them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "host/core/clock.hpp"
#include "host/core/handler.hpp"

namespace lantern::worker {

class Pace {
public:
    using Steady = std::chrono::steady_clock::time_point;

    explicit Pace(std::optional<Rate> rate) : rate_(rate) {}

    // 0: the act may be done now, and is counted. Else how long to wait. share: of the rate, above 0, at most 1.
    std::chrono::milliseconds take(Steady now, double share) {
        using Seconds = std::chrono::duration<double>;
        if (!rate_) return {};
        const double each_second = rate_->acts * share / Seconds(rate_->per).count();
        if (filled_at_ != Steady{}) filled_ += Seconds(now - filled_at_).count() * each_second;
        filled_ = std::min(filled_, std::max(1.0, each_second));
        filled_at_ = now;
        if (filled_ >= 1) {
            filled_ -= 1;
            return {};
        }
        return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil((1 - filled_) / each_second * 1000)));
    }

private:
    std::optional<Rate> rate_;
    double filled_ = 1;  // acts that may be done at once
    Steady filled_at_{};
};

}  // namespace lantern::worker
