// The message that carries an event. Exchange lantern.events; routing key <bucket>.<aggregate type>.<event type>.
//
//   property          value
//   content_type      application/json
//   delivery_mode     2 (persistent)
//   message_id        event id
//   timestamp         recorded time, in seconds
//   type              event type
//
//   header            AMQP type, value
//   stream_id         int64
//   aggregate_type    string
//   aggregate_id      string
//   revision          int64
//   position          int64
//   schema_version    int32
//   recorded_at_us    int64, microseconds since 1970
//   incarnation       string, the UUID of the store
//   metadata          string, JSON object; absent when too large for a header
//   metadata_bytes    int32, only then: so many bytes of metadata stand in front of the data in the body
//   traceparent       string, W3C trace context; only if the metadata has one
//
//   body              the event's data, JSON
#include "host/rabbitmq/message.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/rabbitmq/topology.hpp"

namespace lantern::rabbitmq {

namespace {

constexpr std::string_view kContentType = "application/json";
constexpr std::uint8_t kPersistent = 2;
constexpr std::uint8_t kMandatory = 1;
constexpr std::uint16_t kPresent = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG |
                                   AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                                   AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_TYPE_FLAG;

// AMQP 0-9-1 encoding, §4.2: big-endian numbers; a frame is type, channel, size, payload, end.
class FrameWriter final {
public:
    explicit FrameWriter(std::string& out) : out_(out) {}

    template <class Number>
    void number(Number value) {
        char big_endian[sizeof value];
        for (std::size_t i = 0; i < sizeof value; ++i) {
            big_endian[i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)));
        }
        out_.append(big_endian, sizeof value);
    }
    void short_text(std::string_view text) {
        number(static_cast<std::uint8_t>(text.size()));
        out_.append(text);
    }
    void long_text(std::string_view text) {
        number(static_cast<std::uint32_t>(text.size()));
        out_.append(text);
    }
    void header(std::string_view key, std::string_view text) {
        short_text(key);
        out_.push_back('S');
        long_text(text);
    }
    void header(std::string_view key, std::int64_t value) {
        short_text(key);
        out_.push_back('l');
        number(static_cast<std::uint64_t>(value));
    }
    void header32(std::string_view key, std::int32_t value) {
        short_text(key);
        out_.push_back('I');
        number(static_cast<std::uint32_t>(value));
    }
    // Sizes stand before what they measure: written as 0 and set afterwards.
    std::size_t open_size() {
        number(std::uint32_t{0});
        return out_.size();
    }
    void close_size(std::size_t from) {
        const auto size = static_cast<std::uint32_t>(out_.size() - from);
        for (int i = 0; i < 4; ++i) out_[from - 4 + i] = static_cast<char>(size >> (24 - 8 * i));
    }
    std::size_t open_frame(std::uint8_t type, amqp_channel_t channel) {
        number(type);
        number(channel);
        return open_size();
    }
    void close_frame(std::size_t from) {
        close_size(from);
        number(static_cast<std::uint8_t>(AMQP_FRAME_END));
    }
    void text(std::string_view text) { out_.append(text); }

private:
    std::string& out_;
};

std::string traceparent_of(const std::string& metadata) {
    if (metadata.find("\"traceparent\"") == std::string::npos) return {};
    boost::system::error_code error;
    const boost::json::value json = boost::json::parse(metadata, error);
    if (error || !json.is_object()) return {};
    const boost::json::value* found = json.get_object().if_contains("traceparent");
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

void append_properties(FrameWriter& writer, const Event& event, const MessageContext& context, bool inlined) {
    const std::int64_t recorded_at_us = event.recorded_at.time_since_epoch().count();
    writer.number(kPresent);
    writer.short_text(kContentType);
    const std::size_t headers = writer.open_size();
    writer.header("stream_id", event.stream.value);
    writer.header("aggregate_type", event.aggregate_type);
    writer.header("aggregate_id", event.aggregate_id);
    writer.header("revision", event.revision.value);
    writer.header("position", event.position.value);
    writer.header32("schema_version", event.schema_version);
    writer.header("recorded_at_us", recorded_at_us);
    writer.header("incarnation", context.incarnation);
    if (inlined) {
        writer.header("metadata", event.metadata);
    } else {
        writer.header32("metadata_bytes", static_cast<std::int32_t>(event.metadata.size()));
    }
    const std::string traceparent = traceparent_of(event.metadata);
    if (!traceparent.empty() && traceparent.size() <= 100) writer.header("traceparent", traceparent);
    writer.close_size(headers);
    writer.number(kPersistent);
    writer.short_text(event.id.text());
    writer.number(static_cast<std::uint64_t>(recorded_at_us / 1'000'000));
    writer.short_text(event.type);
}

void append_body(FrameWriter& writer, std::string_view body, const MessageContext& context) {
    const std::size_t part_max = context.frame_bytes_max - 8;
    while (!body.empty()) {
        const std::string_view part = body.substr(0, part_max);
        const std::size_t frame = writer.open_frame(AMQP_FRAME_BODY, context.channel);
        writer.text(part);
        writer.close_frame(frame);
        body.remove_prefix(part.size());
    }
}

std::optional<std::int64_t> integer(const amqp_field_value_t& value) {
    switch (value.kind) {
        case AMQP_FIELD_KIND_I64:
            return value.value.i64;
        case AMQP_FIELD_KIND_I32:
            return value.value.i32;
        case AMQP_FIELD_KIND_I16:
            return value.value.i16;
        case AMQP_FIELD_KIND_I8:
            return value.value.i8;
        default:
            return std::nullopt;
    }
}

}  // namespace

void append_publish(std::string& frames, const Event& event, const MessageContext& context) {
    FrameWriter writer(frames);
    std::size_t frame = writer.open_frame(AMQP_FRAME_METHOD, context.channel);
    writer.number(static_cast<std::uint32_t>(AMQP_BASIC_PUBLISH_METHOD));
    writer.number(std::uint16_t{0});
    writer.short_text(kExchange);
    writer.short_text(routing_key(bucket_of(event.stream), event.aggregate_type, event.type));
    writer.number(kMandatory);
    writer.close_frame(frame);

    // A header frame cannot be split, a body can.
    const bool inlined = event.metadata.size() <= context.frame_bytes_max / 4;
    frame = writer.open_frame(AMQP_FRAME_HEADER, context.channel);
    writer.number(std::uint16_t{AMQP_BASIC_CLASS});
    writer.number(std::uint16_t{0});
    writer.number(static_cast<std::uint64_t>(event.data.size() + (inlined ? 0 : event.metadata.size())));
    append_properties(writer, event, context, inlined);
    writer.close_frame(frame);
    if (inlined) {
        append_body(writer, event.data, context);
    } else {
        append_body(writer, event.metadata + event.data, context);
    }
}

void MessageReader::begin(const amqp_basic_properties_t& properties, std::uint64_t body_bytes) {
    event_ = Event{};
    event_.schema_version = 0;
    incarnation_ = Uuid{};
    malformed_.clear();
    metadata_bytes_ = 0;
    if (properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) {
        const auto text = properties.message_id;
        const auto id = Uuid::parse({static_cast<const char*>(text.bytes), text.len});
        if (id) event_.id = *id;
    }
    if (properties._flags & AMQP_BASIC_TYPE_FLAG) {
        event_.type.assign(static_cast<const char*>(properties.type.bytes), properties.type.len);
    }
    if (properties._flags & AMQP_BASIC_HEADERS_FLAG) {
        for (int i = 0; i < properties.headers.num_entries; ++i) {
            const amqp_table_entry_t& entry = properties.headers.entries[i];
            read_header({static_cast<const char*>(entry.key.bytes), entry.key.len}, entry.value);
        }
    }
    malformed_ = missing();
    event_.data.reserve(body_bytes);
}

void MessageReader::read_header(std::string_view key, const amqp_field_value_t& value) {
    if (value.kind == AMQP_FIELD_KIND_UTF8) {
        const std::string_view text(static_cast<const char*>(value.value.bytes.bytes), value.value.bytes.len);
        if (key == "metadata") {
            event_.metadata.assign(text);
        } else if (key == "aggregate_id") {
            event_.aggregate_id.assign(text);
        } else if (key == "aggregate_type") {
            event_.aggregate_type.assign(text);
        } else if (key == "incarnation") {
            incarnation_ = Uuid::parse(text).value_or(Uuid{});
        }
        return;
    }
    const auto number = integer(value);
    if (!number) return;
    if (key == "stream_id") {
        event_.stream = StreamId{*number};
    } else if (key == "revision") {
        event_.revision = Revision{*number};
    } else if (key == "position") {
        event_.position = Position{*number};
    } else if (key == "schema_version") {
        event_.schema_version = static_cast<int>(*number);
    } else if (key == "recorded_at_us") {
        event_.recorded_at = Timestamp{std::chrono::microseconds{*number}};
    } else if (key == "metadata_bytes") {
        metadata_bytes_ = static_cast<std::size_t>(std::max<std::int64_t>(*number, 0));
    }
}

std::string MessageReader::missing() const {
    std::string names;
    const auto want = [&](bool there, const char* name) {
        if (!there) names += std::string(names.empty() ? "" : ", ") + name;
    };
    want(event_.id != EventId{}, "message_id");
    want(!event_.type.empty(), "type");
    want(event_.stream.value > 0, "stream_id");
    want(!event_.aggregate_type.empty(), "aggregate_type");
    want(!event_.aggregate_id.empty(), "aggregate_id");
    want(event_.revision.value > 0, "revision");
    want(event_.position.value > 0, "position");
    want(event_.schema_version > 0, "schema_version");
    want(incarnation_ != Uuid{}, "incarnation");
    want(!event_.metadata.empty() || metadata_bytes_ > 0, "metadata");
    return names.empty() ? names : "no event: these are missing or of another type: " + names;
}

MessageReader::Read MessageReader::end() {
    if (malformed_.empty() && metadata_bytes_ > event_.data.size()) malformed_ = "no event: its body is too short";
    if (!malformed_.empty()) return {.event = {}, .incarnation = {}, .malformed = std::move(malformed_)};
    if (metadata_bytes_ > 0) {
        event_.metadata = event_.data.substr(0, metadata_bytes_);
        event_.data.erase(0, metadata_bytes_);
    }
    return {.event = std::move(event_), .incarnation = incarnation_, .malformed = {}};
}

}  // namespace lantern::rabbitmq
