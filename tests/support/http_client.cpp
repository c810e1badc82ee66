#include "tests/support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace lantern::test {
namespace {

constexpr timeval kTimeout{180, 0};

class Socket {
public:
    Socket() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof kTimeout);
        setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof kTimeout);
    }
    ~Socket() { ::close(descriptor_); }
    Socket(const Socket&) = delete;
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

bool connect_to(const Socket& socket, const std::string& url) {
    const auto colon = url.rfind(':');
    const auto begin = url.find("//") + 2;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(url.c_str() + colon + 1)));
    inet_pton(AF_INET, url.substr(begin, colon - begin).c_str(), &address.sin_addr);
    return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

HttpAnswer parse(const std::string& text) {
    HttpAnswer answer;
    const auto head = text.find("\r\n\r\n");
    if (head == std::string::npos || !text.starts_with("HTTP/1.1 ")) return answer;
    std::size_t at = text.find("\r\n") + 2;
    while (at < head + 2) {
        const auto end = text.find("\r\n", at);
        const auto colon = text.find(':', at);
        const auto value = text.find_first_not_of(' ', colon + 1);
        answer.headers[lower(text.substr(at, colon - at))] = text.substr(value, end - value);
        at = end + 2;
    }
    answer.body = text.substr(head + 4);
    const auto length = answer.headers.find("content-length");
    // A body that was cut off is no answer.
    if (length != answer.headers.end() && std::stoul(length->second) != answer.body.size()) return {};
    answer.status = std::atoi(text.c_str() + 9);
    return answer;
}

}  // namespace

HttpAnswer http(const std::string& url, const HttpRequest& request) {
    const Socket socket;
    if (!connect_to(socket, url)) return {};
    std::string text =
        request.method + " " + request.path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
    if (!request.body.empty())
        text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
    text += "\r\n" + request.body;
    if (::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
        return {};
    std::string received;
    char buffer[16384];
    for (;;) {
        const auto count = ::recv(socket.get(), buffer, sizeof buffer, 0);
        if (count < 0) return {};
        if (count == 0) return parse(received);
        received.append(buffer, static_cast<std::size_t>(count));
    }
}

}  // namespace lantern::test
