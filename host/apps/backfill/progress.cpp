#include "host/apps/backfill/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace lantern::apps {
namespace {

constexpr auto kTerminalEvery = std::chrono::milliseconds(200);
constexpr auto kLineEvery = std::chrono::seconds(5);
constexpr int kBarWidth = 24;

std::string time_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(seconds + 0.5);
    if (whole < 60) return std::to_string(whole) + " s";
    if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
    return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

}  // namespace

std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(number);
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ' ');
    return digits;
}

Progress::Progress(std::string verb, std::string unit)
    : verb_(std::move(verb)), unit_(std::move(unit)), terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::at(std::int64_t done, std::optional<std::int64_t> total, const std::string& note) {
    const auto now = Clock::now();
    if (!first_) first_ = done;
    const auto every = terminal_ ? Clock::duration(kTerminalEvery) : Clock::duration(kLineEvery);
    if (shown_at_ != Clock::time_point{} && now - shown_at_ < every) return;
    if (shown_at_ == Clock::time_point{} && !terminal_) {
        shown_at_ = now;
        return;
    }
    shown_at_ = now;
    shown_ = true;
    std::cerr << (terminal_ ? "\r\x1b[K" : "") << line(done, total, note) << (terminal_ ? "" : "\n") << std::flush;
}

void Progress::end() {
    if (terminal_ && shown_) std::cerr << std::endl;
    shown_ = false;
}

std::string Progress::line(std::int64_t done, std::optional<std::int64_t> total, const std::string& note) const {
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    const double rate = seconds > 0 ? static_cast<double>(done - *first_) / seconds : 0;
    std::string text;
    if (total && *total > 0) {
        const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(*total));
        const int full = static_cast<int>(share * kBarWidth);
        text += "[" + std::string(static_cast<std::size_t>(full), '=') +
                std::string(static_cast<std::size_t>(kBarWidth - full), ' ') + "] " +
                std::to_string(static_cast<int>(share * 100)) + "%  ";
    }
    text += verb_ + " " + grouped(done) + (total ? " of " + grouped(std::max(*total, done)) : "") + " " + unit_ +
            ", " + grouped(static_cast<std::int64_t>(rate)) + "/s";
    if (total && rate > 0 && *total > done)
        text += ", " + time_text(static_cast<double>(*total - done) / rate) + " left";
    return note.empty() ? text : text + ", " + note;
}

}  // namespace lantern::apps
