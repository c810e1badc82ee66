// Where a broker is: amqp://user:password@host:port/vhost, each part percent-encoded where it must be.
#pragma once

#include <string>

namespace lantern::rabbitmq {

struct Address {
    std::string host = "localhost";
    int port = 5672;
    std::string user = "guest";
    std::string password = "guest";
    std::string vhost = "/";

    std::string text() const;  // without the password
};

// Throws Fault (configuration), without the password in its message.
Address parse_address(const std::string& url);

}  // namespace lantern::rabbitmq
