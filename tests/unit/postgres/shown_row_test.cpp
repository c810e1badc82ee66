#include "host/postgres/store/shown_row.hpp"

#include <gtest/gtest.h>

namespace lantern::postgres {
namespace {

std::string shown(Shown as, std::string_view text) {
    std::string out;
    append_shown(out, as, text);
    return out;
}

TEST(ShownRow, TextIsQuoted) {
    EXPECT_EQ(shown(Shown::text, ""), "\"\"");
    EXPECT_EQ(shown(Shown::text, "a\"b\\c/\xc3\xbc\x7f"), "\"a\\\"b\\\\c/\xc3\xbc\x7f\"");
    EXPECT_EQ(shown(Shown::text, "\b\f\n\r\t\x01\x1f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\"");
}

TEST(ShownRow, ANumberThatJsonHasNotIsText) {
    for (const char* number : {"0", "-12", "1.5", "1e+300", "-0.001"})
        EXPECT_EQ(shown(Shown::number, number), number);
    for (const char* other : {"NaN", "Infinity", "-Infinity"})
        EXPECT_EQ(shown(Shown::number, other), '"' + std::string(other) + '"');
}

TEST(ShownRow, TimesAreInUtcWithMicroseconds) {
    EXPECT_EQ(shown(Shown::time, "2026-11-21 03:33:26+00"), "\"2026-11-21T03:33:26.000000Z\"");
    EXPECT_EQ(shown(Shown::time, "2026-11-21 03:33:26.000123+00"), "\"2026-11-21T03:33:26.000123Z\"");
    EXPECT_EQ(shown(Shown::time, "2026-11-21 03:33:26.5+00"), "\"2026-11-21T03:33:26.500000Z\"");
    EXPECT_EQ(shown(Shown::time, "12026-11-21 03:33:26+00"), "\"12026-11-21T03:33:26.000000Z\"");
    EXPECT_EQ(shown(Shown::time, "infinity"), "null");
    EXPECT_EQ(shown(Shown::time, "0044-03-15 12:00:00+00 BC"), "\"0044-03-15 12:00:00+00 BC\"");
}

}  // namespace
}  // namespace lantern::postgres
