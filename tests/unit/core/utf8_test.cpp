#include "host/core/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lantern {
namespace {

TEST(Utf8, ASequenceIsMeasured) {
    EXPECT_EQ(utf8_sequence(""), 0u);
    EXPECT_EQ(utf8_sequence(std::string_view("\0", 1)), 1u);
    EXPECT_EQ(utf8_sequence("a\xc3\xbc"), 1u);
    EXPECT_EQ(utf8_sequence("\xc3\xbc"), 2u);
    EXPECT_EQ(utf8_sequence("\xe2\x82\xac"), 3u);
    EXPECT_EQ(utf8_sequence("\xf0\x9f\x8e\x83"), 4u);
    EXPECT_EQ(utf8_sequence("\xff"), 0u);
    EXPECT_EQ(utf8_sequence("\xc3"), 0u);              // cut off
    EXPECT_EQ(utf8_sequence("\xc0\xaf"), 0u);          // overlong
    EXPECT_EQ(utf8_sequence("\xed\xa0\x80"), 0u);      // a surrogate
    EXPECT_EQ(utf8_sequence("\xf4\x90\x80\x80"), 0u);  // beyond U+10FFFF
}

TEST(Utf8, StorableIsUtf8WithoutZeroBytes) {
    for (const std::string_view good : {"", "plain text that is longer than eight bytes",
                                        "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x8e\x83 and some more"})
        EXPECT_EQ(storable_bytes(good), good.size());
    EXPECT_EQ(storable_bytes(std::string_view("a\0b", 3)), 1u);
    EXPECT_EQ(storable_bytes(std::string_view("0123456789\0bcdefgh", 18)), 10u);
    EXPECT_EQ(storable_bytes("caf\xc3\xa9 \xc3"), 6u);
}

TEST(Utf8, ACutLeavesNoHalfOfACharacter) {
    EXPECT_EQ(utf8_cut("abc", 3), "abc");
    EXPECT_EQ(utf8_cut("abcd", 3), "abc");
    EXPECT_EQ(utf8_cut("ab\xc3\xbc", 3), "ab");
    EXPECT_EQ(utf8_cut("\xf0\x9f\x8e\x83\xf0\x9f\x8e\x83", 7), "\xf0\x9f\x8e\x83");
    EXPECT_EQ(utf8_cut("\x80\x80\x80\x80\x80", 4), "\x80");  // no UTF-8 at all: short all the same
    EXPECT_EQ(utf8_cut("abc", 0), "");
}

}  // namespace
}  // namespace lantern
