#include "host/processes/lines.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lantern::processes {
namespace {

using namespace std::chrono_literals;

class LinesTest : public testing::Test {
protected:
    std::vector<std::string> taken;
    std::size_t dropped = 0;
    Lines lines{[this](std::string_view line) { taken.emplace_back(line); },
                [this](std::size_t lost) { dropped += lost; }};
    Lines::Time now{1h};
};

TEST_F(LinesTest, come_whole_however_they_arrive) {
    for (const char* piece : {"one\ntw", "o\n\nth", "ree"}) lines.add(piece, now);
    EXPECT_EQ(taken, (std::vector<std::string>{"one", "two"}));
    lines.finish(now);
    EXPECT_EQ(taken.back(), "three");
}

TEST_F(LinesTest, without_an_end_are_cut) {
    lines.add(std::string(Lines::kLineBytesMax * 2 + 5, 'x'), now);
    EXPECT_EQ(taken.size(), 2u);
    lines.finish(now);
    ASSERT_EQ(taken.size(), 3u);
    EXPECT_EQ(taken[2], "xxxxx");
}

TEST_F(LinesTest, that_flood_are_dropped_and_counted_and_then_taken_again) {
    for (std::size_t line = 0; line < Lines::kLinesAtOnce + 1000; ++line) lines.add("line\n", now);
    EXPECT_EQ(taken.size(), Lines::kLinesAtOnce);
    EXPECT_EQ(dropped, 0u);
    EXPECT_TRUE(lines.dropped_some());
    now += 1s;
    lines.add("after\n", now);
    EXPECT_EQ(dropped, 1000u);
    EXPECT_EQ(taken.back(), "after");
}

TEST_F(LinesTest, that_were_dropped_last_are_said_at_the_end) {
    for (std::size_t line = 0; line < Lines::kLinesAtOnce + 1; ++line) lines.add("line\n", now);
    lines.finish(now);
    EXPECT_EQ(dropped, 1u);
}

}  // namespace
}  // namespace lantern::processes
