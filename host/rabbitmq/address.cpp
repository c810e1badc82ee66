#include "host/rabbitmq/address.hpp"

#include <amqp.h>

#include <algorithm>
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

std::vector<Address> parse_addresses(const std::string& urls) {
    std::vector<Address> addresses;
    for (std::size_t from = 0; from <= urls.size();) {
        const std::size_t comma = std::min(urls.find(',', from), urls.size());
        std::string url = urls.substr(from, comma - from);
        url.erase(0, url.find_first_not_of(' '));
        addresses.push_back(parse_address(url));
        from = comma + 1;
    }
    return addresses;
}

}  // namespace lantern::rabbitmq
