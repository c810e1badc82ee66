#include "tests/bench/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace lantern::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

}  // namespace

HttpClient::HttpClient(int port, std::string token) : token_(std::move(token)) {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) give_up("connect");
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

HttpClient::~HttpClient() {
    close(socket_);
}

HttpClient::Answer HttpClient::send(const std::string& method, const std::string& path, const std::string& json,
                                    const std::string& more) {
    std::string request =
        method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token_ + "\r\n" + more;
    if (!json.empty()) {
        request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(json.size()) + "\r\n";
    }
    request += "\r\n" + json;
    if (write(socket_, request.data(), request.size()) != static_cast<ssize_t>(request.size())) give_up("write");

    std::size_t head = std::string::npos, length = 0;
    for (;;) {
        if (head == std::string::npos && (head = buffer_.find("\r\n\r\n")) != std::string::npos) {
            head += 4;
            const char* field = strcasestr(buffer_.c_str(), "content-length:");
            length = field != nullptr && field < buffer_.c_str() + head ? std::strtoul(field + 15, nullptr, 10) : 0;
        }
        if (head != std::string::npos && buffer_.size() >= head + length) break;
        char chunk[16384];
        const ssize_t size = read(socket_, chunk, sizeof chunk);
        if (size <= 0) give_up("read");
        buffer_.append(chunk, static_cast<std::size_t>(size));
    }
    Answer answer{std::atoi(buffer_.c_str() + 9), buffer_.substr(head, length)};
    buffer_.erase(0, head + length);
    return answer;
}

}  // namespace lantern::bench
