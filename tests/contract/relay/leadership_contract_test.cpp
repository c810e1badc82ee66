#include "tests/contract/relay/harness.hpp"

namespace lantern::relay::test {
namespace {

class LeadershipContract : public ::testing::TestWithParam<Side> {
protected:
    const std::unique_ptr<StoreSide> store_ = store_of(GetParam());
    const std::unique_ptr<Leadership> first_ = store_->leadership(1);
    const std::unique_ptr<Leadership> second_ = store_->leadership(2);
};

TEST_P(LeadershipContract, OneHoldsAndKeepsItsEpochTheOtherGetsNothing) {
    const auto epoch = first_->hold();
    ASSERT_TRUE(epoch);
    EXPECT_EQ(first_->hold(), epoch);
    EXPECT_FALSE(second_->hold());
}

TEST_P(LeadershipContract, AfterResigningAnotherHoldsAtOnceWithAHigherEpoch) {
    const auto before = first_->hold();
    first_->resign();
    const auto after = second_->hold();
    ASSERT_TRUE(before && after);
    EXPECT_GT(*after, *before);
    EXPECT_FALSE(first_->hold());
    first_->resign();
    EXPECT_EQ(second_->hold(), after) << "who does not lead cannot resign for the leader";
}

TEST_P(LeadershipContract, AHeartbeatThatArrivesAfterItsLeaderWasGivenUpClaimsNothing) {
    ASSERT_TRUE(first_->hold());
    store_->leadership(1)->resign();  // as its host does for a relay that was killed
    EXPECT_FALSE(first_->hold());
    EXPECT_TRUE(second_->hold());
}

TEST_P(LeadershipContract, ProgressBeginsAtTheBeginning) {
    ASSERT_TRUE(first_->hold());
    const Progress progress = first_->progress();
    EXPECT_FALSE(progress.target);
    EXPECT_EQ(progress.cursor, Position{});
    EXPECT_EQ(progress.mark.floor, Position{});
}

TEST_P(LeadershipContract, ProgressMovesFromWhatItIsAndIsReadBackAsItWasWritten) {
    const Epoch epoch = *first_->hold();
    const Progress begin = first_->progress();
    const Mark target = store_->source().take_mark();
    const Progress within{.mark = begin.mark, .target = target, .cursor = Position{17}};
    const Progress done{.mark = target, .target = {}, .cursor = {}};

    EXPECT_TRUE(first_->advance(epoch, begin, within));
    EXPECT_EQ(first_->progress(), within);
    EXPECT_FALSE(first_->advance(epoch, begin, done)) << "it is no longer there";
    EXPECT_EQ(first_->progress(), within);
    EXPECT_TRUE(first_->advance(epoch, within, done));
    EXPECT_EQ(first_->progress(), done);
}

TEST_P(LeadershipContract, AnOlderEpochMovesNothing) {
    const Epoch old = *first_->hold();
    const Progress begin = first_->progress();
    first_->resign();
    ASSERT_TRUE(second_->hold());
    const Progress done{.mark = store_->source().take_mark(), .target = {}, .cursor = {}};
    EXPECT_FALSE(first_->advance(old, begin, done));
    EXPECT_EQ(second_->progress(), begin) << "the successor goes on where the predecessor was";
}

INSTANTIATE_TEST_SUITE_P(Sides, LeadershipContract, ::testing::Values(Side::fake, Side::real), side_name);

}  // namespace
}  // namespace lantern::relay::test
