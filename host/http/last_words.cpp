#define RESTINIO_USE_BOOST_ASIO
#include "host/http/last_words.hpp"

#include "host/command/problem.hpp"
#include "host/http/reason.hpp"

namespace lantern::http {
namespace {

struct Meaning {
    std::string_view found;  // in the complaint: a name of http_parser's errors
    int status;
    const char* kind;
    const char* title;
    const char* detail;
};

constexpr Meaning kMeanings[] = {
    {"HPE_CB_url", 414, "uri-too-long", "The path is too long", "Path and query have at most 8 KiB."},
    {"HPE_CB_header", 431, "headers-too-large", "The headers are too large",
     "There are at most 100 headers, a name has at most 256 bytes, a value 16 KiB."},
    {"HPE_HEADER_OVERFLOW", 431, "headers-too-large", "The headers are too large",
     "All of them have at most 80 KiB."},
    {"HPE_CB_body", 413, "too-large", "The body is too large", "It is far larger than what is taken."},
    {"HPE_INVALID_METHOD", 501, "no-such-method", "There is no such method", "The method is none of HTTP's."},
    {"HPE_", 400, "malformed", "The request is malformed", "This is no HTTP request."},
};

}  // namespace

std::optional<Response> answer_to_unparsed(std::string_view complaint) {
    // HPE_CB_headers_complete is where a length that was announced is refused.
    const bool announced = complaint.find("HPE_CB_headers_complete") != std::string_view::npos;
    if (complaint.find("parser error") == std::string_view::npos) return std::nullopt;
    for (const auto& meaning : kMeanings) {
        if (announced ? meaning.status != 413 : complaint.find(meaning.found) == std::string_view::npos) continue;
        return Response{meaning.status,
                        command::to_json({meaning.status, meaning.kind, meaning.title, meaning.detail, "", "", {}}),
                        "application/problem+json",
                        {}};
    }
    return std::nullopt;
}

void LastWords::overhear(std::string_view complaint) {
    const auto answer = answer_to_unparsed(complaint);
    if (!answer) return;
    text_ = "HTTP/1.1 " + std::to_string(answer->status) + " " + reason_of(answer->status) +
            "\r\nConnection: close\r\nContent-Type: " + answer->content_type +
            "\r\nContent-Length: " + std::to_string(answer->body.size()) + "\r\n\r\n" + answer->body;
}

}  // namespace lantern::http
