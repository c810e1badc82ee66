#include "host/backfill/brake.hpp"

#include <gtest/gtest.h>

namespace lantern::backfill {
namespace {

using namespace std::chrono_literals;

TEST(BrakeTest, SlowsDownWhileALiveHandlerIsBehindAndNeverStops) {
    Brake brake(2s);
    brake.look({"audit_log", 1900ms});
    EXPECT_EQ(brake.rest_after(100ms), 0ms);
    EXPECT_EQ(brake.text(), "");
    brake.look({"audit_log", 3200ms});
    EXPECT_EQ(brake.rest_after(100ms), 100ms);
    EXPECT_EQ(brake.text(), "slowed down to 1/2 of its speed: audit_log is 3.2 s behind, the bound is 2.0 s");
    brake.look({"audit_log", 3200ms});
    EXPECT_EQ(brake.rest_after(100ms), 300ms);
    for (int look = 0; look < 20; ++look) brake.look({"audit_log", 1min});
    EXPECT_EQ(brake.rest_after(100ms), 1500ms);
    EXPECT_EQ(brake.rest_after(1min), 5s) << "it looks again soon";
}

TEST(BrakeTest, GoesBackToFullSpeedInStepsOnceTheLagIsWellBelowTheBound) {
    Brake brake(2s);
    for (int look = 0; look < 2; ++look) brake.look({"audit_log", 3s});
    brake.look({"audit_log", 1500ms});
    EXPECT_EQ(brake.rest_after(100ms), 300ms) << "below the bound, and not well below";
    brake.look({"", 0ms});
    EXPECT_EQ(brake.rest_after(100ms), 100ms);
    EXPECT_EQ(brake.text(), "slowed down to 1/2 of its speed: live handlers have just caught up");
    brake.look({"", 0ms});
    EXPECT_EQ(brake.rest_after(100ms), 0ms);
    EXPECT_EQ(brake.text(), "");
}

TEST(BrakeTest, WithoutABoundItNeverSlowsDown) {
    Brake brake(0ms);
    brake.look({"audit_log", 1h});
    EXPECT_EQ(brake.rest_after(1s), 0ms);
}

}  // namespace
}  // namespace lantern::backfill
