// The small parts that take requests to pieces: target, headers, body, question.
#include <gmock/gmock.h>

#include "host/core/limits.hpp"
#include "host/http/headers.hpp"
#include "host/http/json_body.hpp"
#include "host/http/question.hpp"
#include "host/http/target.hpp"

namespace lantern::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Request with(std::vector<Header> headers) {
    Request request;
    request.headers = std::move(headers);
    return request;
}

TEST(Target, is_taken_apart_and_decoded) {
    const auto target = parse_target("/v1/users/a%2Fb%20c/?email=x%40y.z&q=1+2&empty=");
    ASSERT_TRUE(target);
    EXPECT_THAT(target->segments, ElementsAre("v1", "users", "a/b c"));
    EXPECT_EQ(*target->parameter("email"), "x@y.z");
    EXPECT_EQ(*target->parameter("q"), "1 2");
    EXPECT_EQ(*target->parameter("empty"), "");
    EXPECT_EQ(target->parameter("none"), nullptr);
    EXPECT_EQ(parse_target("/")->segments.size(), 0u);
    EXPECT_EQ(parse_target("/a")->segments, parse_target("/a/")->segments);
    EXPECT_NE(parse_target("/a")->segments, parse_target("/a//")->segments);
}

TEST(Target, refuses_what_is_no_path) {
    for (const auto* bad : {"", "*", "http://x/y", "/%zz", "/a%00b", "/a?b=%0a", "/\x01", "/a b"})
        EXPECT_FALSE(parse_target(bad)) << bad;
    for (const auto* bad : {"/.", "/./a", "/a/..", "/%2e/a"}) EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(Target, a_query_is_encoded_so_that_it_comes_back) {
    const std::vector<Parameter> parameters{
        {"a b", "c&d=e/?"}, {"cursor", "[\"x\",1]"}, {"t", "2026-01-01T00:00:00+00:00"}};
    EXPECT_EQ(parse_target("/x?" + encode_query(parameters))->parameters, parameters);
    EXPECT_EQ(encode_segment("a/b"), "a%2Fb");
}

TEST(Headers, if_match_names_revisions) {
    EXPECT_FALSE(if_match(with({})));
    EXPECT_TRUE(if_match(with({{"If-Match", "\"7\""}}))->met_by(Revision{7}));
    EXPECT_FALSE(if_match(with({{"if-match", "\"7\""}}))->met_by(Revision{8}));
    EXPECT_TRUE(if_match(with({{"If-Match", "\"6\" , \"8\""}}))->met_by(Revision{8}));
    EXPECT_TRUE(if_match(with({{"If-Match", "*"}}))->met_by(Revision{1}));
    EXPECT_FALSE(if_match(with({{"If-Match", "*"}}))->met_by(Revision{0}));
    for (const auto* never : {"W/\"7\"", "7", "\"seven\"", "\"\"", "\"7", "\"7 \"", "\"99999999999999999999\""})
        EXPECT_FALSE(if_match(with({{"If-Match", never}}))->met_by(Revision{7})) << never;
}

TEST(Headers, if_none_match_compares_weakly) {
    EXPECT_FALSE(if_none_match(with({}), "\"7\""));
    EXPECT_TRUE(if_none_match(with({{"If-None-Match", "\"6\", W/\"7\""}}), "\"7\""));
    EXPECT_TRUE(if_none_match(with({{"If-None-Match", "*"}}), "\"7\""));
}

TEST(Headers, a_preferred_wait_is_bounded) {
    EXPECT_EQ(preferred_wait(with({})), Milliseconds{0});
    EXPECT_EQ(preferred_wait(with({{"Prefer", "wait=2"}})), Milliseconds{2000});
    EXPECT_EQ(preferred_wait(with({{"Prefer", "respond-async, Wait = 3; x=y"}})), Milliseconds{3000});
    EXPECT_EQ(preferred_wait(with({{"Prefer", "wait=999999"}})), Milliseconds{limits::kPreferWaitMax});
    for (const auto* none : {"wait", "wait=", "wait=-1", "wait=1.5", "wait=x"})
        EXPECT_EQ(preferred_wait(with({{"Prefer", none}})), Milliseconds{0}) << none;
}

TEST(Headers, the_bearer_token) {
    EXPECT_EQ(bearer_token(with({{"Authorization", "Bearer abc"}})), "abc");
    EXPECT_EQ(bearer_token(with({{"authorization", "bearer  abc "}})), "abc");
    for (const auto* none : {"", "Bearer", "Bearer ", "Basic abc", "abc"})
        EXPECT_EQ(bearer_token(with({{"Authorization", none}})), "") << none;
}

TEST(Headers, json_by_name_or_suffix) {
    for (const auto* good : {"application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"})
        EXPECT_TRUE(is_json(good)) << good;
    for (const auto* bad : {"", "text/plain", "application/jsonx", "+json", "application/x-www-form-urlencoded"})
        EXPECT_FALSE(is_json(bad)) << bad;
}

TEST(Headers, a_trace_is_taken_when_well_formed_and_made_else) {
    SystemClock clock;
    SystemRandom random(3);
    const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const auto taken = trace_of(
        with({{"X-Request-Id", "r-1"}, {"X-Correlation-Id", "c-1"}, {"traceparent", parent}}), clock, random);
    EXPECT_EQ(taken.request_id, "r-1");
    EXPECT_EQ(taken.correlation_id, "c-1");
    EXPECT_EQ(taken.traceparent, parent);

    const auto made = trace_of(with({{"X-Request-Id", "two words"},
                                     {"traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}}),
                               clock, random);
    EXPECT_TRUE(Uuid::parse(made.request_id));
    EXPECT_EQ(made.correlation_id, made.request_id);
    EXPECT_EQ(made.traceparent.size(), 55u);
    const auto again = trace_of(with({{"traceparent", made.traceparent}}), clock, random);
    EXPECT_EQ(again.traceparent, made.traceparent) << "what is made is well-formed";
}

TEST(JsonBody, says_where_it_is_malformed) {
    EXPECT_FALSE(refuse_body("{}"));
    EXPECT_FALSE(refuse_body(" {\"a\": [1, {\"b\": null}]}\n "));
    EXPECT_FALSE(refuse_body("{\"a\": \"back\\\\u0000slash\"}"));
    EXPECT_THAT(*refuse_body("{\n  \"a\": \xC3\xA4}"), HasSubstr("line 2, column 8"));
    EXPECT_THAT(*refuse_body("{\"\xC3\xA4\": x}"), HasSubstr("line 1, column 7"));
    EXPECT_THAT(*refuse_body("{} {}"), HasSubstr("line 1, column 4"));
    EXPECT_THAT(*refuse_body("{\"a\": 1"), HasSubstr("column 8"));
    EXPECT_THAT(*refuse_body("[]"), HasSubstr("object"));
    EXPECT_THAT(*refuse_body("7"), HasSubstr("object"));
    EXPECT_THAT(*refuse_body(R"({"a": [{"b": -1e400}]})"), HasSubstr("too large"));
    EXPECT_THAT(*refuse_body("{\"a\": [\"x\\u0000\"]}"), HasSubstr("u0000"));
    EXPECT_THAT(*refuse_body("{\"x\\u0000\": 1}"), HasSubstr("u0000"));
    EXPECT_TRUE(refuse_body("{\"a\": \"\xff\"}")) << "no UTF-8";
    EXPECT_TRUE(refuse_body("{\"a\": \"\\ud800\"}")) << "half a surrogate pair";
    EXPECT_TRUE(refuse_body(std::string(1000, '[')));
    EXPECT_TRUE(refuse_body(""));
}

TEST(Question, takes_known_parameters_and_complains_of_all_else) {
    const auto target =
        parse_target("/x?limit=5&type=A,B&type=C&from=2026-11-21T03:33:26%2B01:00&to=2026-11-21T03:33:26+01:00");
    Question good(*target);
    EXPECT_EQ(good.number("limit", 1, 10), 5);
    EXPECT_THAT(good.texts("type"), ElementsAre("A", "B", "C"));
    EXPECT_TRUE(good.time("from"));
    EXPECT_EQ(good.time("from"), good.time("to")) << "a plus sign that was not encoded";
    EXPECT_EQ(good.number("absent", 1, 10), std::nullopt);
    EXPECT_EQ(good.complaint(), "");

    const auto other = parse_target("/x?limit=0&from=yesterday&lmit=7");
    Question bad(*other);
    bad.number("limit", 1, 10);
    bad.time("from");
    EXPECT_EQ(bad.complaint(),
              "limit must be a whole number from 1 to 10. from must be a time like 2026-11-21T15:47:00Z. "
              "There is no parameter lmit here.");
}

}  // namespace
}  // namespace lantern::http
