// What a worker may rely on of its deliveries, asked of the fake that its tests use and of RabbitMQ.
#include <gtest/gtest.h>

#include <memory>

#include "host/rabbitmq/deliveries.hpp"
#include "host/rabbitmq/publisher.hpp"
#include "tests/support/answered.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"
#include "tests/unit/worker/fakes.hpp"

namespace lantern::worker::test {
namespace {

enum class Side { fake, real };
constexpr int kPartitions = 2;

class DeliveriesSide {
public:
    virtual ~DeliveriesSide() = default;
    virtual Deliveries& deliveries() = 0;
    virtual void publish(const std::vector<Event>& events) = 0;
};

class FakeSide final : public DeliveriesSide {
public:
    Deliveries& deliveries() override { return queue_; }
    void publish(const std::vector<Event>& events) override {
        for (const Event& event : events) queue_.deliver(event);
    }

private:
    fake::Trouble trouble_;
    fake::Queue queue_{trouble_, kPartitions};
};

class RabbitSide final : public DeliveriesSide {
public:
    RabbitSide() {
        publisher_.route({handler_});
        EXPECT_TRUE(lantern::test::answered([&] { publisher_.declare_topology(); }));
    }
    Deliveries& deliveries() override { return deliveries_; }
    void publish(const std::vector<Event>& events) override {
        ASSERT_EQ(publisher_.publish(events), events.size());
    }

private:
    const std::string url_ = lantern::test::fresh_vhost();
    const rabbitmq::TopologyHandler handler_{HandlerName{"h"}, kPartitions, QueueType::quorum, {"HAPPENED"}};
    rabbitmq::Publisher publisher_{url_, Uuid::v7(Timestamp{}, 1, 1)};
    rabbitmq::Deliveries deliveries_{url_, handler_};
};

class DeliveriesContract : public ::testing::TestWithParam<Side> {
protected:
    DeliveriesContract() {
        if (GetParam() == Side::fake) {
            side_ = std::make_unique<FakeSide>();
        } else {
            side_ = std::make_unique<RabbitSide>();
        }
    }

    // Revisions first ... last of a stream; stream n is of partition n % 2.
    static std::vector<Event> events_of(std::int64_t stream, int first, int last) {
        std::vector<Event> events;
        for (int revision = first; revision <= last; ++revision) {
            Event event;
            event.id =
                Uuid::v7(Timestamp{}, static_cast<std::uint64_t>(stream), static_cast<std::uint64_t>(revision));
            event.stream = StreamId{stream};
            event.revision = Revision{revision};
            event.position = Position{stream * 1000 + revision};
            event.aggregate_type = "user";
            event.aggregate_id = "u";
            event.type = "HAPPENED";
            event.data = event.metadata = "{}";
            events.push_back(event);
        }
        return events;
    }

    std::vector<Delivery> take(std::size_t count) {
        std::vector<Delivery> all;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
        while (all.size() < count && std::chrono::steady_clock::now() < deadline) {
            for (Delivery& one : deliveries().take(count - all.size(), 1u << 20, Milliseconds{500})) {
                all.push_back(std::move(one));
            }
        }
        return all;
    }
    Deliveries& deliveries() { return side_->deliveries(); }
    DeliveriesSide& side() { return *side_; }
    void start(std::vector<int> partitions) {
        ASSERT_TRUE(lantern::test::answered([&] {
            deliveries().disconnect();
            deliveries().declare();
            for (const int k : partitions) deliveries().subscribe(Partition{k});
        }));
    }

private:
    std::unique_ptr<DeliveriesSide> side_;
};

TEST_P(DeliveriesContract, AStreamsEventsComeInOrderWithTheirPartitionAndRisingTags) {
    start({0, 1});
    side().publish(events_of(2, 1, 5));
    side().publish(events_of(3, 1, 5));
    std::map<StreamId, Revision> heads;
    std::uint64_t tag = 0;
    const auto taken = take(10);
    ASSERT_EQ(taken.size(), 10u);
    for (const Delivery& delivery : taken) {
        EXPECT_EQ(delivery.event.revision.value, ++heads[delivery.event.stream].value);
        EXPECT_EQ(delivery.partition, partition_of(bucket_of(delivery.event.stream), kPartitions));
        EXPECT_GT(delivery.tag, tag);
        EXPECT_EQ(delivery.malformed, "");
        tag = delivery.tag;
    }
}

TEST_P(DeliveriesContract, OnlySubscribedPartitionsAreDelivered) {
    start({1});
    side().publish(events_of(2, 1, 3));
    side().publish(events_of(3, 1, 1));
    EXPECT_EQ(take(1).at(0).partition, Partition{1});
    EXPECT_TRUE(deliveries().take(10, 1u << 20, Milliseconds{0}).empty());
    deliveries().subscribe(Partition{0});
    EXPECT_EQ(take(3).size(), 3u);
}

TEST_P(DeliveriesContract, TakeGivesNoMoreThanAskedAndTheRestLater) {
    start({0});
    side().publish(events_of(2, 1, 5));
    std::size_t count = 0;
    while (count < 5) {
        const auto taken = deliveries().take(2, 1u << 20, Milliseconds{120'000});
        ASSERT_FALSE(taken.empty());
        ASSERT_LE(taken.size(), 2u);
        count += taken.size();
    }
    EXPECT_EQ(count, 5u);
}

TEST_P(DeliveriesContract, OnANewConnectionNothingIsSubscribedAndOnlyTheUnacknowledgedComesAgainInOrder) {
    start({0});
    side().publish(events_of(2, 1, 4));
    const auto first = take(4);
    ASSERT_EQ(first.size(), 4u);
    deliveries().acknowledge_up_to(first[1].tag);

    deliveries().disconnect();
    deliveries().declare();
    EXPECT_TRUE(deliveries().take(10, 1u << 20, Milliseconds{0}).empty());
    start({0});
    const auto again = take(2);

    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[0].event, first[2].event);
    EXPECT_EQ(again[1].event, first[3].event);
}

TEST_P(DeliveriesContract, ReadyCountsWhatWasGivenToNobody) {
    start({0});
    side().publish(events_of(3, 1, 4));
    const auto ready = [&] { return deliveries().ready(Partition{1}) == 4; };
    EXPECT_TRUE(lantern::test::eventually(ready));
    EXPECT_EQ(deliveries().ready(Partition{0}), 0u);
    deliveries().subscribe(Partition{1});
    EXPECT_EQ(take(4).size(), 4u);
    EXPECT_EQ(deliveries().ready(Partition{1}), 0u) << "given, not yet acknowledged";
}

INSTANTIATE_TEST_SUITE_P(Sides, DeliveriesContract, ::testing::Values(Side::fake, Side::real),
                         [](const auto& side) { return side.param == Side::fake ? "fake" : "real"; });

}  // namespace
}  // namespace lantern::worker::test
