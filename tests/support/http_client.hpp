// The least of an HTTP/1.1 client: one request on one connection.
#pragma once

#include <map>
#include <string>

namespace lantern::test {

struct HttpAnswer {
    int status = 0;                              // 0: no answer (refused, closed, timed out)
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

struct HttpRequest {
    std::string method = "GET";
    std::string path = "/";
    std::string body{};  // JSON
    std::map<std::string, std::string> headers{};
};

// `url` is http://HOST:PORT.
HttpAnswer http(const std::string& url, const HttpRequest& request);

}  // namespace lantern::test
