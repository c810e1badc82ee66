// An event as a message: written by the relay, read by the workers. The format is described in message.cpp.
//
// Internal to this room: the other headers do not show amqp.h.
#pragma once

#include <amqp.h>

#include <string>

#include "host/core/event.hpp"

namespace lantern::rabbitmq {

struct MessageContext {
    amqp_channel_t channel = 1;
    std::string incarnation;  // of the store, as text
    std::size_t frame_bytes_max = AMQP_DEFAULT_FRAME_SIZE;
};

// Appends the frames that publish the event, persistent and mandatory.
void append_publish(std::string& frames, const Event& event, const MessageContext& context);

// Reads a message in the order of its frames: begin with its properties, add its body, end.
class MessageReader final {
public:
    void begin(const amqp_basic_properties_t& properties, std::uint64_t body_bytes);
    void add(std::string_view body_part) { event_.data.append(body_part); }

    struct Read {
        Event event;
        Uuid incarnation;
        std::string malformed;  // not empty: why it is no event of ours; `event` is then empty
    };
    Read end();

private:
    void read_header(std::string_view key, const amqp_field_value_t& value);
    std::string missing() const;

    Event event_;
    Uuid incarnation_;
    std::string malformed_;
    std::size_t metadata_bytes_ = 0;  // in front of the body
};

}  // namespace lantern::rabbitmq
