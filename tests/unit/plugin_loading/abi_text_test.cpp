#include "host/plugin_loading/abi_text.hpp"

#include <gtest/gtest.h>

namespace lantern::plugin_loading {
namespace {

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
