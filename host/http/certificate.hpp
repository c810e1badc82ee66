// The certificate and key under which a server speaks TLS (1.2 or later), read again when their files change: who
// connects after that sees the new ones. Private to server.cpp; I/O thread.
#pragma once

#include <memory>
#include <restinio/all.hpp>
#include <restinio/tls.hpp>
#include <string>

#include "host/core/settings.hpp"

namespace lantern::http {

class Certificate {
public:
    // Throws Fault (configuration), which names the file at fault.
    explicit Certificate(const TlsSettings& files);
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    // For the sockets. At each handshake it hands over to what was read last.
    std::shared_ptr<boost::asio::ssl::context> context() const { return front_; }

    enum class Look { same, renewed, refused };
    // Reads the files if they changed. Refused: they cannot be used, for `why`; the old ones stay.
    Look look(std::string& why);

private:
    using Context = boost::asio::ssl::context;

    std::shared_ptr<Context> read() const;
    std::string stamp() const;

    const TlsSettings files_;
    std::string stamp_;
    std::shared_ptr<Context> current_;
    const std::shared_ptr<Context> front_;
};

}  // namespace lantern::http
