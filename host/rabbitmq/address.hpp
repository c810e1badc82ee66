// Where a broker is: amqp://user:password@host:port/vhost, each part percent-encoded where it must be; of a cluster
// the addresses of several nodes, separated by commas.
#pragma once

#include <string>
#include <vector>

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
// At least one.
std::vector<Address> parse_addresses(const std::string& urls);

}  // namespace lantern::rabbitmq
