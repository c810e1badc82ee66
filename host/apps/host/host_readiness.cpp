#include "host/apps/host/host_readiness.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace lantern::apps {
namespace {

// Connected, or -1.
int connected(const std::string& address, int port) {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0) return -1;
    constexpr timeval kTimeout{1, 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof kTimeout);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof kTimeout);
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool any = address.empty() || address == "0.0.0.0" || address == "localhost";
    inet_pton(AF_INET, any ? "127.0.0.1" : address.c_str(), &server.sin_addr);
    if (connect(client, reinterpret_cast<sockaddr*>(&server), sizeof server) == 0) return client;
    ::close(client);
    return -1;
}

}  // namespace

bool http_answers(const std::string& address, int port, const std::string& path) {
    const int client = connected(address, port);
    if (client < 0) return false;
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char first[12] = {};
    const bool answered =
        ::send(client, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()) &&
        ::recv(client, first, sizeof first, MSG_WAITALL) == sizeof first;
    ::close(client);
    return answered && std::string(first, sizeof first) == "HTTP/1.1 200";
}

bool port_listens(const std::string& address, int port) {
    const int client = connected(address, port);
    if (client >= 0) ::close(client);
    return client >= 0;
}

}  // namespace lantern::apps
