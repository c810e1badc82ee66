#define RESTINIO_USE_BOOST_ASIO
#include "host/http/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <restinio/all.hpp>
#include <thread>

#include "host/core/fault.hpp"

namespace lantern::http {
namespace {

namespace asio = boost::asio;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Counts open connections and unanswered requests, so that stopping knows when all is done.
class Traffic {
public:
    explicit Traffic(std::size_t connections_max) : connections_max_(static_cast<long>(connections_max)) {}

    // RESTinio's own limiter is owned by the server, but its connections may live longer.
    restinio::ip_blocker::inspection_result_t inspect(const restinio::ip_blocker::incoming_info_t&) noexcept {
        return connections_ < connections_max_ ? restinio::ip_blocker::allow() : restinio::ip_blocker::deny();
    }
    void state_changed(const restinio::connection_state::notice_t& notice) noexcept {
        if (std::holds_alternative<restinio::connection_state::accepted_t>(notice.cause())) {
            ++connections_;
        } else if (std::holds_alternative<restinio::connection_state::closed_t>(notice.cause())) {
            --connections_;
            std::lock_guard lock(mutex_);
            changed_.notify_all();
        }
    }
    void request_read() { ++unanswered_; }
    void request_answered() {
        --unanswered_;
        std::lock_guard lock(mutex_);
        changed_.notify_all();
    }
    // Until no connection is open; silent ones are not waited for beyond `silent`, unanswered requests not beyond
    // `all`. False: some are still unanswered.
    bool wait_until_done(std::chrono::milliseconds silent, std::chrono::milliseconds all) {
        std::unique_lock lock(mutex_);
        const auto closed = [this] { return connections_ == 0; };
        if (changed_.wait_for(lock, silent, closed)) return true;
        if (!changed_.wait_for(lock, all, [this] { return unanswered_ == 0; })) return false;
        changed_.wait_for(lock, silent, closed);  // the last answers are being written
        return true;
    }
    // Closing: the answer that is given now is the connection's last.
    std::atomic<bool> closing = false;

private:
    const long connections_max_;
    std::atomic<long> connections_ = 0;
    std::atomic<long> unanswered_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
};

struct Traits : restinio::default_traits_t {
    using timer_manager_t = restinio::asio_timer_manager_t;
    using connection_state_listener_t = Traffic;
    using ip_blocker_t = Traffic;
};
using RestinioServer = restinio::http_server_t<Traits>;

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
class Exchange {
public:
    Exchange(restinio::request_handle_t handle, std::shared_ptr<Traffic> traffic)
        : handle_(std::move(handle)), traffic_(std::move(traffic)) {
        traffic_->request_read();
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() { respond({500, "", "", {}}); }

    void respond(Response response) {
        if (answered_.exchange(true)) return;
        const restinio::http_status_line_t line{
            restinio::http_status_code_t{static_cast<std::uint16_t>(response.status)}, reason(response.status)};
        auto builder = handle_->create_response(line);
        if (traffic_->closing) builder.connection_close();
        for (auto& header : response.headers)
            builder.append_header(std::move(header.name), std::move(header.value));
        if (!response.content_type.empty())
            builder.append_header(restinio::http_field::content_type, std::move(response.content_type));
        builder.set_body(std::move(response.body));
        builder.done();
        traffic_->request_answered();
    }

private:
    static std::string reason(int status) {
        switch (status) {
            case 200:
                return "OK";
            case 201:
                return "Created";
            case 202:
                return "Accepted";
            case 204:
                return "No Content";
            case 304:
                return "Not Modified";
            case 400:
                return "Bad Request";
            case 401:
                return "Unauthorized";
            case 403:
                return "Forbidden";
            case 404:
                return "Not Found";
            case 405:
                return "Method Not Allowed";
            case 409:
                return "Conflict";
            case 412:
                return "Precondition Failed";
            case 413:
                return "Content Too Large";
            case 415:
                return "Unsupported Media Type";
            case 422:
                return "Unprocessable Content";
            case 429:
                return "Too Many Requests";
            case 500:
                return "Internal Server Error";
            case 503:
                return "Service Unavailable";
            default:
                return "Status";
        }
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

}  // namespace

struct Server::Impl {
    explicit Impl(std::size_t connections_max) : traffic(std::make_shared<Traffic>(connections_max)) {}

    const std::shared_ptr<Traffic> traffic;  // shared with the exchanges, see there
    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>(1);
    std::unique_ptr<RestinioServer> server;
    std::chrono::milliseconds drain{0};
    int port = 0;
    std::thread thread;
    bool stopped = false;
};

Server::Server(const ServerOptions& options, Handler handler)
    : impl_(std::make_unique<Impl>(connections_within_descriptors(options.connections_max))) {
    using namespace std::chrono_literals;
    impl_->drain = options.drain;
    auto& impl = *impl_;
    try {
        impl.server =
            std::make_unique<RestinioServer>(restinio::external_io_context(*impl.io), [&](auto& settings) {
                settings.address(options.address)
                    .port(static_cast<std::uint16_t>(options.port))
                    .connection_state_listener(impl.traffic)
                    .ip_blocker(impl.traffic)
                    .concurrent_accepts_count(4)
                    .buffer_size(8 * 1024)
                    .read_next_http_message_timelimit(limits::kHttpIdle)
                    .write_http_response_timelimit(limits::kHttpIdle)
                    // Longer than any wait inside: a request that was taken is answered.
                    .handle_request_timeout(limits::kHttpIdle + limits::kPreferWaitMax)
                    .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                                  .max_url_size(8 * 1024)
                                                  .max_field_name_size(256)
                                                  .max_field_value_size(16 * 1024)
                                                  .max_field_count(100)
                                                  .max_body_size(4 * options.body_bytes_max))
                    .acceptor_options_setter([](auto& acceptor) {
                        acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true));
                        acceptor.set_option(ReusePort(true));
                    })
                    .acceptor_post_bind_hook([&impl](asio::ip::tcp::acceptor& acceptor) {
                        impl.port = acceptor.local_endpoint().port();
                    })
                    .socket_options_setter([](auto& socket) { socket.set_option(asio::ip::tcp::no_delay(true)); })
                    .request_handler([handler = std::move(handler),
                                      traffic = impl.traffic](const restinio::request_handle_t& handle) {
                        // Shared by the copies that std::function makes.
                        auto exchange = std::make_shared<Exchange>(handle, traffic);
                        handler(request_of(handle),
                                [exchange](Response response) { exchange->respond(std::move(response)); });
                        return restinio::request_accepted();
                    });
            });
        impl.server->open_sync();
    } catch (const std::exception& error) {
        throw Fault(FaultKind::configuration, "http",
                    options.address + " port " + std::to_string(options.port) + ": " + error.what());
    }
    impl.thread = std::thread([&impl] {
        const auto work = asio::make_work_guard(*impl.io);
        impl.io->run();
    });
}

Server::~Server() {
    stop();
}

int Server::port() const {
    return impl_->port;
}

void Server::stop() {
    auto& impl = *impl_;
    if (impl.stopped) return;
    impl.stopped = true;
    // 1. Every answer from now on is its connection's last. 2. No more connections. 3. Wait. 4. End.
    impl.traffic->closing = true;
    asio::post(*impl.io, [&impl] { impl.server->close_sync(); });
    const bool all_answered = impl.traffic->wait_until_done(impl.drain, limits::kHttpIdle);
    impl.io->stop();
    impl.thread.join();
    // What is left are silent connections, closed with the context that holds them. A request that nobody answered
    // for so long may still hold its connection, which needs the context: then the process has to end first.
    impl.server.reset();
    if (all_answered) {
        impl.io.reset();
    } else {
        static_cast<void>(impl.io.release());
    }
}

}  // namespace lantern::http
