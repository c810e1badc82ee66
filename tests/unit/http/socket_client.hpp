// A client that says exactly what it is told, over a socket of this machine.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace lantern::http {

class Client {
public:
    explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        timeval patience{120, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool connected() const { return connected_; }
    void send(const std::string& text) { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
    // Up to and with this text, or until the end of the connection.
    std::string read_until(const std::string& text) {
        while (received_.find(text) == std::string::npos && read_more()) continue;
        const auto found = received_.find(text);
        const auto end = found == std::string::npos ? received_.size() : found + text.size();
        auto part = received_.substr(0, end);
        received_.erase(0, end);
        return part;
    }
    // Waits for the end of the connection; false when it does not come.
    bool ended() {
        while (read_more()) continue;
        return !silent_;
    }

private:
    bool read_more() {
        char buffer[4096];
        const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
        if (got > 0) received_.append(buffer, static_cast<std::size_t>(got));
        silent_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        return got > 0;
    }

    int socket_;
    bool silent_ = false;
    bool connected_ = false;
    std::string received_;
};

}  // namespace lantern::http
