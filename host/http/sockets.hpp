// The two kinds of sockets that RESTinio is given, over TCP and over TLS. Both say their last words (see there) to
// a client whose request was refused by the parser, and then wait a moment for it to stop sending: a connection
// that is closed with unread bytes is reset, and what was answered is lost. Private to server.cpp; I/O thread.
#pragma once

#include <array>
#include <memory>
#include <restinio/all.hpp>
#include <restinio/tls.hpp>
#include <string>

#include "host/core/limits.hpp"
#include "host/http/last_words.hpp"

namespace lantern::http {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// Reads what still comes, until the end of the connection or of the patience.
template <class Holder>
class Linger : public std::enable_shared_from_this<Linger<Holder>> {
public:
    Linger(Holder holder, asio::io_context& context) : holder_(std::move(holder)), patience_(context) {}

    void begin() {
        patience_.expires_after(limits::kHttpLinger);
        patience_.async_wait([self = this->shared_from_this()](const boost::system::error_code&) { self->end(); });
        read();
    }

private:
    void read() {
        holder_.lowest_layer().async_wait(
            Tcp::socket::wait_read, [self = this->shared_from_this()](const boost::system::error_code& error) {
                if (!error && self->discard()) return self->read();
                self->patience_.cancel();
                self->end();
            });
    }
    bool discard() {
        std::array<char, 16 * 1024> nothing;
        const auto got =
            ::recv(holder_.lowest_layer().native_handle(), nothing.data(), nothing.size(), MSG_DONTWAIT);
        return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
    }
    void end() {
        boost::system::error_code ignored;
        holder_.lowest_layer().close(ignored);
    }

    Holder holder_;
    asio::steady_timer patience_;
};

// A few bytes, which always fit; never waits for who does not read.
template <class Layer, class Stream>
void say(Layer& layer, Stream& stream, const std::string& words) {
    boost::system::error_code ignored;
    layer.non_blocking(true, ignored);
    asio::write(stream, asio::buffer(words), ignored);
}

class PlainSocket : public Tcp::socket {
public:
    explicit PlainSocket(asio::io_context& context) : Tcp::socket(context), context_(&context) {}

    void shutdown(Tcp::socket::shutdown_type what, boost::system::error_code& error) {
        const auto words = asio::use_service<LastWords>(*context_).take();
        spoken_ = !words.empty() && is_open();
        if (spoken_) say(*this, static_cast<Tcp::socket&>(*this), words);
        Tcp::socket::shutdown(spoken_ ? Tcp::socket::shutdown_send : what, error);
    }
    void close() {
        if (!std::exchange(spoken_, false)) return Tcp::socket::close();
        std::make_shared<Linger<Tcp::socket>>(std::move(static_cast<Tcp::socket&>(*this)), *context_)->begin();
    }

private:
    asio::io_context* context_;
    bool spoken_ = false;
};

using TlsContext = std::shared_ptr<asio::ssl::context>;

class TlsSocket : public restinio::impl::tls_socket_t {
    using Base = restinio::impl::tls_socket_t;

public:
    TlsSocket(asio::io_context& context, TlsContext tls)
        : Base(context, tls), context_(&context), tls_(std::move(tls)) {}

    void shutdown(Tcp::socket::shutdown_type what, boost::system::error_code& error) {
        const auto words = asio::use_service<LastWords>(*context_).take();
        spoken_ = !words.empty() && is_open();
        if (!spoken_) return void(lowest_layer().shutdown(what, error));
        say(lowest_layer(), asio_ssl_stream(), words);
        lowest_layer().shutdown(Tcp::socket::shutdown_send, error);
    }
    void close() {
        if (!std::exchange(spoken_, false)) return lowest_layer().close();
        Base rest(*context_, tls_);
        Base::swap(rest);
        std::make_shared<Linger<Base>>(std::move(rest), *context_)->begin();
    }
    asio::io_context& context() { return *context_; }

private:
    asio::io_context* context_;
    TlsContext tls_;
    bool spoken_ = false;
};

// RESTinio's own has no deadline.
template <class Connection, class Start, class Failed>
void prepare_connection_and_start_read(TlsSocket& socket, Connection& connection, Start start, Failed failed) {
    const auto self = connection.shared_from_this();  // holds the socket
    const auto patience = std::make_shared<asio::steady_timer>(socket.context(), limits::kTlsHandshake);
    patience->async_wait([self, &socket](const boost::system::error_code& error) {
        boost::system::error_code ignored;
        if (!error) socket.lowest_layer().close(ignored);
    });
    socket.async_handshake(asio::ssl::stream_base::server,
                           [self, patience, start = std::move(start),
                            failed = std::move(failed)](const boost::system::error_code& error) {
                               patience->cancel();
                               if (error) return failed(error);
                               start();
                           });
}

}  // namespace lantern::http

namespace restinio {

// As for RESTinio's own TLS sockets.
template <class Settings>
class socket_type_dependent_settings_t<Settings, lantern::http::TlsSocket> {
public:
    Settings& tls_context(lantern::http::TlsContext context) & {
        context_ = std::move(context);
        return static_cast<Settings&>(*this);
    }
    lantern::http::TlsContext giveaway_tls_context() { return std::move(context_); }

protected:
    ~socket_type_dependent_settings_t() = default;

private:
    lantern::http::TlsContext context_;
};

namespace impl {

template <>
class socket_supplier_t<lantern::http::TlsSocket> {
    using Socket = lantern::http::TlsSocket;

protected:
    template <class Settings>
    socket_supplier_t(Settings& settings, asio_ns::io_context& context)
        : context_(context), tls_(settings.giveaway_tls_context()) {
        for (std::size_t n = 0; n < settings.concurrent_accepts_count(); ++n) sockets_.emplace_back(context_, tls_);
    }
    Socket& socket(std::size_t index) { return sockets_.at(index); }
    Socket move_socket(std::size_t index) { return std::exchange(sockets_.at(index), Socket(context_, tls_)); }
    std::size_t concurrent_accept_sockets_count() const { return sockets_.size(); }

private:
    asio_ns::io_context& context_;
    lantern::http::TlsContext tls_;
    std::vector<Socket> sockets_;
};

}  // namespace impl
}  // namespace restinio
