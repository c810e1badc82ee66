#include <gmock/gmock.h>

#include "tests/unit/http/fakes.hpp"

namespace lantern::http::fakes {
namespace {

using testing::HasSubstr;

class IntakesTest : public testing::Test, public FakeApi {
protected:
    static std::string event(const std::string& id, const std::string& subject = "order/7",
                             const std::string& data = "{}") {
        return R"({"specversion":"1.0","source":"shop","id":")" + id + R"(","type":"PLACED","subject":")" +
               subject + R"(","data":)" + data + "}";
    }
    Response post(const std::string& body, std::vector<Header> headers = {},
                  const std::string& type = "application/cloudevents+json") {
        headers.push_back({"Content-Type", type});
        return call("POST", "/events", body, std::move(headers));
    }
    Response batch(const std::string& body, std::vector<Header> headers = {}) {
        return post("[" + body + "]", std::move(headers), "application/cloudevents-batch+json");
    }
    std::size_t events(const std::string& stream = "order/7") {
        const std::lock_guard lock(store_mutex);
        const auto found = store.streams.find(stream);
        return found == store.streams.end() ? 0 : found->second.size();
    }
};

TEST_F(IntakesTest, an_event_that_comes_again_gets_the_first_answer) {
    const auto first = post(event("1"));
    EXPECT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(header(first, "ETag"), "\"1\"");
    EXPECT_EQ(header(first, "Idempotency-Replayed"), "");
    const auto shown = boost::json::parse(first.body);
    EXPECT_EQ(shown.at("subject"), "order/7");
    EXPECT_EQ(shown.at("revision"), 1);
    EXPECT_TRUE(Uuid::parse(std::string(shown.at("event_id").as_string())));
    EXPECT_EQ(post(event("2")).status, 201);
    const auto again = post(event("1"));
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
    EXPECT_EQ(announcer.count, 2) << "nothing new with the third";
    EXPECT_EQ(post(event("1", "order/7", "[]")).status, 409);
}

TEST_F(IntakesTest, a_batch_is_appended_whole_or_not_at_all) {
    const auto wrong = batch(event("1") + "," + event("2", "order/8", "\"bad\""));
    EXPECT_EQ(wrong.status, 422);
    EXPECT_THAT(wrong.body, HasSubstr("/1/data"));
    EXPECT_EQ(events(), 0u);
    const auto taken = batch(event("1") + "," + event("2", "order/8") + "," + event("3"));
    EXPECT_EQ(taken.status, 201);
    EXPECT_EQ(header(taken, "ETag"), "") << "its events have revisions of their own";
    EXPECT_EQ(header(batch(event("4")), "ETag"), "");
    const auto list = boost::json::parse(taken.body).at("events").as_array();
    ASSERT_EQ(list.size(), 3u);
    EXPECT_EQ(list[2].at("revision"), 2);
}

TEST_F(IntakesTest, attributes_may_stand_in_headers) {
    const auto taken = call("POST", "/events/", R"({"n":1})",
                            {{"ce-specversion", "1.0"},
                             {"CE-Source", "/shop%20floor"},
                             {"ce-id", "1"},
                             {"ce-type", "PLACED"},
                             {"ce-subject", "order/7"},
                             {"ce-expectedrevision", "0"}});
    EXPECT_EQ(taken.status, 201) << taken.body;
    const std::lock_guard lock(store_mutex);
    EXPECT_EQ(store.streams["order/7"].front().data, R"({"n":1})");
    EXPECT_THAT(store.streams["order/7"].front().metadata, HasSubstr("\"source\":\"/shop floor\""));
}

TEST_F(IntakesTest, if_match_is_the_revision_before_the_first_event) {
    EXPECT_EQ(batch(event("1") + "," + event("2"), {{"If-Match", "\"0\""}}).status, 201);
    const auto late = post(event("3"), {{"If-Match", "\"1\""}});
    EXPECT_EQ(late.status, 412);
    EXPECT_THAT(late.body, HasSubstr("revision-differs"));
    EXPECT_EQ(post(event("3"), {{"If-Match", "\"2\""}}).status, 201);
    EXPECT_EQ(post(event("4"), {{"If-Match", "*"}}).status, 400);
    EXPECT_EQ(batch(event("4") + "," + event("5", "order/8"), {{"If-Match", "\"3\""}}).status, 400);
    EXPECT_EQ(events(), 3u);
}

TEST_F(IntakesTest, what_cannot_be_taken_is_told_why) {
    EXPECT_EQ(call("POST", "/events/", event("1")).status, 415);
    EXPECT_EQ(post("{\n]").status, 400);
    EXPECT_EQ(post(std::string(1001, ' ')).status, 413);
    EXPECT_EQ(post(event("1", "account/1")).status, 403) << "an aggregate's";
    EXPECT_EQ(call("GET", "/events/").status, 405);
    Request reader{"POST", "/events/", event("1"), "127.0.0.1", {{"Authorization", "Bearer reader"}}};
    EXPECT_EQ(send(reader).get().status, 403) << "without the scope";
}

TEST_F(IntakesTest, a_store_that_is_away_is_503_and_the_event_is_sent_again) {
    for (const auto kind : {FaultKind::outage, FaultKind::in_doubt}) {
        arrivals.fault = {1, kind};
        const auto away = post(event("1"));
        EXPECT_EQ(away.status, 503);
        EXPECT_EQ(header(away, "Retry-After"), "1");
        EXPECT_EQ(away.body.find("source and id") != std::string::npos, kind == FaultKind::in_doubt) << away.body;
    }
    const auto again = post(event("1"));
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(header(again, "Idempotency-Replayed"), "true") << "the second had been done";
    EXPECT_EQ(events(), 1u);
}

}  // namespace
}  // namespace lantern::http::fakes
