// Any bytes as the properties and body of a message: an event, or a word why it is none. And back: what the relay
// writes for an event is what a worker reads.
#include <fuzzer/FuzzedDataProvider.h>
#include <algorithm>

#include <cstdint>
#include <optional>

#include "host/core/limits.hpp"
#include "host/rabbitmq/message.hpp"
#include "tests/fuzz/expect.hpp"

namespace lantern::fuzz {
namespace {

using rabbitmq::MessageReader;

class Pool {
public:
    Pool() { init_amqp_pool(&pool_, 4096); }
    ~Pool() { empty_amqp_pool(&pool_); }
    Pool(const Pool&) = delete;
    amqp_pool_t* get() { return &pool_; }

private:
    amqp_pool_t pool_{};
};

std::optional<MessageReader::Read> read(std::string properties, std::string_view body) {
    Pool pool;
    void* decoded = nullptr;
    const amqp_bytes_t encoded{properties.size(), properties.data()};
    if (amqp_decode_properties(AMQP_BASIC_CLASS, pool.get(), encoded, &decoded) != AMQP_STATUS_OK)
        return std::nullopt;
    MessageReader reader;
    reader.begin(*static_cast<const amqp_basic_properties_t*>(decoded), body.size());
    const auto half = body.size() / 2;
    reader.add(body.substr(0, half));
    reader.add(body.substr(half));
    return reader.end();
}

// The frames of one message as the broker passes them on: properties, and the body put together.
struct Published {
    std::string properties, body;
};

std::uint64_t number(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const unsigned char byte : bytes) value = value << 8 | byte;
    return value;
}

Published parse(std::string_view frames) {
    Published published;
    std::uint64_t announced = 0;
    while (!frames.empty()) {
        expect(frames.size() >= 8, "a torn frame");
        const auto type = frames[0];
        const auto size = number(frames.substr(3, 4));
        expect(frames.size() >= size + 8 && static_cast<unsigned char>(frames[7 + size]) == AMQP_FRAME_END,
               "a frame without its end");
        const auto payload = frames.substr(7, size);
        if (type == AMQP_FRAME_HEADER) {
            announced = number(payload.substr(4, 8));
            published.properties = payload.substr(12);
        }
        if (type == AMQP_FRAME_BODY) published.body += payload;
        frames.remove_prefix(size + 8);
    }
    expect(announced == published.body.size(), "a body of another size than announced");
    return published;
}

Event event_of(FuzzedDataProvider& from) {
    const auto word = [&](std::size_t most) {
        auto text = from.ConsumeRandomLengthString(most);
        return text.empty() ? std::string("x") : text;
    };
    const auto positive = [&] { return from.ConsumeIntegralInRange<std::int64_t>(1, INT64_MAX); };
    Event event;
    event.id = Uuid::derived(Uuid{}, word(8));
    event.stream = StreamId{positive()};
    event.revision = Revision{positive()};
    event.position = Position{positive()};
    event.schema_version = from.ConsumeIntegralInRange<int>(1, INT32_MAX);
    event.recorded_at =
        Timestamp{std::chrono::microseconds{from.ConsumeIntegralInRange<std::int64_t>(0, 1LL << 53)}};
    event.aggregate_type = word(limits::kNameBytesMax);
    event.aggregate_id = word(limits::kAggregateIdBytesMax);
    event.type = word(limits::kEventTypeBytesMax);
    event.metadata = word(4000);
    event.data = from.ConsumeRemainingBytesAsString();
    return event;
}

void back_and_forth(FuzzedDataProvider& from) {
    rabbitmq::MessageContext context;
    context.incarnation = Uuid::derived(Uuid{}, "store").text();
    context.frame_bytes_max = from.ConsumeIntegralInRange<std::size_t>(4096, 8192);
    const Event event = event_of(from);
    std::string frames;
    rabbitmq::append_publish(frames, event, context);
    const Published published = parse(frames);
    const auto got = read(published.properties, published.body);
    expect(got && got->malformed.empty(), "what the relay writes is refused: " + (got ? got->malformed : "torn"));
    expect(got->incarnation.text() == context.incarnation, "another incarnation");
    expect(got->event == event, "another event than was written");
}

}  // namespace
}  // namespace lantern::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider from(data, size);
    if (from.ConsumeBool()) {
        lantern::fuzz::back_and_forth(from);
        return 0;
    }
    const auto properties = from.ConsumeRandomLengthString(2000);
    const auto got = lantern::fuzz::read(properties, from.ConsumeRemainingBytesAsString());
    if (got && got->malformed.empty())
        lantern::fuzz::expect(got->event.revision.value > 0 && got->event.position.value > 0 &&
                                  got->event.stream.value > 0 && !got->event.type.empty(),
                              "an event that is none");
    return 0;
}
