// What a client may send: target, headers, body and query parameters.
#include <fuzzer/FuzzedDataProvider.h>
#include <boost/json.hpp>
#include <cstdint>

#include "host/core/limits.hpp"
#include "host/http/headers.hpp"
#include "host/http/json_body.hpp"
#include "host/http/question.hpp"
#include "tests/fuzz/expect.hpp"

namespace lantern::fuzz {
namespace {

void target(const std::string& text) {
    const auto parsed = http::parse_target(text);
    if (!parsed) return;
    std::string again;
    for (const auto& segment : parsed->segments) again += "/" + http::encode_segment(segment);
    again += "/";
    if (!parsed->parameters.empty()) again += "?" + http::encode_query(parsed->parameters);
    const auto twice = http::parse_target(again);
    expect(twice && twice->segments == parsed->segments && twice->parameters == parsed->parameters,
           "another target when encoded again: " + again);
    http::Question question(*parsed);
    question.texts("a");
    if (const auto number = question.number("n", -5, 5)) expect(*number >= -5 && *number <= 5, "out of bounds");
    question.time("t");
    question.complaint();
}

void body(const std::string& text) {
    const auto refused = http::refuse_body(text);
    if (refused) return expect(!refused->empty(), "refused without a word");
    boost::system::error_code error;
    const auto value = boost::json::parse(text, error);
    expect(!error && value.is_object(), "taken for an object, though it is none");
}

void headers(FuzzedDataProvider& from) {
    http::Request request;
    for (const char* name : {"If-Match", "If-None-Match", "Prefer", "Authorization", "X-Request-Id",
                             "X-Correlation-Id", "traceparent", "Content-Type"})
        request.headers.push_back({name, from.ConsumeRandomLengthString(80)});
    http::if_match(request);
    http::if_none_match(request, http::etag(Revision{7}));
    const auto wait = http::preferred_wait(request);
    expect(wait >= Milliseconds{0} && wait <= limits::kPreferWaitMax, "a wait of " + std::to_string(wait.count()));
    http::bearer_token(request);
    http::is_json(request.header("Content-Type"));
    SystemClock clock;
    SystemRandom random;
    const auto trace = http::trace_of(request, clock, random);
    for (const auto& id : {trace.request_id, trace.correlation_id, trace.traceparent})
        expect(!id.empty() && id.size() <= 128 && id.find_first_of(" \r\n\"") == std::string::npos,
               "an id that cannot stand in a log line: " + id);
}

}  // namespace
}  // namespace lantern::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    FuzzedDataProvider from(data + 1, size - 1);
    switch (data[0] % 3) {
        case 0:
            lantern::fuzz::target(text);
            break;
        case 1:
            lantern::fuzz::body(text);
            break;
        default:
            lantern::fuzz::headers(from);
    }
    return 0;
}
