#include "tests/support/proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <list>
#include <stdexcept>
#include <vector>

namespace lantern::test {
namespace {

using Clock = std::chrono::steady_clock;
using Flow = Proxy::Flow;

constexpr std::size_t kHeldMax = 1 << 20;  // of one direction, before the sender is left waiting
constexpr auto kIdle = std::chrono::milliseconds(1000);

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

// A descriptor that is closed with its owner; with a reset, if that was asked.
class Socket {
public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {
        const int on = 1;
        setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~Socket() { ::close(descriptor_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    int get() const { return descriptor_; }
    void reset_at_close() const {
        constexpr linger kReset{1, 0};
        setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &kReset, sizeof kReset);
    }

private:
    const int descriptor_;
};

// What flows one way.
struct Direction {
    struct Chunk {
        Clock::time_point due;
        std::string bytes;
        bool kept = false;
    };
    std::deque<Chunk> chunks;
    std::size_t held = 0;
    bool ended = false;   // the sender said so
    bool passed = false;  // and the receiver was told

    bool full() const { return held >= kHeldMax; }
    bool moves() const { return !chunks.empty() && !chunks.front().kept; }
    bool due(Clock::time_point now) const { return moves() && chunks.front().due <= now; }

    // False: the connection is broken.
    bool take(int from, Clock::time_point due_at, bool discard) {
        char buffer[65536];
        const auto count = ::recv(from, buffer, sizeof buffer, MSG_DONTWAIT);
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        if (count == 0) {
            ended = true;
        } else if (!discard) {
            chunks.push_back({due_at, std::string(buffer, static_cast<std::size_t>(count))});
            held += static_cast<std::size_t>(count);
        }
        return true;
    }
    // The end of what came last, if that holds the word.
    bool keep_end(const std::string& word, std::size_t bytes) {
        if (chunks.empty() || chunks.back().bytes.find(word) == std::string::npos) return false;
        auto& last = chunks.back().bytes;
        const auto from = last.size() - std::min(bytes, last.size());
        Chunk end{chunks.back().due, last.substr(from), true};
        last.resize(from);
        chunks.push_back(std::move(end));
        return true;
    }
    void let_go() {
        for (auto& chunk : chunks) chunk.kept = false;
    }
    bool give(int to, Clock::time_point now) {
        while (due(now)) {
            auto& first = chunks.front().bytes;
            const auto count = ::send(to, first.data(), first.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count < 0) return errno == EAGAIN || errno == EINTR;
            held -= static_cast<std::size_t>(count);
            first.erase(0, static_cast<std::size_t>(count));
            if (!first.empty()) return true;
            chunks.pop_front();
        }
        if (ended && !passed && chunks.empty()) {
            passed = true;
            ::shutdown(to, SHUT_WR);
        }
        return true;
    }
};

struct Link {
    Link(int client_descriptor, int server_descriptor) : client(client_descriptor), server(server_descriptor) {}
    Socket client, server;
    Direction up, down;  // to the server, to the client
    bool lossy = false;  // bytes of it have disappeared

    bool done() const { return up.passed && down.passed; }
    void reset() const {
        client.reset_at_close();
        server.reset_at_close();
    }
};

}  // namespace

// The thread's own: nothing in it is shared.
class Proxy::Links {
public:
    explicit Links(Proxy& of) : of_(of) {}

    // What moves from now on moves so.
    void enforce(Flow flow, std::chrono::milliseconds delay) {
        flow_ = flow;
        delay_ = delay;
        if (flow == Flow::refuse) reset_all();
        if (flow != Flow::drop) reset_lossy();
    }
    void let_go() {
        for (auto& link : links_) link.up.let_go();
    }
    // Waits for what can move, and moves it.
    void turn() {
        poll_all();
        const auto now = Clock::now();
        if (wanted_[1].revents != 0) accept_one();
        std::size_t at = 2;
        for (auto link = links_.begin(); link != links_.end() && at + 1 < wanted_.size(); at += 2) {
            const bool whole = flow_ == Flow::pause || move(*link, wanted_[at], wanted_[at + 1], now);
            if (!whole) link->reset();
            link = whole && !link->done() ? std::next(link) : links_.erase(link);
        }
    }

private:
    void poll_all() {
        const bool still = flow_ == Flow::pause;
        const auto now = Clock::now();
        auto wait = kIdle;
        wanted_.assign({{of_.wake_, POLLIN, 0}, {of_.listener_, POLLIN, 0}});
        if (still) wanted_[1].fd = -1;
        const auto soon = [&](const Direction& way) {
            if (!way.moves() || way.due(now)) return;
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(way.chunks.front().due - now);
            wait = std::min(wait, std::max(left, std::chrono::milliseconds(1)));
        };
        for (const auto& link : links_) {
            const auto events = [&](const Direction& in, const Direction& out) {
                return static_cast<short>((in.ended || in.full() ? 0 : POLLIN) | (out.due(now) ? POLLOUT : 0));
            };
            wanted_.push_back({still ? -1 : link.client.get(), events(link.up, link.down), 0});
            wanted_.push_back({still ? -1 : link.server.get(), events(link.down, link.up), 0});
            soon(link.up);
            soon(link.down);
        }
        ::poll(wanted_.data(), wanted_.size(), static_cast<int>(wait.count()));
        std::uint64_t woken = 0;
        if (wanted_[0].revents != 0) [[maybe_unused]]
            const auto count = ::read(of_.wake_, &woken, sizeof woken);
    }

    void accept_one() {
        const int client = ::accept4(of_.listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        ++of_.connections_;
        const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto address = loopback(of_.target_port_);
        const bool reached = flow_ != Flow::refuse &&
                             ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        if (reached) {
            links_.emplace_back(client, server);
            return;
        }
        Socket(client).reset_at_close();
        ::close(server);
    }

    bool move(Link& link, const pollfd& client, const pollfd& server, Clock::time_point now) const {
        const bool discard = flow_ == Flow::drop;
        link.lossy = link.lossy || discard;
        constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
        if ((client.revents & kReadable) && !link.up.ended &&
            !link.up.take(link.client.get(), now + delay_, discard))
            return false;
        keep_an_end(link.up);
        if ((server.revents & kReadable) && !link.down.ended &&
            !link.down.take(link.server.get(), now + delay_, discard))
            return false;
        return discard || (link.up.give(link.server.get(), now) && link.down.give(link.client.get(), now));
    }

    void keep_an_end(Direction& up) const {
        const std::lock_guard lock(of_.mutex_);
        if (of_.word_.empty() || !up.keep_end(of_.word_, of_.end_bytes_)) return;
        of_.word_.clear();
        of_.keeps_ = true;
    }

    void reset_all() {
        for (const auto& link : links_) link.reset();
        links_.clear();
    }
    void reset_lossy() {
        links_.remove_if([](const Link& link) {
            if (link.lossy) link.reset();
            return link.lossy;
        });
    }

    Proxy& of_;
    Flow flow_ = Flow::forward;
    std::chrono::milliseconds delay_{0};
    std::list<Link> links_;
    std::vector<pollfd> wanted_;  // wake, listener, then client and server of each link
};

Proxy::Proxy(int target_port) : target_port_(target_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, generic, &size) != 0)
        throw std::runtime_error("the proxy cannot listen on 127.0.0.1");
    port_ = ntohs(address.sin_port);
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread_ = std::thread([this] { serve(); });
}

Proxy::~Proxy() {
    stop_ = true;
    set(Flow::forward);
    thread_.join();
    ::close(listener_);
    ::close(wake_);
}

void Proxy::set(Flow flow, std::chrono::milliseconds by) {
    {
        const std::lock_guard lock(mutex_);
        word_.clear();
        keeps_ = false;
    }
    delay_ms_ = flow == Flow::delay ? by.count() : 0;
    flow_ = flow;
    const auto number = ++asked_;
    constexpr std::uint64_t kOne = 1;
    if (::write(wake_, &kOne, sizeof kOne) != sizeof kOne) throw std::runtime_error("the proxy cannot be woken");
    for (auto seen = in_force_.load(); seen < number && !stop_; seen = in_force_.load()) in_force_.wait(seen);
}

void Proxy::keep_end_of(const std::string& word, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    word_ = word;
    end_bytes_ = bytes;
}

void Proxy::serve() {
    Links links(*this);
    while (!stop_) {
        const auto number = asked_.load();
        if (number != in_force_) links.let_go();
        links.enforce(flow_, std::chrono::milliseconds(delay_ms_));
        in_force_ = number;
        in_force_.notify_all();
        links.turn();
    }
}

std::string through(const std::string& url, int server_port, const Proxy& proxy) {
    const std::string old = ":" + std::to_string(server_port);
    const auto at = url.rfind(old);
    if (at == std::string::npos) throw std::invalid_argument("the URL has not the port" + old);
    return std::string(url).replace(at, old.size(), ":" + std::to_string(proxy.port()));
}

}  // namespace lantern::test
