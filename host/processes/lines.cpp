#include "host/processes/lines.hpp"

#include <algorithm>
#include <utility>

namespace lantern::processes {

void Lines::add(std::string_view piece, Time now) {
    while (!piece.empty()) {
        const auto end = piece.find('\n');
        const auto part = piece.substr(0, end);
        piece.remove_prefix(end == piece.npos ? piece.size() : end + 1);
        for (std::string_view rest = part; !rest.empty();) {
            const auto room = kLineBytesMax - begun_.size();
            begun_.append(rest.substr(0, room));
            rest.remove_prefix(std::min(room, rest.size()));
            if (begun_.size() == kLineBytesMax) line(now);
        }
        if (end != part.npos && (!begun_.empty() || part.empty())) line(now);
    }
}

void Lines::finish(Time now) {
    if (!begun_.empty()) line(now);
    pause();
}

void Lines::line(Time now) {
    const double passed = counted_at_ == Time{} ? 0 : std::chrono::duration<double>(now - counted_at_).count();
    counted_at_ = now;
    allowed_ = std::min<double>(kLinesAtOnce, allowed_ + passed * kLinesASecond);
    if (allowed_ < 1) {
        ++lost_;
    } else {
        allowed_ -= 1;
        pause();
        if (!begun_.empty()) take_(begun_);
    }
    begun_.clear();
}

void Lines::pause() {
    if (lost_ > 0) dropped_(std::exchange(lost_, 0));
}

}  // namespace lantern::processes
