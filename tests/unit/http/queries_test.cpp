#include <gmock/gmock.h>

#include <semaphore>

#include "tests/unit/http/fakes.hpp"

namespace lantern::http::fakes {
namespace {

using testing::HasSubstr;

class QueriesTest : public testing::Test, public FakeApi {
protected:
    void model_at(std::int64_t head, std::int64_t as_of, Pending pending = Pending::lagging) {
        std::lock_guard lock(reads.mutex);
        reads.row_answer = {"{\"id\":\"1\"}", Revision{head}, Revision{as_of},
                            head == as_of ? Pending::none : pending};
    }

    // As many statements as there may be run while `while_they_run` is called.
    void hold_statements(const std::function<void()>& while_they_run) {
        reads.entered = [this] {
            running_.release();
            released_.acquire();
        };
        std::vector<std::future<Response>> held;
        for (int n = 0; n < kStatements; ++n) {
            held.push_back(send(request("GET", "/accounts/held/")));
            running_.acquire();
        }
        while_they_run();
        released_.release(1000);  // all that come, too
        for (auto& one : held) EXPECT_EQ(one.get().status, 200);
    }
    static constexpr int kStatements = 2;

private:
    std::counting_semaphore<> running_{0}, released_{0};
};

TEST_F(QueriesTest, a_row_comes_with_the_revision_it_is_complete_to) {
    model_at(7, 7);
    const auto response = call("GET", "/accounts/1/");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "{\"id\":\"1\"}");
    EXPECT_EQ(header(response, "ETag"), "\"7\"");
    EXPECT_EQ(header(response, "Lantern-Pending"), "");
    EXPECT_EQ(call("GET", "/accounts/1/", "", {{"If-None-Match", "\"7\""}}).status, 304);
    EXPECT_EQ(call("GET", "/accounts/1/", "", {{"If-None-Match", "\"6\""}}).status, 200);
}

TEST_F(QueriesTest, absent_rows_and_absent_streams) {
    EXPECT_EQ(call("GET", "/accounts/1/").status, 404);
    EXPECT_EQ(call("GET", "/accounts/1/?min_revision=3").status, 404);
    model_at(2, 0);
    reads.row_answer.row.reset();
    const auto response = call("GET", "/accounts/1/");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(header(response, "Lantern-Pending"), "lagging") << "it may come yet";
}

TEST_F(QueriesTest, a_wanted_revision_is_waited_for) {
    model_at(7, 5);
    reads.look = [this] {
        if (reads.looks == 4) reads.row_answer = {"{\"id\":\"1\"}", Revision{7}, Revision{7}, Pending::none};
    };
    const auto response = call("GET", "/accounts/1/?min_revision=7", "", {{"Prefer", "wait=30"}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(header(response, "ETag"), "\"7\"");
    EXPECT_EQ(header(response, "Lantern-Pending"), "");
    EXPECT_EQ(header(response, "Preference-Applied"), "wait=30");
    EXPECT_EQ(reads.looks, 4);
    EXPECT_EQ(header(call("GET", "/accounts/1/?min_revision=7"), "Preference-Applied"), "");
    EXPECT_EQ(header(call("GET", "/accounts/1/", "", {{"Prefer", "wait=30"}}), "Preference-Applied"), "")
        << "nothing was waited for";
}

TEST_F(QueriesTest, an_older_state_says_why_it_is_older) {
    for (const auto& [pending, name] : {std::pair{Pending::lagging, "lagging"}, {Pending::retrying, "retrying"}}) {
        model_at(7, 5, pending);
        const auto response = call("GET", "/accounts/1/?min_revision=7");
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(header(response, "ETag"), "\"5\"");
        EXPECT_EQ(header(response, "Lantern-Pending"), name);
    }
    EXPECT_EQ(header(call("GET", "/accounts/1/?min_revision=5"), "Lantern-Pending"), "") << "met";
}

TEST_F(QueriesTest, a_dead_stream_is_not_waited_for) {
    model_at(7, 5, Pending::dead);
    const auto response = call("GET", "/accounts/1/?min_revision=7", "", {{"Prefer", "wait=30"}});
    EXPECT_EQ(header(response, "Lantern-Pending"), "dead");
    EXPECT_EQ(reads.looks, 1);
}

TEST_F(QueriesTest, waiting_holds_no_worker) {
    model_at(7, 5);
    std::vector<std::future<Response>> waiting;
    for (int n = 0; n < 20; ++n)
        waiting.push_back(send(request("GET", "/accounts/1/?min_revision=7", "", {{"Prefer", "wait=30"}})));
    EXPECT_EQ(call("GET", "/audit/").status, 200);
    model_at(7, 7);
    for (auto& one : waiting) EXPECT_EQ(header(one.get(), "ETag"), "\"7\"");
}

TEST_F(QueriesTest, what_comes_while_statements_run_is_asked_together_and_each_has_its_own_answer) {
    model_at(1, 1);
    constexpr int kMany = 100;  // more than one statement takes
    for (int n = 0; n < kMany; n += 2)
        reads.rows_of[std::to_string(n)] = {std::to_string(n), Revision{n + 1}, Revision{n + 1}, Pending::none};
    std::vector<std::future<Response>> waiting;
    hold_statements([&] {
        for (int n = 0; n < kMany; ++n)
            waiting.push_back(send(request("GET", "/accounts/" + std::to_string(n) + "/")));
    });
    for (int n = 0; n < kMany; ++n) {
        const auto response = waiting[static_cast<std::size_t>(n)].get();
        EXPECT_EQ(response.body, n % 2 ? "{\"id\":\"1\"}" : std::to_string(n));
        EXPECT_EQ(header(response, "ETag"), "\"" + std::to_string(n % 2 ? 1 : n + 1) + "\"");
    }
    EXPECT_EQ(reads.looks, kStatements + 2);
    EXPECT_EQ(call("GET", "/accounts/1/").status, 200) << "and then one is asked alone";
}

TEST_F(QueriesTest, an_id_that_the_database_refuses_is_the_matter_of_who_sent_it) {
    model_at(1, 1);
    reads.failing_ids = {{"bad", FaultKind::data}};
    std::future<Response> good, bad;
    hold_statements([&] {
        good = send(request("GET", "/accounts/1/"));
        bad = send(request("GET", "/accounts/bad/"));
    });
    EXPECT_EQ(good.get().status, 200);
    EXPECT_EQ(bad.get().status, 422);
}

TEST_F(QueriesTest, all_that_were_asked_together_hear_of_a_database_that_is_away) {
    model_at(1, 1);
    reads.failing_ids = {{"lost", FaultKind::outage}};
    std::vector<std::future<Response>> waiting;
    hold_statements([&] {
        for (const char* id : {"1", "lost", "2"})
            waiting.push_back(send(request("GET", "/accounts/" + std::string(id) + "/")));
    });
    for (auto& one : waiting) {
        const auto response = one.get();
        EXPECT_EQ(response.status, 503);
        EXPECT_THAT(response.body, HasSubstr("The database does not answer"));
    }
    EXPECT_EQ(call("GET", "/accounts/1/").status, 200);
}

TEST_F(QueriesTest, a_revision_above_the_head_is_412) {
    model_at(7, 7);
    EXPECT_EQ(call("GET", "/accounts/1/?min_revision=8", "", {{"Prefer", "wait=30"}}).status, 412);
    EXPECT_EQ(call("GET", "/accounts/1/?min_revision=-1").status, 400);
    EXPECT_EQ(call("GET", "/accounts/1/?min_revison=7").status, 400);
}

TEST_F(QueriesTest, pages_name_the_next_one) {
    const auto response = call("GET", "/audit/?actor=a%20b&limit=2");
    EXPECT_EQ(response.body,
              R"({"items":[{"n":1},{"n":2}],"next":"/audit/?actor=a%20b&limit=2&cursor=%5B2%5D","previous":null})");
    EXPECT_THAT(header(response, "Link"), HasSubstr("rel=\"next\""));
    EXPECT_EQ(reads.asked.limit, 2u);
    ASSERT_EQ(reads.asked.conditions.size(), 1u);
    EXPECT_EQ(reads.asked.conditions[0].column, "actor_id");
    EXPECT_EQ(reads.asked.conditions[0].value, "a b");

    const auto last = call("GET", std::string(boost::json::parse(response.body).at("next").as_string()));
    EXPECT_EQ(reads.asked.cursor, "[2]");
    EXPECT_THAT(last.body, HasSubstr("\"next\":null"));

    call("GET", "/audit/?sort=time");
    EXPECT_EQ(reads.asked.order_by, std::vector<std::string>{"time"});
    EXPECT_EQ(reads.asked.order, RowsQuery::Order::ascending);
    call("GET", "/audit/?sort=-actor");
    EXPECT_EQ(reads.asked.order_by, std::vector<std::string>{"actor"});
    EXPECT_EQ(reads.asked.order, RowsQuery::Order::descending);
    EXPECT_THAT(call("GET", "/audit/?sort=reason").body, HasSubstr("one of time, -time, actor, -actor"));

    EXPECT_EQ(call("GET", "/audit/?limit=201").status, 400);
    EXPECT_EQ(call("GET", "/audit/?actr=x").status, 400);
    reads.refusal = "the cursor is none";
    EXPECT_THAT(call("GET", "/audit/?cursor=x").body, HasSubstr("the cursor is none"));
}

TEST_F(QueriesTest, history_shows_events_without_their_secrets) {
    EXPECT_EQ(call("GET", "/accounts/1/history/").status, 404);
    Event event;
    event.revision = Revision{3};
    event.type = "OPENED";
    event.data = R"({"secret":1})";
    event.metadata = R"({"actor":{"id":"a","name":"b"}})";
    reads.history_answer = {Revision{9}, {event}, true};
    const auto response = call("GET", "/accounts/1/history/?limit=1");
    EXPECT_EQ(response.status, 200);
    const auto body = boost::json::parse(response.body);
    const auto& item = body.at("items").at(0);
    EXPECT_EQ(boost::json::serialize(item.at("data")), R"({"shown":true})");
    EXPECT_EQ(item.at("revision").as_int64(), 3);
    EXPECT_EQ(item.at("metadata").at("actor").at("name"), "b");
    EXPECT_EQ(body.at("next"), "/accounts/1/history/?limit=1&cursor=3");
    EXPECT_EQ(call("GET", "/accounts/1/history/?from=monday").status, 400);
}

TEST_F(QueriesTest, deliveries_of_an_event_hide_what_the_event_hides) {
    const std::string at = "/events/0195a3c1-0000-7000-8000-000000000001/deliveries/";
    EXPECT_EQ(call("GET", at).status, 404);
    EXPECT_EQ(call("GET", "/events/no-uuid/deliveries/").status, 404);
    DeliveriesAnswer answer;
    answer.event.type = "OPENED";
    answer.event.data = R"({"token":"hush hush","note":"ab","list":["deep secret"]})";
    Delivery dead;
    dead.handler = "mail";
    dead.state = Delivery::State::dead;
    dead.error = "no hush hush, no deep secret, but ab";
    dead.attempts = 8;
    dead.plugin_build = "cafe";
    Delivery waits;
    waits.handler = "model";
    answer.deliveries = {dead, waits};
    reads.deliveries_answer = answer;
    const auto response = call("GET", at);
    EXPECT_EQ(response.status, 200);
    const auto body = boost::json::parse(response.body);
    const auto& first = body.at("deliveries").at(0);
    EXPECT_EQ(first.at("state"), "dead");
    EXPECT_EQ(first.at("last_error"), "no ***, no ***, but ab");
    EXPECT_EQ(first.at("attempts").as_int64(), 8);
    EXPECT_EQ(first.at("plugin").at("build"), "cafe");
    EXPECT_EQ(body.at("deliveries").at(1).at("state"), "pending");
    EXPECT_TRUE(body.at("deliveries").at(1).at("last_error").is_null());
    EXPECT_EQ(call("GET", at + "?x=1").status, 400);
}

TEST_F(QueriesTest, the_state_at_a_revision_or_time) {
    const auto created = call("POST", "/accounts/", R"({"name":"sarah"})");
    const std::string id = boost::json::parse(created.body).at("id").as_string().c_str();
    call("PUT", "/accounts/" + id + "/", R"({"name":"sally"})");
    const auto at = "/accounts/" + id + "/at/";
    const auto text = call("GET", at + "?revision=1").body;
    EXPECT_EQ(text.find("\"revision\""), text.rfind("\"revision\"")) << "each field once: " << text;
    const auto first = boost::json::parse(text);
    EXPECT_EQ(first.at("name"), "sarah");
    EXPECT_EQ(first.at("revision").as_int64(), 1);
    EXPECT_EQ(first.at("id").as_string(), id);
    EXPECT_FALSE(first.as_object().contains("hash"));
    EXPECT_EQ(boost::json::parse(call("GET", at).body).at("name"), "sally");
    EXPECT_EQ(boost::json::parse(call("GET", at + "?timestamp=2100-01-01T00:00:00Z").body).at("name"), "sally");
    EXPECT_EQ(call("GET", at + "?timestamp=1970-01-01T00:00:00Z").status, 404);
    EXPECT_EQ(call("GET", at + "?revision=3").status, 404);
    EXPECT_EQ(call("GET", at + "?revision=1&timestamp=2100-01-01T00:00:00Z").status, 400);
    EXPECT_EQ(call("GET", at + "?revision=x").status, 400);
    EXPECT_EQ(call("GET", "/accounts/nobody/at/").status, 404);
}

}  // namespace
}  // namespace lantern::http::fakes
