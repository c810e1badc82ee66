// One connection to the broker with its own frame dispatch: rabbitmq-c frames, decodes and keeps the heartbeat;
// what a frame means is decided here, also while a reply is awaited. Used by one thread.
//
// Internal to this room: the other headers do not show amqp.h.
#pragma once

#include <amqp.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/identifiers.hpp"
#include "host/core/limits.hpp"
#include "host/rabbitmq/address.hpp"

namespace lantern::rabbitmq {

// What the broker sends unasked. A message comes as delivered or returned, properties, body parts, content_ends;
// what the pointers show is gone after the call.
class Listener {
public:
    virtual ~Listener() = default;

    virtual void delivered(const amqp_basic_deliver_t&) {}
    virtual void returned(const amqp_basic_return_t&) {}
    virtual void properties(const amqp_basic_properties_t&, std::uint64_t /*body_bytes*/) {}
    virtual void body(std::string_view /*part*/) {}
    virtual void content_ends() {}
    enum class Confirm { ack, nack };
    virtual void confirmed(Confirm, std::uint64_t /*tag*/, bool /*multiple*/) {}
    virtual void cancelled(std::string_view /*consumer_tag*/) {}
    virtual void purged(std::uint32_t /*messages*/) {}
};

// The code of a Fault that says: the broker is there, and did not answer in time.
inline constexpr const char* kNoAnswer = "no answer";

class Connection final {
public:
    // Connects to the first of these that answers and logs in. `name` is shown by the broker's tools. The listener
    // must outlive the connection.
    Connection(const std::vector<Address>& addresses, const std::string& name, Listener& listener);
    Connection(const Address& address, const std::string& name, Listener& listener)
        : Connection(std::vector<Address>{address}, name, listener) {}
    // Says goodbye if the broker still listens; never waits long.
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Nothing to do if it is open. A channel that the broker closed can be opened again.
    void open_channel(amqp_channel_t channel);

    // Sends a method; the deadline is limits::kAmqpTimeout.
    void send(amqp_channel_t channel, amqp_method_number_t id, void* method);
    // To a queue, by the default exchange; comes back (Listener::returned) when there is no such queue.
    void publish(amqp_channel_t channel, std::string_view queue, const amqp_basic_properties_t& properties,
                 std::string_view body) {
        begin_publish(channel, queue, properties, body.size());
        add_body(channel, body);
    }
    // The same in parts, which come to `body_bytes` in the end; nothing else goes out on this channel until then.
    void begin_publish(amqp_channel_t channel, std::string_view queue, const amqp_basic_properties_t& properties,
                       std::uint64_t body_bytes);
    void add_body(amqp_channel_t channel, std::string_view part);
    // Writes whole frames, encoded already.
    void write(std::string_view frames);
    // Handles frames until the reply is there. Fault (outage, kNoAnswer) when that time has passed.
    void await(amqp_channel_t channel, amqp_method_number_t reply, Milliseconds within = limits::kAmqpTimeout);
    // Until any of these is there on each of the channels. Those on which none came in time are of no more use.
    std::set<amqp_channel_t> await_each(std::set<amqp_channel_t> channels,
                                        std::initializer_list<amqp_method_number_t> replies, Milliseconds within);
    void call(amqp_channel_t channel, amqp_method_number_t id, void* method, amqp_method_number_t reply) {
        send(channel, id, method);
        await(channel, reply);
    }

    // Handles the next frame; waits up to `wait` for it. False: none came. Throws Fault when the broker closes the
    // channel or the connection, or when it is silent for longer than the heartbeat allows.
    bool handle_frame(Milliseconds wait);

    // False after a fault that ended the connection.
    bool usable() const { return usable_; }
    // Of the queue that was declared last: its messages that were given to nobody.
    std::uint32_t declared_messages() const { return declared_messages_; }
    // Why the broker takes no publishes at the moment.
    const std::optional<std::string>& blocked() const { return blocked_; }
    // Text that the broker said of itself at login: "version", "cluster_name"; empty: it did not.
    std::string server_property(std::string_view name) const;
    std::size_t frame_bytes_max() const { return frame_bytes_max_; }

private:
    void connect(const Address& address, const std::string& name);
    void login(const Address& address, const std::string& name);
    void dispatch(const amqp_frame_t& frame);
    void dispatch_method(amqp_channel_t channel, const amqp_method_t& method);
    [[noreturn]] void channel_closed(amqp_channel_t channel, const amqp_channel_close_t& close);
    [[noreturn]] void connection_closed(const amqp_connection_close_t& close);
    void check(int status, const char* doing);

    struct Destroy {
        void operator()(amqp_connection_state_t state) const { amqp_destroy_connection(state); }
    };
    std::unique_ptr<amqp_connection_state_t_, Destroy> state_;
    Listener& listener_;
    std::string where_;
    std::size_t frame_bytes_max_ = AMQP_DEFAULT_FRAME_SIZE;
    bool usable_ = true;
    std::optional<std::string> blocked_;
    std::uint32_t open_channels_ = 0;  // a bit for each
    std::uint64_t body_left_ = 0;
    amqp_method_number_t last_method_ = 0;  // of the frame handled last, 0: it was no method
    amqp_channel_t last_channel_ = 0;
    std::uint32_t declared_messages_ = 0;
};

inline amqp_bytes_t bytes(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};
}
inline std::string_view view(const amqp_bytes_t& from) {
    return {static_cast<const char*>(from.bytes), from.len};
}

}  // namespace lantern::rabbitmq
