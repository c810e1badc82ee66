// A TCP proxy on 127.0.0.1 that stands between Lantern and a server, so that tests can cut, choke and delay what
// flows. One thread of its own serves all connections.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
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
    // Of the next message to the server that holds `word`, the last bytes are kept, and so is all that comes after
    // them on its connection, until set() is called: the server waits for the rest.  [any thread]
    void keep_end_of(const std::string& word, std::size_t bytes);
    bool keeps_an_end() const { return keeps_; }
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
    std::atomic<bool> keeps_ = false;
    std::mutex mutex_;
    std::string word_;           // guarded by mutex_; empty: no end is to be kept
    std::size_t end_bytes_ = 0;  // guarded by mutex_
    std::thread thread_;         // last: it uses the others
};

// The same URL, with the proxy's port in place of the server's.
std::string through(const std::string& url, int server_port, const Proxy& proxy);

}  // namespace lantern::test
