#include <algorithm>
#include <set>

#include "tests/integration/rabbitmq/fixture.hpp"

namespace lantern::rabbitmq::test {
namespace {

using RoundTripTest = BrokerTest;

// The message of an event as the broker shows it to anyone.
class Peek final : public Listener {
public:
    void properties(const amqp_basic_properties_t& properties, std::uint64_t) override {
        shown["content_type"] = view(properties.content_type);
        shown["delivery_mode"] = std::to_string(properties.delivery_mode);
        shown["message_id"] = view(properties.message_id);
        shown["timestamp"] = std::to_string(properties.timestamp);
        shown["type"] = view(properties.type);
        for (int i = 0; i < properties.headers.num_entries; ++i) {
            const auto& entry = properties.headers.entries[i];
            const std::string key(view(entry.key));
            if (entry.value.kind == AMQP_FIELD_KIND_UTF8) shown[key] = view(entry.value.value.bytes);
            if (entry.value.kind == AMQP_FIELD_KIND_I64) shown[key] = std::to_string(entry.value.value.i64);
            if (entry.value.kind == AMQP_FIELD_KIND_I32) shown[key] = std::to_string(entry.value.value.i32);
        }
    }
    void body(std::string_view part) override { shown["body"] += part; }
    void content_ends() override { ended = true; }

    std::map<std::string, std::string> shown;
    bool ended = false;
};

TEST_F(RoundTripTest, AnEventArrivesAsItWasPublished) {
    auto publisher = publisher_for({read_model()});
    auto deliveries = deliveries_for(read_model());
    Event event = event_of(7, 3);
    event.schema_version = 2;
    event.data = "{\"name\":\"S\xc3\xa4rah \\u0000\"}";
    event.metadata = R"({"actor":"admin","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})";

    ASSERT_EQ(publisher->publish({{event}}), 1u);
    const auto got = take(*deliveries, 1);

    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].malformed, "");
    EXPECT_EQ(got[0].event, event);
    EXPECT_EQ(got[0].incarnation, kIncarnation);
    EXPECT_EQ(got[0].partition, partition_of(bucket_of(event.stream), 4));
}

TEST_F(RoundTripTest, TheMessageIsAsTheProtocolSays) {
    auto publisher = publisher_for({read_model()});
    Event event = event_of(35, 3);
    event.metadata = R"({"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})";
    ASSERT_EQ(publisher->publish({{event}}), 1u);

    Peek peek;
    Connection connection(parse_address(url_), "test", peek);
    connection.open_channel(1);
    amqp_basic_consume_t consume{};
    const std::string queue = queue_name(read_model(), Partition{3});
    consume.queue = bytes(queue);
    connection.call(1, AMQP_BASIC_CONSUME_METHOD, &consume, AMQP_BASIC_CONSUME_OK_METHOD);
    while (!peek.ended) ASSERT_TRUE(connection.handle_frame(kSoon));

    const std::int64_t us = event.recorded_at.time_since_epoch().count();
    const std::map<std::string, std::string> expected{
        {"content_type", "application/json"},
        {"delivery_mode", "2"},
        {"message_id", event.id.text()},
        {"timestamp", std::to_string(us / 1'000'000)},
        {"type", "USER_CREATED"},
        {"stream_id", "35"},
        {"aggregate_type", "user"},
        {"aggregate_id", "user-35"},
        {"revision", "3"},
        {"position", std::to_string(event.position.value)},
        {"schema_version", "1"},
        {"recorded_at_us", std::to_string(us)},
        {"incarnation", kIncarnation.text()},
        {"metadata", event.metadata},
        {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
        {"body", event.data},
    };
    EXPECT_EQ(peek.shown, expected);
}

TEST_F(RoundTripTest, LargeDataAndLargeMetadataAndEmptyDataArrive) {
    auto publisher = publisher_for({read_model()});
    auto deliveries = deliveries_for(read_model());
    std::vector<Event> events{event_of(1, 1), event_of(1, 2), event_of(1, 3)};
    events[0].data = "\"" + std::string(500'000, 'x') + "\"";
    events[1].metadata = "{\"note\":\"" + std::string(200'000, 'y') + "\"}";
    events[2].data.clear();

    ASSERT_EQ(publisher->publish(events), 3u);
    const auto got = take(*deliveries, 3);

    ASSERT_EQ(got.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(got[i].event == events[i]) << i;
}

TEST_F(RoundTripTest, ManyEventsComeInOrderOfTheirStreamsAndOnlyToTheirPartitions) {
    auto publisher = publisher_for({read_model()});
    auto deliveries = deliveries_for(read_model());
    std::vector<Event> events;
    for (int revision = 1; revision <= 50; ++revision) {
        for (int stream = 1; stream <= 64; ++stream) events.push_back(event_of(stream, revision));
    }
    ASSERT_EQ(publisher->publish(events), events.size());

    std::map<StreamId, Revision> heads;
    std::size_t count = 0;
    while (count < events.size()) {
        const auto got = take(*deliveries, std::min<std::size_t>(500, events.size() - count));
        ASSERT_FALSE(got.empty());
        for (const auto& one : got) {
            EXPECT_EQ(one.event.revision.value, ++heads[one.event.stream].value);
            EXPECT_EQ(one.partition, partition_of(bucket_of(one.event.stream), 4));
        }
        count += got.size();
        deliveries->acknowledge_up_to(got.back().tag);
    }
    EXPECT_TRUE(deliveries->take(10, 1u << 20, Milliseconds{0}).empty());
}

TEST_F(RoundTripTest, TakeKeepsToItsLimitsButGivesAtLeastOne) {
    auto publisher = publisher_for({read_model()});
    auto deliveries = deliveries_for(read_model());
    std::vector<Event> events;
    for (int i = 1; i <= 10; ++i) events.push_back(event_of(4, i));
    for (Event& event : events) event.data = "\"" + std::string(1000, 'x') + "\"";
    ASSERT_EQ(publisher->publish(events), 10u);

    EXPECT_EQ(deliveries->take(1, 1u << 20, kSoon).size(), 1u);
    EXPECT_EQ(deliveries->take(100, 1, kSoon).size(), 1u);
    EXPECT_LE(deliveries->take(100, 3000, kSoon).size(), 3u);
    EXPECT_LE(deliveries->take(2, 1u << 20, kSoon).size(), 2u);
}

TEST_F(RoundTripTest, AMessageOfAnotherFormIsGivenAsMalformed) {
    auto deliveries = deliveries_for(read_model());
    Connection connection(parse_address(url_), "test", quiet_);
    connection.open_channel(1);
    amqp_basic_publish_t publish{};
    publish.exchange = amqp_cstring_bytes(kExchange);
    publish.routing_key = amqp_cstring_bytes("0.user.USER_CREATED");
    connection.send(1, AMQP_BASIC_PUBLISH_METHOD, &publish);
    // Header frame without any property, body of two bytes.
    connection.write(std::string(
        "\x02\x00\x01\x00\x00\x00\x0e\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\xce", 22));
    connection.write(std::string("\x03\x00\x01\x00\x00\x00\x02{}\xce", 10));

    const auto got = take(*deliveries, 1);

    ASSERT_EQ(got.size(), 1u);
    EXPECT_NE(got[0].malformed.find("message_id"), std::string::npos) << got[0].malformed;
    EXPECT_NE(got[0].malformed.find("stream_id"), std::string::npos) << got[0].malformed;
    EXPECT_EQ(got[0].event, Event{});
}

TEST_F(RoundTripTest, EachHandlerGetsWhatIsRoutedToItAndNothingElse) {
    TopologyHandler audit = read_model({"USER_CREATED"});
    audit.name = HandlerName{"audit_log"};
    audit.partitions = 2;
    audit.queue_type = QueueType::classic;
    auto publisher = publisher_for({read_model(), audit});
    auto first = deliveries_for(read_model());
    auto second = deliveries_for(audit);

    ASSERT_EQ(publisher->publish({{event_of(1, 1), event_of(1, 2, "USER_UPDATED"), event_of(2, 1)}}), 3u);

    EXPECT_EQ(take(*first, 3).size(), 3u);
    EXPECT_EQ(take(*second, 2).size(), 2u);
    EXPECT_TRUE(second->take(1, 1u << 20, Milliseconds{0}).empty());
    EXPECT_TRUE(publisher->unroutable().empty());
}

}  // namespace
}  // namespace lantern::rabbitmq::test
