// A line on the terminal that says how far something has come; without a terminal a line every few seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace lantern::apps {

class Progress {
public:
    Progress(std::string verb, std::string unit);

    // `total`: nothing when it is not known. `note` stands at the end of the line.
    void at(std::int64_t done, std::optional<std::int64_t> total, const std::string& note);
    // Leaves what stands there.
    void end();

private:
    using Clock = std::chrono::steady_clock;

    std::string line(std::int64_t done, std::optional<std::int64_t> total, const std::string& note) const;

    const std::string verb_, unit_;
    const bool terminal_;
    const Clock::time_point began_ = Clock::now();
    std::optional<std::int64_t> first_;  // done when it was first shown
    Clock::time_point shown_at_{};
    bool shown_ = false;
};

// 1 234 567
std::string grouped(std::int64_t number);

}  // namespace lantern::apps
