// Text that arrives in pieces, as lines. What has no end is cut, and what comes too fast is dropped and counted: a
// program that floods its output must not flood the log.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace lantern::processes {

class Lines {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Take = std::function<void(std::string_view line)>;
    // Of lines that were dropped since the last one taken.
    using Dropped = std::function<void(std::size_t lines)>;

    static constexpr std::size_t kLineBytesMax = 4096;
    static constexpr std::size_t kLinesAtOnce = 500;  // then as many as come by themselves:
    static constexpr std::size_t kLinesASecond = 100;

    Lines(Take take, Dropped dropped) : take_(std::move(take)), dropped_(std::move(dropped)) {}

    void add(std::string_view piece, Time now);
    // Says what was dropped so far; to be called when nothing came for a while.
    void pause();
    bool dropped_some() const { return lost_ > 0; }
    // No more comes: the last line may have no end.
    void finish(Time now);

private:
    void line(Time now);

    const Take take_;
    const Dropped dropped_;
    std::string begun_;
    double allowed_ = kLinesAtOnce;
    Time counted_at_{};
    std::size_t lost_ = 0;
};

}  // namespace lantern::processes
