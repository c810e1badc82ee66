// What every relay::Source and relay::Leadership must do. A World has
//   source(); begin(stream, events) -> a transaction that is not visible yet; commit(transaction)
//   leader(n), n = 0, 1: Leadership of two processes; pass(time) makes heartbeats older
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "host/core/limits.hpp"
#include "host/relay/ports.hpp"

namespace lantern::contract {

template <class World>
class RelayContract : public ::testing::Test {
protected:
    // One slice from the mark, in pages of two; the mark moves.
    std::vector<std::int64_t> slice() {
        std::vector<std::int64_t> positions;
        if (!world_.source().anything_since(mark_, Milliseconds(0))) return positions;
        const auto target = world_.source().take_mark();
        Position cursor;
        for (bool last = false; !last;) {
            const auto page = world_.source().page(mark_, target, cursor, 2);
            EXPECT_LE(page.events.size(), 2u);
            for (const auto& event : page.events) {
                EXPECT_GT(event.position, cursor);
                cursor = event.position;
                positions.push_back(cursor.value);
            }
            last = page.last;
        }
        mark_ = target;
        return positions;
    }
    void append(std::int64_t stream, int events) { world_.commit(world_.begin(stream, events)); }

    World world_;
    Mark mark_;
};
TYPED_TEST_SUITE_P(RelayContract);

TYPED_TEST_P(RelayContract, ASliceHoldsWhatBecameVisible) {
    EXPECT_TRUE(this->slice().empty());
    this->append(1, 3);
    this->append(2, 2);
    EXPECT_EQ(this->slice(), (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
    EXPECT_TRUE(this->slice().empty());
    this->append(1, 1);
    EXPECT_EQ(this->slice(), (std::vector<std::int64_t>{6}));
}

TYPED_TEST_P(RelayContract, ALateCommitterIsInTheNextSlice) {
    auto late = this->world_.begin(1, 3);
    this->append(2, 1);
    EXPECT_EQ(this->slice(), (std::vector<std::int64_t>{4}));
    EXPECT_TRUE(this->slice().empty());
    this->world_.commit(late);
    EXPECT_EQ(this->slice(), (std::vector<std::int64_t>{1, 2, 3}));
}

TYPED_TEST_P(RelayContract, WhatCommitsAfterTheUpperMarkIsNotInTheSlice) {
    this->append(1, 2);
    const auto target = this->world_.source().take_mark();
    this->append(2, 2);
    const auto page = this->world_.source().page(this->mark_, target, Position{0}, 10);
    EXPECT_EQ(page.events.size(), 2u);
    EXPECT_TRUE(page.last);
    this->mark_ = target;
    EXPECT_EQ(this->slice(), (std::vector<std::int64_t>{3, 4}));
}

TYPED_TEST_P(RelayContract, OneLeadsAndItsHeartbeatKeepsIt) {
    const auto epoch = this->world_.leader(0).hold();
    ASSERT_TRUE(epoch);
    EXPECT_FALSE(this->world_.leader(1).hold());
    EXPECT_EQ(this->world_.leader(0).hold(), epoch);
    this->world_.pass(limits::kHeartbeatDead + Milliseconds(1000));
    const auto next = this->world_.leader(1).hold();
    ASSERT_TRUE(next);
    EXPECT_GT(*next, *epoch);
    EXPECT_FALSE(this->world_.leader(0).hold());
    this->world_.leader(1).resign();
    const auto again = this->world_.leader(0).hold();
    ASSERT_TRUE(again);
    EXPECT_GT(*again, *next);
}

TYPED_TEST_P(RelayContract, ProgressMovesByCompareAndSet) {
    auto& leader = this->world_.leader(0);
    const auto epoch = leader.hold();
    ASSERT_TRUE(epoch);
    const auto start = leader.progress();
    EXPECT_EQ(start, relay::Progress{});
    relay::Progress next = start;
    next.target = this->world_.source().take_mark();
    EXPECT_TRUE(leader.advance(*epoch, start, next));
    EXPECT_EQ(leader.progress(), next);
    EXPECT_FALSE(leader.advance(*epoch, start, next)) << "not from there any more";
    EXPECT_FALSE(leader.advance(Epoch{epoch->value + 1}, next, start)) << "of another epoch";
    const relay::Progress done{*next.target, std::nullopt, Position{0}};
    EXPECT_TRUE(leader.advance(*epoch, next, done));
    EXPECT_EQ(leader.progress(), done);
}

REGISTER_TYPED_TEST_SUITE_P(RelayContract, ASliceHoldsWhatBecameVisible, ALateCommitterIsInTheNextSlice,
                            WhatCommitsAfterTheUpperMarkIsNotInTheSlice, OneLeadsAndItsHeartbeatKeepsIt,
                            ProgressMovesByCompareAndSet);

}  // namespace lantern::contract
