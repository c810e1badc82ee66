// A broker of a few lines on a free port: it lets anyone in, agrees to everything, and answers publishes as the
// test says. For what a real broker does only under pressure: refusing a message, blocking publishers, falling
// silent.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace lantern::rabbitmq::test {

// Frames, encoded by hand: the test must not trust the code at hand.
inline std::string big_endian(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
    return out;
}
inline std::string short_text(const std::string& text) {
    return big_endian(text.size(), 1) + text;
}
inline std::string method(int channel, int class_id, int method_id, const std::string& arguments = {}) {
    return "\x01" + big_endian(static_cast<std::uint64_t>(channel), 2) + big_endian(arguments.size() + 4, 4) +
           big_endian(static_cast<std::uint64_t>(class_id), 2) +
           big_endian(static_cast<std::uint64_t>(method_id), 2) + arguments + "\xce";
}
inline std::string ack(std::uint64_t tag, bool multiple = false) {
    return method(1, 60, 80, big_endian(tag, 8) + big_endian(multiple ? 1 : 0, 1));
}
inline std::string nack(std::uint64_t tag) {
    return method(1, 60, 120, big_endian(tag, 8) + big_endian(0, 1));
}
inline std::string blocked(const std::string& reason) {
    return method(0, 10, 60, short_text(reason));
}
inline std::string unblocked() {
    return method(0, 10, 61);
}

class ScriptedBroker final {
public:
    // What to send in answer to the publish with this tag; called on the broker's thread.
    using OnPublish = std::function<std::string(std::uint64_t tag)>;

    explicit ScriptedBroker(OnPublish on_publish) : on_publish_(std::move(on_publish)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_, 4);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~ScriptedBroker() {
        stopping_ = true;
        thread_.join();
        ::close(listener_);
    }

    std::string url() const { return "amqp://guest:guest@127.0.0.1:" + std::to_string(port_) + "/"; }
    // Sends frames of its own accord, before the next thing it reads.
    void say(std::string frames) {
        said_ = std::move(frames);
        saying_ = true;
        while (saying_ && !stopping_) std::this_thread::yield();
    }

private:
    void serve() {
        while (!stopping_) {
            if (!readable(listener_)) continue;
            client_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            tag_ = 0;
            converse();
            ::close(client_);
        }
    }
    bool readable(int socket) {
        pollfd poll{socket, POLLIN, 0};
        return ::poll(&poll, 1, 5) > 0;
    }
    bool read(char* into, std::size_t size) {
        while (size > 0) {
            while (!readable(client_)) {
                if (stopping_) return false;
                if (saying_) {
                    send(said_);
                    saying_ = false;
                }
            }
            const ssize_t got = ::recv(client_, into, size, 0);
            if (got <= 0) return false;
            into += got;
            size -= static_cast<std::size_t>(got);
        }
        return true;
    }
    void send(const std::string& frames) { ::send(client_, frames.data(), frames.size(), MSG_NOSIGNAL); }

    void converse() {
        char header[8];
        if (!read(header, sizeof header)) return;
        send(method(0, 10, 10,
                    std::string("\x00\x09", 2) + big_endian(0, 4) + big_endian(5, 4) + "PLAIN" + big_endian(5, 4) +
                        "en_US"));
        for (;;) {
            char head[7];
            if (!read(head, sizeof head)) return;
            std::uint32_t size = 0;
            for (int i = 3; i < 7; ++i) size = size << 8 | static_cast<unsigned char>(head[i]);
            std::string payload(size + 1, '\0');
            if (!read(payload.data(), payload.size())) return;
            if (head[0] == 1) answer(static_cast<unsigned char>(head[2]), payload);
        }
    }
    void answer(int channel, const std::string& payload) {
        const int class_id = static_cast<unsigned char>(payload[1]);
        const int method_id = static_cast<unsigned char>(payload[3]);
        const auto is = [&](int wanted_class, int wanted_method) {
            return class_id == wanted_class && method_id == wanted_method;
        };
        if (is(10, 11)) send(method(0, 10, 30, big_endian(0, 2) + big_endian(131072, 4) + big_endian(0, 2)));
        if (is(10, 40)) send(method(0, 10, 41, short_text("")));
        if (is(10, 50)) send(method(0, 10, 51));
        if (is(20, 10)) send(method(channel, 20, 11, big_endian(0, 4)));
        if (is(85, 10)) send(method(channel, 85, 11));
        if (is(40, 10)) send(method(channel, 40, 11));
        if (is(60, 40)) send(on_publish_(++tag_));
    }

    const OnPublish on_publish_;
    int listener_ = -1;
    int port_ = 0;
    int client_ = -1;
    std::uint64_t tag_ = 0;
    std::string said_;
    std::atomic<bool> saying_{false};
    std::atomic<bool> stopping_{false};
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace lantern::rabbitmq::test
