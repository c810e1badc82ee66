#include "host/settings/units.hpp"

#include <gtest/gtest.h>

namespace lantern::settings {
namespace {

using namespace std::chrono_literals;

TEST(Units, Durations) {
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("12h"), 12h);
    EXPECT_EQ(parse_duration("7d"), 7 * 24h);
    for (const char* wrong : {"", "30", "s", "-1s", "1.5s", "30 s", "30sec", "99999999999999999d"}) {
        EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
    }
}

TEST(Units, Sizes) {
    EXPECT_EQ(parse_bytes("512B"), 512);
    EXPECT_EQ(parse_bytes("64KiB"), 65536);
    EXPECT_EQ(parse_bytes("64MiB"), 64 << 20);
    EXPECT_EQ(parse_bytes("1MB"), 1'000'000);
    for (const char* wrong : {"", "64", "64K", "64mib", "-1B", "9223372036854775807GiB"}) {
        EXPECT_EQ(parse_bytes(wrong), std::nullopt) << wrong;
    }
}

TEST(Units, Rates) {
    EXPECT_EQ(parse_rate("10/s"), (Rate{10, 1s}));
    EXPECT_EQ(parse_rate("5000/h"), (Rate{5000, 1h}));
    for (const char* wrong : {"", "10", "10/", "0/s", "-1/s", "10/ms", "10/ s", "1.5/s", "2000000/s", "/s"}) {
        EXPECT_EQ(parse_rate(wrong), std::nullopt) << wrong;
    }
}

TEST(Units, Numbers) {
    EXPECT_EQ(parse_integer("-12"), -12);
    EXPECT_EQ(parse_integer("12x"), std::nullopt);
    EXPECT_EQ(parse_integer("9999999999999999999"), std::nullopt);
    EXPECT_EQ(parse_real("2.5"), 2.5);
    EXPECT_EQ(parse_real("inf"), std::nullopt);
    EXPECT_EQ(parse_real("nan"), std::nullopt);
}

TEST(Units, AreShownWithTheLargestUnitThatFits) {
    EXPECT_EQ(show_duration(30s), "30s");
    EXPECT_EQ(show_duration(90s), "90s");
    EXPECT_EQ(show_duration(120s), "2m");
    EXPECT_EQ(show_duration(1ms), "1ms");
    EXPECT_EQ(show_bytes(1 << 20), "1MiB");
    EXPECT_EQ(show_bytes(1500), "1500B");
}

}  // namespace
}  // namespace lantern::settings
