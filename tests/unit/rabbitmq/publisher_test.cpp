#include "host/rabbitmq/publisher.hpp"

#include <gtest/gtest.h>

#include "host/core/fault.hpp"
#include "tests/support/eventually.hpp"
#include "tests/unit/rabbitmq/scripted_broker.hpp"

namespace lantern::rabbitmq::test {
namespace {

const Uuid kIncarnation = *Uuid::parse("0198c5a1-0000-7000-8000-000000000001");

std::vector<Event> events_of(int count) {
    std::vector<Event> events;
    for (int i = 1; i <= count; ++i) {
        Event event;
        event.id = Uuid::derived(kIncarnation, std::to_string(i));
        event.stream = StreamId{1};
        event.revision = Revision{i};
        event.position = Position{i};
        event.aggregate_type = "user";
        event.aggregate_id = "u";
        event.type = "USER_UPDATED";
        event.data = event.metadata = "{}";
        events.push_back(event);
    }
    return events;
}

TEST(Publisher, CountsConfirmsInAnyOrder) {
    ScriptedBroker broker([](std::uint64_t tag) -> std::string {
        if (tag % 4 == 0) return ack(tag) + ack(tag - 1) + ack(tag - 2, true);
        return {};
    });
    Publisher publisher(broker.url(), kIncarnation);
    publisher.declare_topology();
    EXPECT_EQ(publisher.publish(events_of(8)), 8u);
}

TEST(Publisher, KeepsAtMostAWindowUnconfirmed) {
    std::atomic<std::uint64_t> confirmed{0}, most{0};
    ScriptedBroker broker([&](std::uint64_t tag) -> std::string {
        most = std::max<std::uint64_t>(most, tag - confirmed);
        if (tag - confirmed < limits::kConfirmWindow && tag != 2000) return {};
        confirmed = tag;
        return ack(tag, true);
    });
    Publisher publisher(broker.url(), kIncarnation);
    publisher.declare_topology();
    EXPECT_EQ(publisher.publish(events_of(2000)), 2000u);
    EXPECT_LE(most, limits::kConfirmWindow);
}

// Seen when the leader of a quorum queue died: the channel that met it went on nacking after the election.
TEST(Publisher, ANackEndsTheCountThereAndTheChannel) {
    std::atomic<int> channels{0};
    ScriptedBroker broker([&](std::uint64_t tag) {
        channels += tag == 1 ? 1 : 0;
        return channels == 1 && tag >= 3 ? nack(tag) : ack(tag);
    });
    Publisher publisher(broker.url(), kIncarnation);
    publisher.declare_topology();
    EXPECT_EQ(publisher.publish(events_of(5)), 2u);
    EXPECT_FALSE(publisher.topology_was_lost());
    publisher.declare_topology();
    EXPECT_EQ(publisher.publish(events_of(3)), 3u);
    EXPECT_EQ(channels, 2);
}

TEST(Publisher, ABlockedConnectionIsAFaultUntilItIsUnblocked) {
    ScriptedBroker broker([](std::uint64_t tag) { return tag == 2 ? blocked("low on memory") : ack(tag); });
    Publisher publisher(broker.url(), kIncarnation);
    publisher.declare_topology();
    EXPECT_EQ(publisher.publish(events_of(4)), 1u);
    try {
        publisher.publish(events_of(1));
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::outage);
        EXPECT_NE(std::string(fault.what()).find("low on memory"), std::string::npos) << fault.what();
    }
    publisher.declare_topology();
    broker.say(unblocked());
    const auto goes_on = [&] {
        try {
            return publisher.publish(events_of(1)) == 1;
        } catch (const Fault&) {
            return false;
        }
    };
    EXPECT_TRUE(lantern::test::eventually(goes_on));
}

TEST(Publisher, WhatWasConfirmedBeforeTheConnectionWasLostCounts) {
    ScriptedBroker broker([](std::uint64_t tag) {
        // A frame of an unknown type: the client gives the connection up.
        return tag == 3 ? std::string("\x7f\x00\x00\x00\x00\x00\x01x\x00", 9) : ack(tag);
    });
    Publisher publisher(broker.url(), kIncarnation);
    publisher.declare_topology();
    EXPECT_EQ(publisher.publish(events_of(4)), 2u);
    EXPECT_THROW(publisher.publish(events_of(1)), Fault);
    publisher.declare_topology();
    EXPECT_EQ(publisher.publish(events_of(1)), 1u);
}

TEST(Publisher, NobodyListeningIsAnOutage) {
    Publisher publisher("amqp://guest:guest@127.0.0.1:1/", kIncarnation);
    try {
        publisher.declare_topology();
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::outage);
    }
    EXPECT_THROW(publisher.publish(events_of(1)), Fault);
}

}  // namespace
}  // namespace lantern::rabbitmq::test
