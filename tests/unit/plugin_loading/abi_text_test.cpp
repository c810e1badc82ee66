#include "host/plugin_loading/abi_text.hpp"

#include <gtest/gtest.h>

namespace lantern::plugin_loading {
namespace {

TEST(AbiText, StorableIsUtf8WithoutZeroBytes) {
    EXPECT_TRUE(is_storable(""));
    EXPECT_TRUE(is_storable("plain text that is longer than eight bytes"));
    EXPECT_TRUE(is_storable("J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x8e\x83 and some more"));
    EXPECT_FALSE(is_storable(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_storable(std::string_view("0123456789\0bcdefgh", 18)));
    EXPECT_FALSE(is_storable("\xff"));
    EXPECT_FALSE(is_storable("\xc3"));              // cut off
    EXPECT_FALSE(is_storable("\xc0\xaf"));          // overlong
    EXPECT_FALSE(is_storable("\xed\xa0\x80"));      // a surrogate
    EXPECT_FALSE(is_storable("\xf4\x90\x80\x80"));  // beyond U+10FFFF
}

TEST(AbiText, MessagesAreCutAndMadeStorable) {
    EXPECT_EQ(message_text("caf\xc3\xa9 \xff!"), "caf\xc3\xa9 ?!");
    EXPECT_TRUE(is_storable(message_text(std::string(5000, '\xff'))));
    EXPECT_LE(message_text(std::string(5000, 'x')).size(), 2000u);
}

TEST(AbiText, ASinkJoinsWhatIsWritten) {
    TextSink sink;
    const lantern_sink abi = sink.abi();
    abi.write(abi.context, borrow("one "));
    abi.write(abi.context, {nullptr, 0});
    abi.write(abi.context, borrow("two"));
    EXPECT_EQ(sink.text, "one two");
    EXPECT_FALSE(sink.overflowed);
}

}  // namespace
}  // namespace lantern::plugin_loading
