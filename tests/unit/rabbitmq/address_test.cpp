#include "host/rabbitmq/address.hpp"

#include <gtest/gtest.h>

#include "host/core/fault.hpp"

namespace lantern::rabbitmq {
namespace {

TEST(Address, ReadsAllPartsAndDecodesThem) {
    const Address address = parse_address("amqp://us%40er:p%2Fw%3A@broker.example:5673/my%2Fvhost");
    EXPECT_EQ(address.user, "us@er");
    EXPECT_EQ(address.password, "p/w:");
    EXPECT_EQ(address.host, "broker.example");
    EXPECT_EQ(address.port, 5673);
    EXPECT_EQ(address.vhost, "my/vhost");
}

TEST(Address, FillsInDefaults) {
    for (const char* url : {"amqp://broker", "amqp://broker/", "amqp://broker/%2F"}) {
        const Address address = parse_address(url);
        EXPECT_EQ(address.host, "broker") << url;
        EXPECT_EQ(address.port, 5672) << url;
        EXPECT_EQ(address.user, "guest") << url;
        EXPECT_EQ(address.vhost, "/") << url;
    }
}

TEST(Address, RefusesWhatItCannotReadWithoutShowingThePassword) {
    for (const char* url : {"", "http://a:secret@b/", "amqps://a:secret@b/", "amqp://a:secret@b:port/"}) {
        try {
            parse_address(url);
            FAIL() << url;
        } catch (const Fault& fault) {
            EXPECT_EQ(fault.kind(), FaultKind::configuration);
            EXPECT_EQ(std::string(fault.what()).find("secret"), std::string::npos);
        }
    }
}

TEST(Address, ItsTextHasNoPassword) {
    EXPECT_EQ(parse_address("amqp://me:secret@b:1/v").text(), "me@b:1 vhost v");
}

TEST(Address, OfAClusterTheNodesAreSeparatedByCommas) {
    const auto nodes = parse_addresses("amqp://u:p@one:1/v, amqp://u:p@two:2/v");
    ASSERT_EQ(nodes.size(), 2u);
    EXPECT_EQ(nodes[0].host, "one");
    EXPECT_EQ(nodes[1].host, "two");
    EXPECT_EQ(nodes[1].port, 2);
    EXPECT_EQ(parse_addresses("amqp://one:1/v").size(), 1u);
    EXPECT_THROW(parse_addresses("amqp://u:p@one:1/v,"), Fault);
}

}  // namespace
}  // namespace lantern::rabbitmq
