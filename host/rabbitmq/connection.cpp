#include "host/rabbitmq/connection.hpp"

#include <amqp_tcp_socket.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/core/fault.hpp"
#include "host/core/limits.hpp"

namespace lantern::rabbitmq {

namespace {

constexpr Milliseconds kGoodbye{500};
constexpr std::size_t kFrameBytes = 8;  // of a frame: type, channel, size; and its end

timeval timeval_of(Milliseconds time) {
    return {static_cast<time_t>(time.count() / 1000), static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

// The broker ends, or lacks something for the time being; or a person must change something.
FaultKind kind_of(int reply_code) {
    switch (reply_code) {
        case AMQP_ACCESS_REFUSED:
        case AMQP_NOT_ALLOWED:
        case AMQP_NOT_IMPLEMENTED:
        case AMQP_COMMAND_INVALID:
        case AMQP_SYNTAX_ERROR:
        case AMQP_FRAME_ERROR:
        case AMQP_UNEXPECTED_FRAME:
            return FaultKind::configuration;
        default:
            return FaultKind::outage;
    }
}

// Merged by rabbitmq-c with what it declares itself.
amqp_table_t client_properties(amqp_table_entry_t (&properties)[2], amqp_table_entry_t (&capabilities)[4],
                               const std::string& name) {
    const char* wanted[] = {"consumer_cancel_notify", "connection.blocked", "basic.nack", "publisher_confirms"};
    for (std::size_t i = 0; i < 4; ++i) {
        capabilities[i].key = amqp_cstring_bytes(wanted[i]);
        capabilities[i].value.kind = AMQP_FIELD_KIND_BOOLEAN;
        capabilities[i].value.value.boolean = 1;
    }
    properties[0].key = amqp_cstring_bytes("capabilities");
    properties[0].value.kind = AMQP_FIELD_KIND_TABLE;
    properties[0].value.value.table = {4, capabilities};
    properties[1].key = amqp_cstring_bytes("connection_name");
    properties[1].value.kind = AMQP_FIELD_KIND_UTF8;
    properties[1].value.value.bytes = bytes(name);
    return {2, properties};
}

}  // namespace

Connection::Connection(const std::vector<Address>& addresses, const std::string& name, Listener& listener)
    : listener_(listener) {
    for (std::size_t at = 0; at < addresses.size(); ++at) {
        try {
            connect(addresses[at], name);
            return;
        } catch (const Fault& fault) {
            if (!fault.retryable() || at + 1 == addresses.size()) throw;
        }
    }
}

void Connection::connect(const Address& address, const std::string& name) {
    state_.reset(amqp_new_connection());
    where_ = address.text();
    usable_ = true;
    amqp_socket_t* socket = state_ ? amqp_tcp_socket_new(state_.get()) : nullptr;
    if (!socket) throw Fault(FaultKind::outage, "rabbitmq", "no memory for a connection");
    const timeval timeout = timeval_of(limits::kAmqpTimeout);
    amqp_set_handshake_timeout(state_.get(), &timeout);
    amqp_set_rpc_timeout(state_.get(), &timeout);
    check(amqp_socket_open_noblock(socket, address.host.c_str(), address.port, &timeout), "connect to");
    login(address, name);
}

void Connection::login(const Address& address, const std::string& name) {
    amqp_table_entry_t properties[2];
    amqp_table_entry_t capabilities[4];
    const amqp_table_t table = client_properties(properties, capabilities, name);
    const amqp_rpc_reply_t reply = amqp_login_with_properties(
        state_.get(), address.vhost.c_str(), 0, AMQP_DEFAULT_FRAME_SIZE, limits::kAmqpHeartbeatSeconds, &table,
        AMQP_SASL_METHOD_PLAIN, address.user.c_str(), address.password.c_str());
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        frame_bytes_max_ = static_cast<std::size_t>(amqp_get_frame_max(state_.get()));
        return;
    }
    usable_ = false;
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        connection_closed(*static_cast<amqp_connection_close_t*>(reply.reply.decoded));
    }
    const int error =
        reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION ? reply.library_error : AMQP_STATUS_CONNECTION_CLOSED;
    check(error, "log in to");
    throw Fault(FaultKind::outage, "rabbitmq", "cannot log in to " + where_);
}

std::string Connection::server_property(std::string_view name) const {
    const amqp_table_t* properties = amqp_get_server_properties(state_.get());
    for (int at = 0; properties && at < properties->num_entries; ++at) {
        const auto& [key, value] = properties->entries[at];
        if (view(key) == name && value.kind == AMQP_FIELD_KIND_UTF8) return std::string(view(value.value.bytes));
    }
    return {};
}

Connection::~Connection() {
    if (!usable_) return;
    const timeval timeout = timeval_of(kGoodbye);
    amqp_set_rpc_timeout(state_.get(), &timeout);
    amqp_connection_close(state_.get(), AMQP_REPLY_SUCCESS);
}

void Connection::check(int status, const char* doing) {
    if (status == AMQP_STATUS_OK) return;
    usable_ = false;
    throw Fault(FaultKind::outage, "rabbitmq",
                std::string("cannot ") + doing + " " + where_ + ": " + amqp_error_string2(status),
                status == AMQP_STATUS_TIMEOUT ? kNoAnswer : "");
}

void Connection::open_channel(amqp_channel_t channel) {
    if (open_channels_ & (1u << channel)) return;
    amqp_channel_open_t open{};
    call(channel, AMQP_CHANNEL_OPEN_METHOD, &open, AMQP_CHANNEL_OPEN_OK_METHOD);
    open_channels_ |= 1u << channel;
}

void Connection::send(amqp_channel_t channel, amqp_method_number_t id, void* method) {
    check(amqp_send_method(state_.get(), channel, id, method), "write to");
}

void Connection::begin_publish(amqp_channel_t channel, std::string_view queue,
                               const amqp_basic_properties_t& properties, std::uint64_t body_bytes) {
    amqp_basic_publish_t publish{};
    publish.routing_key = bytes(queue);
    publish.mandatory = 1;
    send(channel, AMQP_BASIC_PUBLISH_METHOD, &publish);
    amqp_frame_t header{};
    header.frame_type = AMQP_FRAME_HEADER;
    header.channel = channel;
    header.payload.properties.class_id = AMQP_BASIC_CLASS;
    header.payload.properties.body_size = body_bytes;
    header.payload.properties.decoded = const_cast<amqp_basic_properties_t*>(&properties);
    check(amqp_send_frame(state_.get(), &header), "write to");
}

void Connection::add_body(amqp_channel_t channel, std::string_view part) {
    std::string frame;
    while (!part.empty()) {
        const auto fitting = part.substr(0, frame_bytes_max_ - kFrameBytes);
        const auto size = static_cast<std::uint32_t>(fitting.size());
        frame.assign({AMQP_FRAME_BODY, static_cast<char>(channel >> 8), static_cast<char>(channel),
                      static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                      static_cast<char>(size)});
        frame.append(fitting);
        frame.push_back(static_cast<char>(AMQP_FRAME_END));
        write(frame);
        part.remove_prefix(fitting.size());
    }
}

void Connection::write(std::string_view frames) {
    const int socket = amqp_get_sockfd(state_.get());
    const auto deadline = std::chrono::steady_clock::now() + limits::kAmqpTimeout;
    while (!frames.empty()) {
        const ssize_t written = ::send(socket, frames.data(), frames.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written > 0) {
            frames.remove_prefix(static_cast<std::size_t>(written));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) check(AMQP_STATUS_SOCKET_ERROR, "write to");
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd writable{socket, POLLOUT, 0};
        const int ready = left.count() > 0 ? ::poll(&writable, 1, static_cast<int>(left.count())) : 0;
        if (ready == 0) check(AMQP_STATUS_TIMEOUT, "write to");
    }
}

void Connection::await(amqp_channel_t channel, amqp_method_number_t reply, Milliseconds within) {
    if (!await_each({channel}, {reply}, within).empty()) check(AMQP_STATUS_TIMEOUT, "get an answer from");
}

std::set<amqp_channel_t> Connection::await_each(std::set<amqp_channel_t> channels,
                                                std::initializer_list<amqp_method_number_t> replies,
                                                Milliseconds within) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!channels.empty()) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !handle_frame(left)) break;
        if (std::find(replies.begin(), replies.end(), last_method_) != replies.end()) channels.erase(last_channel_);
    }
    return channels;
}

bool Connection::handle_frame(Milliseconds wait) {
    const timeval timeout = timeval_of(wait);
    amqp_frame_t frame;
    const int status = amqp_simple_wait_frame_noblock(state_.get(), &frame, &timeout);
    if (status == AMQP_STATUS_TIMEOUT) return false;
    check(status, "read from");
    dispatch(frame);
    amqp_maybe_release_buffers_on_channel(state_.get(), frame.channel);
    return true;
}

void Connection::dispatch(const amqp_frame_t& frame) {
    last_method_ = 0;
    switch (frame.frame_type) {
        case AMQP_FRAME_METHOD:
            last_method_ = frame.payload.method.id;
            last_channel_ = frame.channel;
            dispatch_method(frame.channel, frame.payload.method);
            break;
        case AMQP_FRAME_HEADER:
            body_left_ = frame.payload.properties.body_size;
            listener_.properties(*static_cast<amqp_basic_properties_t*>(frame.payload.properties.decoded),
                                 body_left_);
            if (body_left_ == 0) listener_.content_ends();
            break;
        case AMQP_FRAME_BODY: {
            const std::string_view part = view(frame.payload.body_fragment);
            listener_.body(part);
            body_left_ -= std::min<std::uint64_t>(body_left_, part.size());
            if (body_left_ == 0) listener_.content_ends();
            break;
        }
        default:
            break;
    }
}

void Connection::dispatch_method(amqp_channel_t channel, const amqp_method_t& method) {
    switch (method.id) {
        case AMQP_BASIC_DELIVER_METHOD:
            return listener_.delivered(*static_cast<amqp_basic_deliver_t*>(method.decoded));
        case AMQP_BASIC_RETURN_METHOD:
            return listener_.returned(*static_cast<amqp_basic_return_t*>(method.decoded));
        case AMQP_BASIC_ACK_METHOD: {
            const auto& ack = *static_cast<amqp_basic_ack_t*>(method.decoded);
            return listener_.confirmed(Listener::Confirm::ack, ack.delivery_tag, ack.multiple);
        }
        case AMQP_BASIC_NACK_METHOD: {
            const auto& nack = *static_cast<amqp_basic_nack_t*>(method.decoded);
            return listener_.confirmed(Listener::Confirm::nack, nack.delivery_tag, nack.multiple);
        }
        case AMQP_BASIC_CANCEL_METHOD:
            return listener_.cancelled(view(static_cast<amqp_basic_cancel_t*>(method.decoded)->consumer_tag));
        case AMQP_QUEUE_PURGE_OK_METHOD:
            return listener_.purged(static_cast<amqp_queue_purge_ok_t*>(method.decoded)->message_count);
        case AMQP_CONNECTION_BLOCKED_METHOD:
            blocked_ = view(static_cast<amqp_connection_blocked_t*>(method.decoded)->reason);
            return;
        case AMQP_CONNECTION_UNBLOCKED_METHOD:
            blocked_.reset();
            return;
        case AMQP_QUEUE_DECLARE_OK_METHOD:
            declared_messages_ = static_cast<amqp_queue_declare_ok_t*>(method.decoded)->message_count;
            return;
        case AMQP_CHANNEL_CLOSE_METHOD:
            channel_closed(channel, *static_cast<amqp_channel_close_t*>(method.decoded));
        case AMQP_CONNECTION_CLOSE_METHOD:
            connection_closed(*static_cast<amqp_connection_close_t*>(method.decoded));
        default:
            return;  // a reply: await() looks for it
    }
}

void Connection::channel_closed(amqp_channel_t channel, const amqp_channel_close_t& close) {
    const std::string text(view(close.reply_text));
    const int code = close.reply_code;
    open_channels_ &= ~(1u << channel);
    amqp_channel_close_ok_t ok{};
    send(channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
    throw Fault(kind_of(code), "rabbitmq", "the broker closed a channel of " + where_ + ": " + text,
                std::to_string(code));
}

void Connection::connection_closed(const amqp_connection_close_t& close) {
    const std::string text(view(close.reply_text));
    const int code = close.reply_code;
    if (usable_) {
        usable_ = false;
        amqp_connection_close_ok_t ok{};
        amqp_send_method(state_.get(), 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
    }
    throw Fault(kind_of(code), "rabbitmq", "the broker closed the connection of " + where_ + ": " + text,
                std::to_string(code));
}

}  // namespace lantern::rabbitmq
