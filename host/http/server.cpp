#define RESTINIO_USE_BOOST_ASIO
#include "host/http/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "host/core/fault.hpp"
#include "host/http/certificate.hpp"
#include "host/http/last_words.hpp"
#include "host/http/reason.hpp"
#include "host/http/shared_port.hpp"
#include "host/http/sockets.hpp"
#include "host/http/traffic.hpp"

namespace lantern::http {
namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

template <class Socket>
struct Traits : restinio::default_traits_t {
    using timer_manager_t = restinio::asio_timer_manager_t;
    using logger_t = Overhearing;
    using connection_state_listener_t = Traffic;
    using ip_blocker_t = Traffic;
    using stream_socket_t = Socket;
};

// A RESTinio server over one kind of sockets.
class Listening {
public:
    virtual ~Listening() = default;
    virtual void close() = 0;  // accepts no more  [I/O thread]
};

Request request_of(const restinio::request_handle_t& handle) {
    const auto& header = handle->header();
    Request request;
    request.method = std::string(header.method().c_str());
    request.target = std::string(header.request_target());
    request.body = handle->body();
    request.remote_address = handle->remote_endpoint().address().to_string();
    header.for_each_field([&](const restinio::http_header_field_t& field) {
        request.headers.push_back({field.name(), field.value()});
    });
    return request;
}

// One request that waits for its response; shared by the copies of its Respond.
class Reply {
public:
    Reply(restinio::request_handle_t handle, std::shared_ptr<Traffic> traffic)
        : handle_(std::move(handle)), traffic_(std::move(traffic)) {
        traffic_->request_read();
    }
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    ~Reply() { respond({500, "", "", {}}); }

    void respond(Response response) {
        if (answered_.exchange(true)) return;
        if (handle_->header().method() == restinio::http_method_head()) {
            auto builder = handle_->create_response<restinio::user_controlled_output_t>(line_of(response));
            builder.set_content_length(response.body.size());
            finish(builder, response);
        } else {
            auto builder = handle_->create_response(line_of(response));
            builder.set_body(std::move(response.body));
            finish(builder, response);
        }
        traffic_->request_answered();
    }

private:
    static restinio::http_status_line_t line_of(const Response& response) {
        return {restinio::http_status_code_t{static_cast<std::uint16_t>(response.status)},
                reason_of(response.status)};
    }
    template <class Builder>
    void finish(Builder& builder, Response& response) {
        if (traffic_->closing) builder.connection_close();
        for (auto& header : response.headers)
            builder.append_header(std::move(header.name), std::move(header.value));
        if (!response.content_type.empty())
            builder.append_header(restinio::http_field::content_type, std::move(response.content_type));
        builder.done();
    }

    const restinio::request_handle_t handle_;
    const std::shared_ptr<Traffic> traffic_;  // shared: answers may come when the server is gone
    std::atomic<bool> answered_ = false;
};

// RESTinio stops accepting for good after an error of accept, so file descriptors must not run out before its own
// limit of connections is reached.
std::size_t connections_within_descriptors(std::size_t wanted) {
    constexpr rlim_t kOthers = 256;
    rlimit descriptors{};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return wanted;
    const auto needed = static_cast<rlim_t>(wanted) + kOthers;
    if (descriptors.rlim_cur < needed) {
        descriptors.rlim_cur = std::min(needed, descriptors.rlim_max);
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }
    return descriptors.rlim_cur >= needed ? wanted : std::max<std::size_t>(descriptors.rlim_cur - kOthers, 16);
}

// What a server is made with.
struct Making {
    const ServerOptions& options;
    Server::Handler handler;
    std::shared_ptr<Traffic> traffic;
    asio::io_context& io;
    int& port;
    int& socket;  // that listens
};

template <class Socket>
class ListeningOn final : public Listening {
public:
    // `finish` sets what is particular to the kind of sockets.
    template <class Finish>
    ListeningOn(const Making& making, Finish finish)
        : server_(restinio::external_io_context(making.io), [&](auto& settings) {
              set(settings, making);
              finish(settings);
          }) {
        server_.open_sync();
    }
    void close() override { server_.close_sync(); }

private:
    template <class Settings>
    static void set(Settings& settings, const Making& making) {
        const auto& options = making.options;
        settings.address(options.address)
            .port(static_cast<std::uint16_t>(options.port))
            .logger(asio::use_service<LastWords>(making.io))
            .connection_state_listener(making.traffic)
            .ip_blocker(making.traffic)
            .concurrent_accepts_count(4)
            .buffer_size(8 * 1024)
            .read_next_http_message_timelimit(options.read_limit)
            .write_http_response_timelimit(options.read_limit)
            // Longer than any wait inside: a request that was taken is answered.
            .handle_request_timeout(limits::kHttpIdle + limits::kPreferWaitMax)
            .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                          .max_url_size(limits::kHttpTargetBytesMax)
                                          .max_field_name_size(limits::kHttpHeaderNameBytesMax)
                                          .max_field_value_size(limits::kHttpHeaderBytesMax)
                                          .max_field_count(limits::kHttpHeadersMax)
                                          .max_body_size(4 * options.body_bytes_max))
            .acceptor_options_setter([](auto& acceptor) {
                acceptor.set_option(Tcp::acceptor::reuse_address(true));
                acceptor.set_option(ReusePort(true));
            })
            .acceptor_post_bind_hook([&port = making.port, &socket = making.socket](Tcp::acceptor& acceptor) {
                port = acceptor.local_endpoint().port();
                socket = acceptor.native_handle();
            })
            .socket_options_setter([](auto& socket) { socket.set_option(Tcp::no_delay(true)); })
            .request_handler([handler = making.handler,
                              traffic = making.traffic](const restinio::request_handle_t& handle) {
                // Shared by the copies that std::function makes.
                auto reply = std::make_shared<Reply>(handle, traffic);
                handler(request_of(handle), [reply](Response response) { reply->respond(std::move(response)); });
                return restinio::request_accepted();
            });
    }

    restinio::http_server_t<Traits<Socket>> server_;
};

}  // namespace

struct Server::Impl {
    explicit Impl(const ServerOptions& of)
        : options(of), traffic(std::make_shared<Traffic>(connections_within_descriptors(of.connections_max))) {}

    void listen(Handler handler);
    void look_after_certificate();

    const ServerOptions options;
    const std::shared_ptr<Traffic> traffic;  // shared with the replies, see there
    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>(1);
    std::unique_ptr<Certificate> certificate;       // nullptr: plain HTTP
    std::unique_ptr<asio::steady_timer> next_look;  // at the certificate's files
    std::unique_ptr<Listening> server;
    int port = 0;
    std::string not_limited;
    std::thread thread;
    bool stopped = false;
};

void Server::Impl::listen(Handler handler) {
    int socket = -1;
    const Making making{options, std::move(handler), traffic, *io, port, socket};
    if (options.tls) {
        certificate = std::make_unique<Certificate>(*options.tls);
        next_look = std::make_unique<asio::steady_timer>(*io);
        server = std::make_unique<ListeningOn<TlsSocket>>(
            making, [this](auto& settings) { settings.tls_context(certificate->context()); });
        look_after_certificate();
    } else {
        server = std::make_unique<ListeningOn<PlainSocket>>(making, [](auto&) {});
    }
    not_limited = limit_serving(socket, options.serving);
}

void Server::Impl::look_after_certificate() {
    next_look->expires_after(options.tls_look);
    next_look->async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        std::string why;
        const auto look = certificate->look(why);
        if (look != Certificate::Look::same && options.tls_news)
            options.tls_news(why, look == Certificate::Look::refused);
        look_after_certificate();
    });
}

Server::Server(const ServerOptions& options, Handler handler) : impl_(std::make_unique<Impl>(options)) {
    auto& impl = *impl_;
    try {
        impl.listen(std::move(handler));
    } catch (const Fault&) {
        throw;
    } catch (const std::exception& error) {
        throw Fault(FaultKind::configuration, "http",
                    options.address + " port " + std::to_string(options.port) + ": " + error.what());
    }
    impl.thread = std::thread([&impl] {
        const auto work = asio::make_work_guard(*impl.io);
        impl.io->run();
    });
}

void check_certificate(const TlsSettings& files) {
    const Certificate tried(files);
}

Server::~Server() {
    stop();
}

int Server::port() const {
    return impl_->port;
}

const std::string& Server::not_limited() const {
    return impl_->not_limited;
}

void Server::stop() {
    auto& impl = *impl_;
    if (impl.stopped) return;
    impl.stopped = true;
    // 1. Every answer from now on is its connection's last. 2. No more connections. 3. Wait. 4. End.
    impl.traffic->closing = true;
    asio::post(*impl.io, [&impl] { impl.server->close(); });
    const bool done = impl.traffic->wait_until_done(impl.options.drain, limits::kHttpIdle);
    impl.io->stop();
    impl.thread.join();  // nothing more is read
    // What is left are silent connections, closed with the context that holds them. A request that nobody answered
    // for so long may still hold its connection, which needs the context: then the process has to end first.
    impl.server.reset();
    impl.next_look.reset();
    if (done && impl.traffic->all_answered()) {
        impl.io.reset();
    } else {
        static_cast<void>(impl.io.release());
    }
}

}  // namespace lantern::http
