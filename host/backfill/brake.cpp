#include "host/backfill/brake.hpp"

#include <algorithm>

namespace lantern::backfill {
namespace {

std::string in_seconds(Milliseconds time) {
    const auto tenths = time.count() / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

void Brake::look(const LiveLag& live) {
    if (lag_max_.count() == 0) return;
    if (live.lag > lag_max_) {
        slowness_ = std::min(slowness_ * 2, kSlowest);
    } else if (live.lag < lag_max_ / 2) {
        slowness_ = std::max(slowness_ / 2, 1);
    }
    if (slowness_ == 1) {
        text_.clear();
    } else if (live.lag > lag_max_) {
        text_ = "slowed down to 1/" + std::to_string(slowness_) + " of its speed: " + live.handler + " is " +
                in_seconds(live.lag) + " behind, the bound is " + in_seconds(lag_max_);
    } else {
        text_ =
            "slowed down to 1/" + std::to_string(slowness_) + " of its speed: live handlers have just caught up";
    }
}

Milliseconds Brake::rest_after(Milliseconds worked) const {
    return std::min(worked * (slowness_ - 1), kRestMax);
}

}  // namespace lantern::backfill
