// What browsers are told of pages from elsewhere (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol). Tokens
// come in a header, never in a cookie, so no answer depends on the page that asks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/http/message.hpp"

namespace lantern::http {

// Headers of every answer to this request; none when the origin may not read it, or there is none.
std::vector<Header> headers_for_origin(const Request& request, const std::vector<std::string>& origins);

// The answer to an OPTIONS request for a path that takes these methods ("GET, PUT").
Response options_answer(const Request& request, const std::string& allowed,
                        const std::vector<std::string>& origins);

}  // namespace lantern::http
