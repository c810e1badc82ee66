#include "tests/contract/relay/harness.hpp"

namespace lantern::relay::test {
namespace {

constexpr Milliseconds kNow{0};

class SourceContract : public ::testing::TestWithParam<Side> {
protected:
    std::vector<Event> slice(const Mark& from, const Mark& to, std::size_t limit) {
        std::vector<Event> all;
        Position after;
        for (;;) {
            const Page page = source_.page(from, to, after, limit);
            EXPECT_LE(page.events.size(), limit);
            for (const Event& event : page.events) {
                EXPECT_GT(event.position, after);
                after = event.position;
                all.push_back(event);
            }
            if (page.last) return all;
            EXPECT_FALSE(page.events.empty()) << "a page that is not the last is not empty";
        }
    }

    const std::unique_ptr<StoreSide> store_ = store_of(GetParam());
    Source& source_ = store_->source();
};

TEST_P(SourceContract, AnEmptyStoreHasNothing) {
    EXPECT_FALSE(source_.anything_since(Mark{}, kNow));
    EXPECT_FALSE(source_.anything_since(Mark{}, Milliseconds{1}));
    const Page page = source_.page(Mark{}, source_.take_mark(), Position{}, 10);
    EXPECT_TRUE(page.last);
    EXPECT_TRUE(page.events.empty());
}

TEST_P(SourceContract, SlicesFollowEachOtherWithoutGapOrOverlap) {
    store_->append(1, 3);
    store_->append(2, 1);
    EXPECT_TRUE(source_.anything_since(Mark{}, kNow));
    const Mark first = source_.take_mark();
    EXPECT_FALSE(source_.anything_since(first, kNow));
    store_->append(1, 2);
    EXPECT_TRUE(source_.anything_since(first, kNow));
    const Mark second = source_.take_mark();
    store_->append(3, 1);

    EXPECT_EQ(slice(Mark{}, first, 100).size(), 4u);
    const auto next = slice(first, second, 100);
    ASSERT_EQ(next.size(), 2u);
    EXPECT_EQ(next[0].revision, Revision{4});
    EXPECT_EQ(next[1].revision, Revision{5});
    EXPECT_TRUE(slice(second, second, 100).empty());
}

TEST_P(SourceContract, PagesOfAnySizeMakeTheSameSlice) {
    for (int i = 0; i < 7; ++i) store_->append(i % 3, 1);
    const Mark mark = source_.take_mark();
    const auto whole = slice(Mark{}, mark, 100);
    ASSERT_EQ(whole.size(), 7u);
    for (std::size_t limit = 1; limit <= 8; ++limit) EXPECT_EQ(slice(Mark{}, mark, limit), whole) << limit;
}

INSTANTIATE_TEST_SUITE_P(Sides, SourceContract, ::testing::Values(Side::fake, Side::real), side_name);

}  // namespace
}  // namespace lantern::relay::test
