#include "host/core/clock.hpp"

#include <gtest/gtest.h>

namespace lantern {
namespace {

TEST(Iso8601, ReadsBackWhatItWrote) {
    const auto time = parse_iso8601("2026-11-21T03:33:26.000123Z");
    ASSERT_TRUE(time);
    EXPECT_EQ(iso8601(*time), "2026-11-21T03:33:26.000123Z");
}

TEST(Iso8601, OffsetsAreBroughtToUtc) {
    EXPECT_EQ(iso8601(*parse_iso8601("2026-01-01T01:00:00+02:30")), "2025-12-31T22:30:00.000000Z");
}

TEST(Iso8601, RefusesWhatIsNoTime) {
    for (const char* text :
         {"", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z",
          "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx"}) {
        EXPECT_FALSE(parse_iso8601(text)) << text;
    }
}

TEST(SystemRandom, ASeedReplays) {
    SystemRandom one(42), two(42), other(43);
    EXPECT_EQ(one.next(), two.next());
    EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace lantern
