// What the headers of a request say, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/command/request.hpp"
#include "host/core/clock.hpp"
#include "host/http/message.hpp"

namespace lantern::http {

// "7" for revision 7.
std::string etag(Revision revision);

// If-Match: *, or entity tags. A tag that never was one of ours, or is weak, matches nothing.
std::optional<command::IfMatch> if_match(const Request& request);
// If-None-Match names this tag (weak comparison).
bool if_none_match(const Request& request, const std::string& tag);

// Prefer: wait=2, at most limits::kPreferWaitMax. RFC 7240 counts in seconds.
Milliseconds preferred_wait(const Request& request);

// The token of "Authorization: Bearer ..."; empty: none.
std::string_view bearer_token(const Request& request);

// application/json, or anything with +json.
bool is_json(std::string_view content_type);

// Where the request belongs: taken from its headers where they are well-formed, else made.
struct Trace {
    std::string request_id;
    std::string correlation_id;
    std::string traceparent;
};
Trace trace_of(const Request& request, Clock& clock, Random& random);

}  // namespace lantern::http
