// The proxy does to a connection what its flow says.
#include "tests/support/proxy.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/support/eventually.hpp"

namespace lantern::test {
namespace {

using Flow = Proxy::Flow;

class Peer {
public:
    explicit Peer(int descriptor) : descriptor_(descriptor) {
        constexpr timeval kWithin{120, 0};
        setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kWithin, sizeof kWithin);
    }
    ~Peer() { ::close(descriptor_); }
    Peer(const Peer&) = delete;

    void send(const std::string& text) const { ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL); }
    // "(end)" when the other side ended it, "(reset)" when the connection is broken.
    std::string receive() const {
        char buffer[100];
        const auto count = ::recv(descriptor_, buffer, sizeof buffer, 0);
        return count < 0 ? "(reset)" : count == 0 ? "(end)" : std::string(buffer, static_cast<std::size_t>(count));
    }
    int descriptor() const { return descriptor_; }

private:
    const int descriptor_;
};

class ProxyTest : public testing::Test {
protected:
    static sockaddr_in loopback(int port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        return address;
    }
    static int listen_somewhere(int listener) {
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener, 16);
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin_port);
    }
    std::unique_ptr<Peer> client() const {
        auto made = std::make_unique<Peer>(::socket(AF_INET, SOCK_STREAM, 0));
        const sockaddr_in address = loopback(proxy_.port());
        ::connect(made->descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        return made;
    }
    std::unique_ptr<Peer> accepted() const {
        return std::make_unique<Peer>(::accept(server_.descriptor(), nullptr, nullptr));
    }

    const Peer server_{::socket(AF_INET, SOCK_STREAM, 0)};
    Proxy proxy_{listen_somewhere(server_.descriptor())};
};

TEST_F(ProxyTest, ForwardsBothWaysAndTellsTheEnd) {
    auto one = client();
    const auto other = accepted();
    one->send("there");
    EXPECT_EQ(other->receive(), "there");
    other->send("and back");
    EXPECT_EQ(one->receive(), "and back");
    one.reset();
    EXPECT_EQ(other->receive(), "(end)");
}

TEST_F(ProxyTest, WhatWaitsWhileItPausesArrivesLater) {
    const auto one = client();
    const auto other = accepted();
    proxy_.set(Flow::pause);
    const auto accepted_before = proxy_.connections();
    one->send("late");
    const auto second = client();  // the kernel takes the connection, and nobody answers it
    char buffer[10];
    EXPECT_EQ(::recv(other->descriptor(), buffer, sizeof buffer, MSG_DONTWAIT), -1);
    EXPECT_EQ(proxy_.connections(), accepted_before);
    proxy_.set(Flow::forward);
    EXPECT_EQ(other->receive(), "late");
    EXPECT_TRUE(eventually([&] { return proxy_.connections() == accepted_before + 1; }));
}

TEST_F(ProxyTest, WhatIsDroppedNeverArrivesAndTheConnectionIsResetInTheEnd) {
    const auto one = client();
    const auto other = accepted();
    one->send("before");
    EXPECT_EQ(other->receive(), "before");
    proxy_.set(Flow::drop);
    one->send("gone");
    const auto second = client();
    EXPECT_TRUE(eventually([&] { return proxy_.connections() == 2; }));
    proxy_.set(Flow::forward);
    EXPECT_EQ(one->receive(), "(reset)");
    EXPECT_EQ(other->receive(), "(reset)");
}

TEST_F(ProxyTest, RefusesOldAndNewConnections) {
    const auto one = client();
    const auto other = accepted();
    proxy_.set(Flow::refuse);
    EXPECT_EQ(one->receive(), "(reset)");
    EXPECT_EQ(other->receive(), "(reset)");
    const auto second = client();
    EXPECT_EQ(second->receive(), "(reset)");
    proxy_.set(Flow::forward);
    const auto third = client();
    const auto fourth = accepted();
    third->send("again");
    EXPECT_EQ(fourth->receive(), "again");
}

TEST_F(ProxyTest, KeepsTheEndOfAMessageThatHoldsAWordAndWhatComesAfterIt) {
    const auto one = client();
    const auto other = accepted();
    proxy_.keep_end_of("commit", 3);
    one->send("begin.");
    EXPECT_EQ(other->receive(), "begin.");
    EXPECT_FALSE(proxy_.keeps_an_end());
    one->send("commit;#1");
    EXPECT_EQ(other->receive(), "commit");
    EXPECT_TRUE(proxy_.keeps_an_end());
    one->send(" and more");
    other->send("an answer");
    EXPECT_EQ(one->receive(), "an answer");
    char buffer[10];
    EXPECT_EQ(::recv(other->descriptor(), buffer, sizeof buffer, MSG_DONTWAIT), -1);
    proxy_.set(Flow::forward);
    std::string rest;
    while (rest.size() < 12) rest += other->receive();
    EXPECT_EQ(rest, ";#1 and more");
    EXPECT_FALSE(proxy_.keeps_an_end());
}

TEST_F(ProxyTest, DelaysInOrder) {
    proxy_.set(Flow::delay, std::chrono::milliseconds(20));
    const auto one = client();
    const auto other = accepted();
    one->send("first ");
    one->send("second");
    std::string got;
    while (got.size() < 12) got += other->receive();
    EXPECT_EQ(got, "first second");
}

}  // namespace
}  // namespace lantern::test
