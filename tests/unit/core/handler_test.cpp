#include "host/core/handler.hpp"

#include <gtest/gtest.h>

namespace lantern {
namespace {

TEST(Routes, AnIntervalIsOpenBelowAndClosedAbove) {
    const Routes routes({{"A", Position{10}, Position{20}}});
    EXPECT_FALSE(routes.want("A", Position{10}));
    EXPECT_TRUE(routes.want("A", Position{11}));
    EXPECT_TRUE(routes.want("A", Position{20}));
    EXPECT_FALSE(routes.want("A", Position{21}));
    EXPECT_FALSE(routes.want("B", Position{15}));
}

TEST(Routes, ATypeRoutedTwiceHasAHoleBetween) {
    const Routes routes({{"A", Position{0}, Position{5}}, {"A", Position{9}, std::nullopt}});
    EXPECT_TRUE(routes.want("A", Position{5}));
    EXPECT_FALSE(routes.want("A", Position{7}));
    EXPECT_TRUE(routes.want("A", Position{1'000'000}));
    EXPECT_EQ(routes.event_types(), std::vector<std::string>{"A"});
}

}  // namespace
}  // namespace lantern
