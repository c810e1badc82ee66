// What a secret is stays where it belongs: after all that can happen to a password, a token or a key, everything
// that the run left behind is searched for them.
#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "tests/e2e/api/served.hpp"

namespace lantern::test {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

constexpr const char* kHash = "$argon2";

class SecretsTest : public ServedTest {
protected:
    // Things that were typed, sent or made; no line of them may be in any file.
    static std::vector<std::string> typed;
    static std::string shown;  // all answers, and what verbs printed

    static std::string said(const std::string& secret) {
        typed.push_back(secret);
        return secret;
    }
    // FILE:SECRET for each of these that is in a file under there.
    static std::string files_with(const std::vector<std::string>& needles, const fs::path& under,
                                  std::vector<std::string> more = {}) {
        const auto list = fresh_directory() / "needles";
        std::ofstream out(list);
        for (const auto& needle : needles) out << needle << "\n";
        out.close();
        std::vector<std::string> argv{"grep", "-raoFs", "-f", list.string()};
        argv.insert(argv.end(), more.begin(), more.end());
        argv.push_back(under.string());
        return processes::run({.argv = argv}, std::chrono::seconds(300)).output;
    }
    // Tables of which a row holds the text, but for those of the store, whose events and snapshots keep hashes.
    static std::vector<std::string> tables_with(const std::string& text, const std::set<std::string>& but) {
        std::vector<std::string> found;
        const auto tables = instance->sql(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')");
        for (std::size_t n = 0; n < tables.size(); ++n) {
            const auto name = tables.text(n, 0);
            if (but.contains(name)) continue;
            if (instance->sql("select 1 from " + name + " t where strpos(t::text, '" + text + "') > 0 limit 1")
                    .size())
                found.push_back(name);
        }
        return found;
    }
    static std::string person(const std::string& name, const std::string& password) {
        return R"({"username":")" + name + R"(","email":")" + name +
               R"(@example.com","first_name":"F","last_name":"L","password":")" + password + "\"}";
    }
    // The answer, kept in `shown`.
    static HttpAnswer ask(const std::string& token, HttpRequest request) {
        auto answer = as(token, std::move(request));
        shown += answer.body + "\n";
        for (const auto& [name, value] : answer.headers) shown += name + ": " + value + "\n";
        return answer;
    }
    static std::string a_life();
    static void all_that_can_be_asked(const std::vector<std::string>& users);
};

std::vector<std::string> SecretsTest::typed;
std::string SecretsTest::shown;

// Created, logged in, guessed at, changed, reset, refused.
std::string SecretsTest::a_life() {
    const auto first = said("pw-typed-at-creation-1"), second = said("pw-changed-to-2"),
               third = said("pw-by-mail-3"), wrong = said("pw-guessed-wrongly-4");
    const auto admin = said(instance->endpoint("admin_token"));
    const auto id = id_of(ask(admin, {"POST", "/v1/users/", person("keeper", first), {{"Idempotency-Key", "k1"}}}));
    ask(admin, {"POST", "/v1/users/", person("keeper", first), {{"Idempotency-Key", "k1"}}});
    ask(admin, {"POST", "/v1/users/", person("keeper", wrong), {{"Idempotency-Key", "k1"}}});
    ask(admin, {"POST", "/v1/users/", person("keeper", wrong), {}});
    ask(admin, {"POST", "/v1/users/", person("x", wrong) + "}", {}});
    ask(admin, {"POST", "/v1/users/", R"({"password":{"deep":")" + wrong + "\"}}", {}});
    ask(admin, {"POST",
                "/v1/events/",
                R"({"specversion":"1.0","source":"s","id":"1","type":"USER_CREATED","subject":"user/9","data":)" +
                    person("smuggled", wrong) + "}",
                {{"Content-Type", "application/cloudevents+json"}}});
    const auto token = said(json(log_in("keeper", first)).at("token").as_string().c_str());
    EXPECT_EQ(log_in("keeper", wrong).status, 401);
    EXPECT_EQ(log_in(wrong, wrong).status, 401) << "typed into the wrong field";
    const auto change = [](const std::string& from, const std::string& to) {
        return R"({"current_password":")" + from + R"(","new_password":")" + to + "\"}";
    };
    EXPECT_EQ(ask(token, {"PUT", path(id, "password/"), change(wrong, second), {}}).status, 401);
    EXPECT_EQ(ask(token, {"PUT", path(id, "password/"), change(first, second), {}}).status, 200);
    ask("", {"POST", "/v1/users/password-reset/request/", R"({"email":"keeper@example.com"})", {}});
    const auto letter = mail("keeper@example.com", "Token: ");
    const auto behind = [&](const std::string& words) {
        const auto at = letter.find(words) + words.size();
        return letter.substr(at, letter.find_first_of("\r\n", at) - at);
    };
    EXPECT_EQ(ask("", {"POST",
                       "/v1/users/password-reset/complete/",
                       R"({"user_id":")" + id + R"(","reset_id":")" + behind("Reset: ") + R"(","token":")" +
                           said(behind("Token: ")) + R"(","new_password":")" + third + "\"}",
                       {}})
                  .status,
              200);
    return id;
}

void SecretsTest::all_that_can_be_asked(const std::vector<std::string>& users) {
    const auto admin = instance->endpoint("admin_token");
    for (const auto& id : users) {
        for (const auto& rest : {"", "history/", "at/"}) ask(admin, {"GET", path(id, rest), "", {}});
        const auto events = instance->sql(
            "select e.id::text from lantern.events e join lantern.streams s using (stream_id)"
            " where s.aggregate_id = '" +
            id + "'");
        for (std::size_t n = 0; n < events.size(); ++n) {
            ask(admin, {"GET", "/v1/events/" + events.text(n, 0) + "/deliveries/", "", {}});
            shown += instance->lantern({"explain", "event", events.text(n, 0)}).output;
        }
    }
    for (const auto& target : {"/v1/users/", "/v1/audit/", "/openapi.json"}) ask(admin, {"GET", target, "", {}});
    shown += http(instance->endpoint("metrics_url"), {"GET", "/metrics"}).body;
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"export"}, {"status"}, {"doctor"}, {"parked", "show"}, {"jobs", "list"}, {"routes", "history"}})
        shown += instance->lantern(words).output;
}

TEST_F(SecretsTest, nothing_that_a_run_leaves_behind_or_shows_holds_one) {
    const auto keeper = a_life();
    // Dead by a crash, and folded anew.
    const auto crasher = id_of(ask(instance->endpoint("admin_token"),
                                   {"POST", "/v1/users/", person("crasher", said("pw-of-the-crash-5")), {}}));
    EXPECT_TRUE(eventually([] { return one("select count(*) >= 3 from lantern.crashes") == "t"; },
                           std::chrono::seconds(400)));
    EXPECT_TRUE(instance->lantern({"backfill", "user_read_model"}).ended.clean());
    all_that_can_be_asked({keeper, crasher});

    // In no answer; in no file, the database's and the broker's too; in no table; and hashes in no log.
    for (const auto& secret : typed) EXPECT_EQ(shown.find(secret), std::string::npos) << secret;
    EXPECT_EQ(shown.find(kHash), std::string::npos);
    EXPECT_NE(shown.find("USER_CREATED"), std::string::npos);
    // The reset token is in the mail, and the operator's token where the operator finds it.
    EXPECT_EQ(files_with(typed, instance->data(),
                         {"--exclude-dir=mail", "--exclude-dir=secrets", "--exclude=endpoints.json"}),
              "");
    EXPECT_EQ(files_with({kHash}, instance->data() / "log"), "");
    EXPECT_THAT(tables_with(kHash, {"lantern.events", "lantern.snapshots"}), IsEmpty());
    // The search finds what is there.
    EXPECT_NE(files_with({"keeper@example.com"}, instance->data() / "mail"), "");
    EXPECT_NE(files_with({crasher}, instance->data() / "log"), "");
}

}  // namespace
}  // namespace lantern::test
