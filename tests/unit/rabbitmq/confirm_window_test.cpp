#include "host/rabbitmq/confirm_window.hpp"

#include <gtest/gtest.h>

namespace lantern::rabbitmq {
namespace {

ConfirmWindow window_of(std::size_t messages) {
    ConfirmWindow window;
    window.begin(messages);
    for (std::size_t i = 0; i < messages; ++i) window.sent();
    return window;
}

TEST(ConfirmWindow, CountsFromTheFirstWithoutABreak) {
    ConfirmWindow window = window_of(5);
    window.confirm(2, false);
    window.confirm(4, false);
    EXPECT_EQ(window.prefix(), 0u);
    EXPECT_EQ(window.unconfirmed(), 3u);
    window.confirm(1, false);
    EXPECT_EQ(window.prefix(), 2u);
    window.confirm(5, true);
    EXPECT_EQ(window.prefix(), 5u);
    EXPECT_EQ(window.unconfirmed(), 0u);
}

TEST(ConfirmWindow, ARefusedMessageBreaksThePrefixForGood) {
    ConfirmWindow window = window_of(4);
    window.refuse(2, false);
    window.confirm(4, true);
    EXPECT_EQ(window.prefix(), 1u);
    EXPECT_EQ(window.settled_end(), 1u);
    EXPECT_TRUE(window.any_refused());
}

TEST(ConfirmWindow, AReturnedMessageStaysRefusedWhenItsConfirmComes) {
    ConfirmWindow window = window_of(3);
    window.refuse_at(0);
    window.confirm(3, true);
    EXPECT_EQ(window.prefix(), 0u);
    EXPECT_TRUE(window.any_refused());
}

TEST(ConfirmWindow, ConfirmsOfOlderMessagesMeanNothing) {
    ConfirmWindow window = window_of(3);
    window.begin(2);
    window.sent();
    window.sent();
    window.confirm(3, true);
    EXPECT_EQ(window.prefix(), 0u);
    window.confirm(5, true);
    EXPECT_EQ(window.prefix(), 2u);
}

TEST(ConfirmWindow, ConfirmsOfMessagesNeverSentMeanNothing) {
    ConfirmWindow window = window_of(2);
    window.confirm(9, true);
    EXPECT_EQ(window.prefix(), 0u);
}

}  // namespace
}  // namespace lantern::rabbitmq
