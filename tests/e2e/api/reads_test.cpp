// "Give me this user, at least at revision N": answered when it holds, and truthfully when it does not.
#include "tests/e2e/api/served.hpp"

namespace lantern::test {
namespace {

class ReadsTest : public ServedTest {
protected:
    static HttpAnswer get(const std::string& target, const std::string& prefer = {}) {
        std::map<std::string, std::string> headers;
        if (!prefer.empty()) headers["Prefer"] = prefer;
        return instance->http({"GET", target, "", std::move(headers)});
    }
    // Waited for; and asked for again where that takes longer than the api may wait.
    static HttpAnswer complete(const std::string& target) {
        constexpr int kAsksMax = 4;
        auto answer = get(target, "wait=30");
        for (int asks = 1; asks < kAsksMax && of(answer, "lantern-pending") == "lagging"; ++asks)
            answer = get(target, "wait=30");
        return answer;
    }
    static HttpAnswer rename(const std::string& id, const std::string& first_name) {
        const auto answer = instance->http({"PUT", path(id), "{\"first_name\":\"" + first_name + "\"}", {}});
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer;
    }
    static std::string of(const HttpAnswer& answer, const std::string& header) {
        const auto found = answer.headers.find(header);
        return found == answer.headers.end() ? "" : found->second;
    }
    static void refuse(const std::string& handler, const std::string& first_name) {
        instance->sql("alter table " + handler + ".users add constraint refused check (first_name <> '" +
                      first_name + "')");
    }
    static void allow(const std::string& handler) {
        instance->sql("alter table " + handler + ".users drop constraint refused");
    }
};

TEST_F(ReadsTest, a_writer_reads_what_it_wrote) {
    const auto id = created("reader");
    for (int revision = 2; revision <= 20; ++revision) {
        const auto name = "N" + std::to_string(revision);
        const auto written = rename(id, name);
        const auto tag = of(written, "etag");
        EXPECT_EQ(tag, "\"" + std::to_string(revision) + "\"");
        const auto shown = complete(path(id, "?min_revision=" + std::to_string(revision)));
        ASSERT_EQ(shown.status, 200) << shown.body;
        EXPECT_EQ(json(shown).at("first_name").as_string(), name);
        EXPECT_EQ(of(shown, "etag"), tag);
        EXPECT_EQ(of(shown, "lantern-pending"), "");
        EXPECT_EQ(of(shown, "preference-applied"), "wait=30");
    }
    EXPECT_EQ(get(path(id, "?min_revision=21"), "wait=30").status, 412) << "nobody wrote that";
}

// An event that is not routed to the read model is no reason to wait for it, and If-Match takes what was read.
TEST_F(ReadsTest, the_revision_is_the_one_as_of_which_the_answer_is_complete) {
    const auto id = created("forgetful");
    EXPECT_EQ(
        as("", {"POST", "/v1/users/password-reset/request/", R"({"email":"forgetful@example.com"})", {}}).status,
        202);
    const auto shown = complete(path(id, "?min_revision=2"));
    EXPECT_EQ(shown.status, 200) << shown.body;
    EXPECT_EQ(of(shown, "etag"), "\"2\"");
    EXPECT_EQ(instance->http({"PUT", path(id), R"({"first_name":"F"})", {{"If-Match", of(shown, "etag")}}}).status,
              200);
}

TEST_F(ReadsTest, a_model_that_is_behind_is_shown_as_it_is_and_says_so) {
    const auto id = created("waiting");
    ASSERT_EQ(complete(path(id, "?min_revision=1")).status, 200);
    ASSERT_TRUE(instance->lantern({"pause", "user_read_model", "--reason", "a test"}).ended.clean());
    ASSERT_TRUE(eventually([] {
        return one("select count(worker_id) from lantern.leases where handler = 'user_read_model'") == "0";
    }));
    rename(id, "Late");
    const auto behind = get(path(id, "?min_revision=2"), "wait=1");
    EXPECT_EQ(behind.status, 200) << behind.body;
    EXPECT_EQ(json(behind).at("first_name"), "Sarah");
    EXPECT_EQ(of(behind, "etag"), "\"1\"");
    EXPECT_EQ(of(behind, "lantern-pending"), "lagging");
    EXPECT_EQ(of(behind, "preference-applied"), "wait=1");
    EXPECT_EQ(of(get(path(id)), "lantern-pending"), "") << "nothing was asked";
    const auto born = created("unborn");
    const auto absent = get(path(born));
    EXPECT_EQ(absent.status, 404);
    EXPECT_EQ(of(absent, "lantern-pending"), "lagging");
    ASSERT_TRUE(instance->lantern({"resume", "user_read_model"}).ended.clean());
    EXPECT_TRUE(eventually([&] { return of(get(path(id, "?min_revision=2"), "wait=10"), "etag") == "\"2\""; }));
    EXPECT_TRUE(eventually([&] { return get(path(born, "?min_revision=1"), "wait=10").status == 200; }));
}

TEST_F(ReadsTest, a_stream_that_is_tried_again_says_so_when_the_time_is_over) {
    const auto id = created("stumbling");
    ASSERT_EQ(complete(path(id, "?min_revision=1")).status, 200);
    refuse("user_read_model", "Stumbled");
    rename(id, "Stumbled");
    HttpAnswer behind;
    EXPECT_TRUE(eventually([&] {
        behind = get(path(id, "?min_revision=2"), "wait=1");
        return of(behind, "lantern-pending") == "retrying";
    })) << behind.body;
    EXPECT_EQ(behind.status, 200);
    EXPECT_EQ(json(behind).at("first_name"), "Sarah");
    EXPECT_EQ(of(behind, "etag"), "\"1\"");
    allow("user_read_model");
    ASSERT_TRUE(instance->lantern({"parked", "retry", "--handler", "user_read_model"}).ended.clean());
    EXPECT_TRUE(eventually([&] { return of(get(path(id, "?min_revision=2"), "wait=10"), "etag") == "\"2\""; }));
}

TEST_F(ReadsTest, a_dead_stream_is_not_waited_for) {
    const auto id = created("falling");
    const std::string strict = "/v1/strict/" + id + "/";
    ASSERT_TRUE(eventually([&] { return get(strict + "?min_revision=1", "wait=10").status == 200; }));
    refuse("strict_read_model", "Fallen");
    rename(id, "Fallen");
    // Far longer than any test runs: an answer that came is one that did not wait.
    HttpAnswer dead;
    EXPECT_TRUE(eventually([&] {
        dead = get(strict + "?min_revision=2", "wait=1");
        return of(dead, "lantern-pending") == "dead";
    })) << dead.body;
    EXPECT_EQ(dead.status, 200);
    EXPECT_EQ(json(dead).at("first_name"), "Sarah");
    EXPECT_EQ(of(dead, "etag"), "\"1\"");
    EXPECT_EQ(of(complete(path(id, "?min_revision=2")), "etag"), "\"2\"") << "the other handler's";
    allow("strict_read_model");
    ASSERT_TRUE(instance->lantern({"parked", "retry", "--handler", "strict_read_model"}).ended.clean());
    EXPECT_TRUE(eventually([&] { return of(get(strict + "?min_revision=2", "wait=10"), "etag") == "\"2\""; }));
}

}  // namespace
}  // namespace lantern::test
