// A TCP proxy on 127.0.0.1 that stands between Lantern and a server, so that tests can cut, choke and delay what
// flows. One thread of its own serves all connections.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace lantern::test {

class Proxy {
public:
    enum class Flow {
        forward,
        pause,   // half-open: connections stay, nothing is accepted and nothing moves; it goes on later
        drop,    // a black hole: accepts, and what is sent disappears; such connections are reset at the end of it
        refuse,  // every connection, old or new, is reset
        delay    // everything arrives, later
    };

    explicit Proxy(int target_port);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    // [any thread]; `by` is for delay alone. In force when this returns.
    void set(Flow flow, std::chrono::milliseconds by = {});
    int port() const { return port_; }
    std::uint64_t connections() const { return connections_; }  // accepted so far

private:
    class Links;
    void serve();

    const int target_port_;
    int port_ = 0;
    int listener_ = -1;
    int wake_ = -1;
    std::atomic<Flow> flow_ = Flow::forward;
    std::atomic<std::int64_t> delay_ms_ = 0;
    std::atomic<std::uint64_t> connections_ = 0;
    std::atomic<std::uint64_t> asked_ = 0, in_force_ = 0;  // numbers of settings
    std::atomic<bool> stop_ = false;
    std::thread thread_;  // last: it uses the others
};

// The same URL, with the proxy's port in place of the server's.
std::string through(const std::string& url, int server_port, const Proxy& proxy);

}  // namespace lantern::test
