#include "host/http/origins.hpp"

#include <algorithm>

namespace lantern::http {
namespace {

bool may_read(std::string_view origin, const std::vector<std::string>& origins) {
    return !origin.empty() && std::any_of(origins.begin(), origins.end(),
                                          [&](const auto& own) { return own == "*" || own == origin; });
}

}  // namespace

std::vector<Header> headers_for_origin(const Request& request, const std::vector<std::string>& origins) {
    if (origins.empty()) return {};
    // A cache must not give one page's answer to another, so this is said to everybody.
    std::vector<Header> headers{{"Vary", "Origin"}};
    const auto origin = request.header("Origin");
    if (!may_read(origin, origins)) return headers;
    headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
    headers.push_back({"Access-Control-Expose-Headers",
                       "ETag, Idempotency-Replayed, Lantern-Pending, Link, Location, "
                       "Preference-Applied, Retry-After, X-Request-Id"});
    return headers;
}

Response options_answer(const Request& request, const std::string& allowed,
                        const std::vector<std::string>& origins) {
    Response response{204, "", "", {{"Allow", allowed}}};
    const bool asks = !request.header("Access-Control-Request-Method").empty();
    if (!asks || !may_read(request.header("Origin"), origins)) return response;
    response.headers.push_back({"Access-Control-Allow-Methods", allowed});
    response.headers.push_back({"Access-Control-Allow-Headers",
                                "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, "
                                "X-Correlation-Id, X-Request-Id, traceparent"});
    response.headers.push_back({"Access-Control-Max-Age", "600"});
    return response;
}

}  // namespace lantern::http
