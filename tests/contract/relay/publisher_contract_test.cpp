#include "tests/contract/relay/harness.hpp"
#include "tests/support/answered.hpp"

namespace lantern::relay::test {
namespace {

class PublisherContract : public ::testing::TestWithParam<Side> {
protected:
    static std::vector<Event> events_of(int count) {
        std::vector<Event> events;
        for (int i = 1; i <= count; ++i) {
            Event event;
            event.id = Uuid::v7(Timestamp{}, static_cast<std::uint64_t>(i), 7);
            event.stream = StreamId{1};
            event.revision = Revision{i};
            event.position = Position{i};
            event.aggregate_type = "user";
            event.aggregate_id = "user-1";
            event.type = "HAPPENED";
            event.data = event.metadata = "{}";
            events.push_back(event);
        }
        return events;
    }

    void declare() {
        ASSERT_TRUE(lantern::test::answered([&] { publisher_.declare_topology(); }));
    }

    const std::unique_ptr<BrokerSide> broker_ = broker_of(GetParam());
    Publisher& publisher_ = broker_->publisher();
};

TEST_P(PublisherContract, WithoutADeclaredTopologyNothingIsPublished) {
    EXPECT_THROW(publisher_.publish(events_of(1)), Fault);
}

TEST_P(PublisherContract, WhatIsPublishedIsConfirmed) {
    declare();
    publisher_.service();
    EXPECT_EQ(publisher_.publish(events_of(1)), 1u);
    declare();
    EXPECT_EQ(publisher_.publish(events_of(1500)), 1500u);
    EXPECT_EQ(publisher_.publish({}), 0u);
    EXPECT_FALSE(publisher_.topology_was_lost());
}

TEST_P(PublisherContract, LostTopologyIsNoticedAndNothingOfItCountsUntilItIsDeclared) {
    declare();
    ASSERT_EQ(publisher_.publish(events_of(2)), 2u);
    broker_->lose_topology();
    EXPECT_EQ(publisher_.publish(events_of(3)), 0u);
    EXPECT_TRUE(publisher_.topology_was_lost());
    declare();
    EXPECT_FALSE(publisher_.topology_was_lost());
    EXPECT_EQ(publisher_.publish(events_of(3)), 3u);
}

INSTANTIATE_TEST_SUITE_P(Sides, PublisherContract, ::testing::Values(Side::fake, Side::real), side_name);

}  // namespace
}  // namespace lantern::relay::test
