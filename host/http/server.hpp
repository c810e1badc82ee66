// The HTTP/1.1 server: one I/O thread that reads requests, hands each to the handler, and writes its response when
// it is given. Hides RESTinio.
//
// Several processes may listen on one port; see shared_port.hpp for who is given new connections.
//
// What cannot be parsed as HTTP, or is more than four times the body limit, is refused here (400, 413, 414, 431); a
// body above the limit itself is the handler's to refuse. To HEAD the handler answers as to GET; the body is not
// sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/core/identifiers.hpp"
#include "host/core/limits.hpp"
#include "host/core/settings.hpp"
#include "host/http/message.hpp"

namespace lantern::http {

struct ServerOptions {
    std::string address = "127.0.0.1";
    int port = 0;  // 0: a free one
    std::size_t body_bytes_max = limits::kBodyBytesMax;
    std::size_t connections_max = limits::kHttpConnectionsMax;
    Milliseconds drain = limits::kHttpDrain;      // how long stop() still reads on silent connections
    Milliseconds read_limit = limits::kHttpIdle;  // for one request to come, from the end of the last one
    std::optional<TlsSettings> tls{};             // nothing: plain HTTP
    // Told of certificates that were renewed, or could not be.  [I/O thread]
    std::function<void(const std::string& news, bool refused)> tls_news{};
    Milliseconds tls_look = limits::kTlsLook;
    int serving = 0;  // of all that listen on the port, so many take connections, the others stand by; 0: all
};

// Throws Fault (configuration), which names the file at fault, as a server with this certificate would.
void check_certificate(const TlsSettings& files);

class Server {
public:
    // Called on the I/O thread, so it must not block. The response may come from any thread, later; the client of
    // a request whose Respond is dropped uncalled gets 500.
    using Handler = std::function<void(Request, Respond)>;

    // Listens at once. Throws Fault (configuration) when it cannot.
    Server(const ServerOptions& options, Handler handler);
    ~Server();  // stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    int port() const;
    // Why all that listen on the port take connections although fewer were asked for; empty: they don't.
    const std::string& not_limited() const;

    // Accepts no more connections, answers what was read, and closes each connection with its next answer; a
    // connection that stays silent is closed after a short time. Twice is fine.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lantern::http
