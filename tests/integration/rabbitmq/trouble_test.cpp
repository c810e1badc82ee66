#include <thread>

#include "tests/integration/rabbitmq/fixture.hpp"

namespace lantern::rabbitmq::test {
namespace {

using TroubleTest = BrokerTest;

TEST_F(TroubleTest, AMessageWithoutARouteIsCountedByTypeAndConfirmed) {
    auto publisher = publisher_for({read_model()});
    EXPECT_EQ(publisher->publish({{event_of(1, 1), event_of(1, 2, "NOBODY_CARES"), event_of(1, 3)}}), 3u);
    EXPECT_FALSE(publisher->topology_was_lost());
    EXPECT_EQ(publisher->unroutable().at("NOBODY_CARES"), 1u);
}

TEST_F(TroubleTest, AReturnedMessageWhoseTypeIsRoutedMeansThatTopologyWasLost) {
    auto publisher = publisher_for({read_model()});
    const std::vector<Event> events{event_of(1, 1), event_of(2, 1), event_of(1, 2)};
    delete_queue(queue_name(read_model(), Partition{2}));

    EXPECT_EQ(publisher->publish(events), 1u) << "confirmed up to the one that came back";
    EXPECT_TRUE(publisher->topology_was_lost());

    declare(*publisher);
    EXPECT_FALSE(publisher->topology_was_lost());
    EXPECT_EQ(publisher->publish(std::span(events).subspan(1)), 2u);
    auto deliveries = deliveries_for(read_model());
    EXPECT_GE(take(*deliveries, 3).size(), 3u);
}

TEST_F(TroubleTest, ALostExchangeIsAFaultAndIsDeclaredAnew) {
    auto publisher = publisher_for({read_model()});
    delete_exchange();
    const Fault fault = fault_of([&] { publisher->publish({{event_of(1, 1)}}); });
    EXPECT_EQ(fault.kind(), FaultKind::outage);
    EXPECT_EQ(fault.code(), "404");
    declare(*publisher);
    EXPECT_EQ(publisher->publish({{event_of(1, 1)}}), 1u);
}

TEST_F(TroubleTest, WhatWasNotAcknowledgedComesAgainAfterReconnectAndOldTagsAreIgnored) {
    auto publisher = publisher_for({read_model()});
    auto deliveries = deliveries_for(read_model());
    std::vector<Event> events;
    for (int i = 1; i <= 5; ++i) events.push_back(event_of(4, i));
    ASSERT_EQ(publisher->publish(events), 5u);
    const auto first = take(*deliveries, 5);
    ASSERT_EQ(first.size(), 5u);
    deliveries->acknowledge_up_to(first[1].tag);

    deliveries->disconnect();
    deliveries->declare();
    deliveries->subscribe(Partition{0});
    deliveries->acknowledge_up_to(first[4].tag);
    const auto again = take(*deliveries, 3);

    ASSERT_EQ(again.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(again[i].event, events[i + 2]);
        EXPECT_GT(again[i].tag, first[4].tag) << "tags never repeat";
    }
    deliveries->acknowledge_up_to(again[2].tag);
    deliveries->service();
}

TEST_F(TroubleTest, ADeletedQueueEndsItsConsumerAndIsDeclaredAnewAfterReconnect) {
    auto deliveries = deliveries_for(read_model());
    delete_queue(queue_name(read_model(), Partition{1}));
    const Fault fault = fault_of([&] { deliveries->take(10, 1u << 20, Milliseconds{100}); });
    EXPECT_EQ(fault.kind(), FaultKind::outage);
    EXPECT_NE(std::string(fault.what()).find("partition 1"), std::string::npos) << fault.what();

    connect(*deliveries, read_model());
    auto publisher = publisher_for({read_model()});
    ASSERT_EQ(publisher->publish({{event_of(1, 1)}}), 1u);
    EXPECT_EQ(take(*deliveries, 1).size(), 1u);
}

TEST_F(TroubleTest, AQueueWithOtherArgumentsIsNamedWithTheRemedyAndHoldsUpNobodyElse) {
    TopologyHandler other = read_model();
    other.name = HandlerName{"other"};
    const std::string queue = queue_name(other, Partition{2});
    declare_plain_queue(queue);

    Deliveries deliveries(url_, other);
    const Fault fault = fault_of([&] { deliveries.declare(); });
    EXPECT_EQ(fault.kind(), FaultKind::configuration);
    const std::string text = fault.what();
    EXPECT_NE(text.find(queue), std::string::npos) << text;
    EXPECT_NE(text.find("inequivalent arg"), std::string::npos) << text;
    EXPECT_NE(text.find("delete_queue"), std::string::npos) << text;

    auto publisher = publisher_for({other, read_model()});
    EXPECT_EQ(publisher->problems().size(), 1u);
    auto healthy = deliveries_for(read_model());
    EXPECT_EQ(publisher->publish({{event_of(1, 1)}}), 1u);
    EXPECT_EQ(take(*healthy, 1).size(), 1u);
}

TEST_F(TroubleTest, AFullQueueLosesItsOldestAndThePublisherGoesOn) {
    TopologyHandler small = read_model();
    small.queue_length_max = 10;
    auto publisher = publisher_for({small});
    std::vector<Event> events;
    for (int i = 1; i <= 100; ++i) events.push_back(event_of(4, i));
    EXPECT_EQ(publisher->publish(events), 100u);
    auto deliveries = deliveries_for(small);
    const auto got = take(*deliveries, 10);
    ASSERT_EQ(got.size(), 10u);
    EXPECT_EQ(got.back().event.revision, Revision{100});
}

TEST_F(TroubleTest, ATypeThatIsRetiredIsUnboundAndItsMessagesAreNotMissed) {
    auto publisher = publisher_for({read_model()});
    publisher->route({read_model({"USER_CREATED"})});
    EXPECT_FALSE(publisher->retire({HandlerName{"read_model"}, "4", "USER_UPDATED"})) << "not before it declared";
    declare(*publisher);
    ASSERT_TRUE(publisher->retire({HandlerName{"read_model"}, "4", "USER_UPDATED"}));
    ASSERT_EQ(publisher->publish({{event_of(1, 1, "USER_UPDATED")}}), 1u);
    EXPECT_EQ(publisher->unroutable().at("USER_UPDATED"), 1u);

    ASSERT_TRUE(publisher->retire({HandlerName{"read_model"}, "4", "USER_CREATED"}));
    publisher->publish({{event_of(1, 1, "USER_CREATED")}});
    EXPECT_TRUE(publisher->topology_was_lost());
}

TEST_F(TroubleTest, QueuesThatAreRetiredAreDeletedAndDeclaredAgainWhenTheHandlerReturns) {
    TopologyHandler other = read_model();
    other.name = HandlerName{"other"};
    auto publisher = publisher_for({read_model(), other});
    publisher->route({other});
    declare(*publisher);
    const Retired gone{HandlerName{"read_model"}, "4", ""};
    ASSERT_TRUE(publisher->retire(gone));
    ASSERT_TRUE(publisher->retire(gone)) << "what is gone already is fine";
    ASSERT_TRUE(publisher->retire({gone.handler, "4", "USER_CREATED"}));
    ASSERT_EQ(publisher->publish({{event_of(1, 1)}}), 1u);
    auto deliveries = deliveries_for(other);
    EXPECT_EQ(take(*deliveries, 1).size(), 1u);

    publisher->route({read_model()});
    declare(*publisher);
    ASSERT_EQ(publisher->publish({{event_of(1, 2)}}), 1u);
    auto again = deliveries_for(read_model());
    EXPECT_EQ(take(*again, 1).at(0).event.revision, Revision{2}) << "what came meanwhile was not queued";
}

TEST_F(TroubleTest, ARefusedLoginAndAMissingVhostAreForAPerson) {
    const Address right = parse_address(url_);
    const std::string server = "@127.0.0.1:" + std::to_string(right.port);
    Publisher wrong_password("amqp://lantern:wrong" + server + "/" + right.vhost, kIncarnation);
    EXPECT_EQ(fault_of([&] { wrong_password.declare_topology(); }).kind(), FaultKind::configuration);
    Publisher wrong_vhost("amqp://lantern:" + right.password + server + "/nowhere", kIncarnation);
    const Fault fault = fault_of([&] { wrong_vhost.declare_topology(); });
    EXPECT_EQ(fault.kind(), FaultKind::configuration);
    EXPECT_NE(std::string(fault.what()).find("nowhere"), std::string::npos) << fault.what();
}

TEST_F(TroubleTest, WhenTheBrokerStopsBothSidesFaultAndGoOnAfterItsReturn) {
    auto publisher = publisher_for({read_model()});
    auto deliveries = deliveries_for(read_model());
    const std::vector<Event> events{event_of(1, 1), event_of(1, 2)};
    ASSERT_EQ(publisher->publish({{events[0]}}), 1u);
    lantern::test::rabbit().stop();

    EXPECT_EQ(fault_of([&] { publisher->publish({{events[1]}}); }).kind(), FaultKind::outage);
    EXPECT_EQ(fault_of([&] { publisher->declare_topology(); }).kind(), FaultKind::outage);
    // What had arrived before may be taken first.
    EXPECT_EQ(fault_of([&] { deliveries->take(10, 1u << 20, Milliseconds{100}); }).kind(), FaultKind::outage);
    EXPECT_EQ(fault_of([&] {
                  deliveries->disconnect();
                  deliveries->declare();
              }).kind(),
              FaultKind::outage);

    lantern::test::rabbit().start();
    // Its queues may have no leader yet.
    EXPECT_TRUE(lantern::test::answered([&] {
        publisher->declare_topology();
        EXPECT_EQ(publisher->publish({{events[1]}}), 1u);
    }));
    auto again = deliveries_for(read_model());
    const auto got = take(*again, 2);
    ASSERT_EQ(got.size(), 2u) << "persistent messages survive the broker";
    EXPECT_EQ(got[0].event, events[0]);
    EXPECT_EQ(got[1].event, events[1]);
}

}  // namespace
}  // namespace lantern::rabbitmq::test
