// A client as lean as can be, so that the benchmark measures the server: one blocking connection, keep-alive.
#pragma once

#include <cstdint>
#include <string>

namespace lantern::bench {

class HttpClient {
public:
    HttpClient(int port, std::string token);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    struct Answer {
        int status = 0;
        std::string body;
    };
    // Ends the program with a message when the connection breaks.
    // `more`: header lines, each with its end.
    Answer send(const std::string& method, const std::string& path, const std::string& json,
                const std::string& more = {});

private:
    int socket_ = -1;
    std::string token_;
    std::string buffer_;
};

}  // namespace lantern::bench
