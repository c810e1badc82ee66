// A request and its response as values, free of any HTTP library.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lantern::http {

struct Header {
    std::string name;
    std::string value;
    bool operator==(const Header&) const = default;
};

struct Request {
    std::string method;
    std::string target;  // path and query, as sent
    std::string body;
    std::string remote_address;
    std::vector<Header> headers;

    // The first of that name, in any case; empty when there is none.
    std::string_view header(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::string body;
    std::string content_type;  // empty: no body
    std::vector<Header> headers;
};

// Answers one request: called once, from any thread.
using Respond = std::function<void(Response)>;

}  // namespace lantern::http
