#include "host/rabbitmq/address.hpp"

#include <amqp.h>

#include <vector>

#include "host/core/fault.hpp"

namespace lantern::rabbitmq {

std::string Address::text() const {
    return user + "@" + host + ":" + std::to_string(port) + " vhost " + vhost;
}

Address parse_address(const std::string& url) {
    // The parser writes into the text that it is given, and its answer points there.
    std::vector<char> text(url.begin(), url.end());
    text.push_back('\0');
    amqp_connection_info found{};
    if (amqp_parse_url(text.data(), &found) != AMQP_STATUS_OK) {
        throw Fault(FaultKind::configuration, "rabbitmq",
                    "the broker's address is not of the form amqp://user:password@host:port/vhost");
    }
    if (found.ssl) {
        throw Fault(FaultKind::configuration, "rabbitmq",
                    "found amqps:// in the broker's address, expected amqp://; put a TLS proxy in between");
    }
    Address address{found.host, found.port, found.user, found.password, found.vhost};
    if (address.vhost.empty()) address.vhost = "/";
    return address;
}

}  // namespace lantern::rabbitmq
