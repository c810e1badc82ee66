// What a client is told whose request RESTinio cannot parse or finds too large. RESTinio closes such a connection
// without a word, and says why only to its logger: so the logger listens, and the socket, when it is closed next,
// speaks. Private to server.cpp; I/O thread.
#pragma once

#include <optional>
#include <restinio/all.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "host/http/message.hpp"

namespace lantern::http {

// The status and the words for a complaint of RESTinio's parser; nothing: there is nobody to answer.
std::optional<Response> answer_to_unparsed(std::string_view complaint);

// One for each io_context, where sockets find it.
class LastWords final : public boost::asio::io_context::service {
public:
    static inline boost::asio::io_context::id id;
    explicit LastWords(boost::asio::io_context& context) : service(context) {}

    void overhear(std::string_view complaint);
    // For the connection that is being closed; empty: nothing.
    std::string take() { return std::exchange(text_, {}); }

private:
    void shutdown() override {}

    std::string text_;  // a whole HTTP response
};

// RESTinio's logger. Its messages are not made but for the one that matters.
class Overhearing {
public:
    explicit Overhearing(LastWords& words) : words_(words) {}

    template <class Message>
    void trace(Message&&) const noexcept {}
    template <class Message>
    void info(Message&&) const noexcept {}
    template <class Message>
    void warn(Message&&) const noexcept {}
    template <class Message>
    void error(Message&& message) const {
        words_.overhear(message());
    }

private:
    LastWords& words_;
};

}  // namespace lantern::http
