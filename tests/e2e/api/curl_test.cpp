// Every route, for good and bad input, as Debian's curl sees it: the statuses are those that users are promised.
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/e2e/api/served.hpp"

namespace lantern::test {
namespace {

class CurlTest : public ServedTest {
protected:
    // The status, and for errors whether it is a problem; `words` are curl's.
    static std::string curl(const std::string& words, const std::string& target) {
        const auto url = target.starts_with("http") ? target : instance->endpoint("http_url") + target;
        const auto command =
            "curl -sS --path-as-is --max-time 180 -o /dev/null -w '%{http_code} %{content_type}' " + words + " '" +
            url + "' 2>&1";
        std::string output;
        FILE* pipe = ::popen(command.c_str(), "r");
        std::array<char, 4096> part{};
        while (const auto got = ::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), got);
        ::pclose(pipe);
        const auto status = output.substr(0, 3);
        const bool problem = output.find("application/problem+json") != std::string::npos;
        return problem == (status >= "400") ? status : output;
    }

    // `steps`: lines of METHOD STATUS WHO PATH <HEADER> BODY. WHO is one of `tokens`, or - for nobody; header and
    // body may be left out; `names` says what stands for what.
    static void expect(const std::map<std::string, std::string>& tokens,
                       const std::map<std::string, std::string>& names, const std::string& steps) {
        std::istringstream lines(replaced(steps, names));
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string method, status, who, target, header, body;
            if (!(words >> method >> status >> who >> target)) continue;
            std::getline(words >> std::ws, body);
            std::string type = "application/json";
            std::string options = method == "HEAD" ? "-I" : "-X " + method;
            if (who != "-") options += " -H 'Authorization: Bearer " + tokens.at(who) + "'";
            if (body.starts_with('<')) {
                header = body.substr(1, body.find('>') - 1);
                body = body.find("> ") == std::string::npos ? "" : body.substr(body.find("> ") + 2);
                options += " -H '" + header + "'";
            }
            if (header.starts_with("Content-Type:")) type.clear();
            if (!body.empty())
                options +=
                    (type.empty() ? "" : " -H 'Content-Type: " + type + "'") + " --data-binary '" + body + "'";
            // What is waited for may take longer than the api may wait: then it is asked for again.
            const int asks_max = header.starts_with("Prefer: wait") ? 4 : 1;
            std::string got;
            for (int asks = 0; asks < asks_max && got != status; ++asks) got = curl(options, target);
            EXPECT_EQ(got, status) << line;
        }
    }
    static std::string replaced(std::string text, const std::map<std::string, std::string>& names) {
        for (const auto& [name, value] : names)
            for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
                text.replace(at, name.size(), value);
        return text;
    }
    static std::map<std::string, std::string> tokens_of(const std::string& name) {
        return {{"admin", instance->endpoint("admin_token")}, {"one", token_of(name)}, {"bad", "nonsense"}};
    }
    // What the mail says behind these words.
    static std::string behind(const std::string& mail, const std::string& words) {
        const auto at = mail.find(words);
        EXPECT_NE(at, std::string::npos) << mail;
        return mail.substr(at + words.size(), mail.find_first_of("\r\n", at) - at - words.size());
    }
};

TEST_F(CurlTest, logins) {
    created("curl-login");
    created("curl-suspended");
    expect(tokens_of("curl-login"), {{"SUSPENDED", created("curl-away")}}, R"(
POST   200 -     /v1/auth/login/ {"username":"curl-login","password":"correct horse"}
POST   200 -     /v1/auth/login {"username":"CURL-login@example.com","password":"correct horse"}
POST   401 -     /v1/auth/login/ {"username":"curl-login","password":"wrong horse"}
POST   401 -     /v1/auth/login/ {"username":"nobody","password":"wrong horse"}
POST   422 -     /v1/auth/login/ {"username":"curl-login"}
POST   400 -     /v1/auth/login/ {"username":
POST   415 -     /v1/auth/login/ <Content-Type: text/plain> {}
GET    405 -     /v1/auth/login/
PUT    200 admin /v1/users/SUSPENDED/status/ {"status":"suspended","reason":"late"}
POST   401 -     /v1/auth/login/ {"username":"curl-away","password":"correct horse"}
POST   401 -     /v1/auth/refresh/
POST   401 bad   /v1/auth/refresh/
POST   403 admin /v1/auth/refresh/
POST   200 one   /v1/auth/refresh/
GET    405 one   /v1/auth/refresh/
POST   401 -     /v1/auth/logout/
POST   403 admin /v1/auth/logout/
POST   204 one   /v1/auth/logout/
POST   401 one   /v1/auth/logout/
POST   401 one   /v1/auth/refresh/
)");
    // Ten tries for each name, and one more every six seconds: who tries without a pause is refused soon.
    EXPECT_TRUE(eventually([] {
        return curl(R"(-H 'Content-Type: application/json' -d '{"username":"curl-guessed","password":"x"}')",
                    "/v1/auth/login/") == "429";
    }));
}

TEST_F(CurlTest, creating_and_changing_users) {
    const auto one = created("curl-one"), two = created("curl-two"), left = created("curl-left");
    expect(tokens_of("curl-one"), {{"ONE", one}, {"TWO", two}, {"LEFT", left}}, R"(
POST   401 -     /v1/users/ {}
POST   401 bad   /v1/users/ {}
POST   403 one   /v1/users/ {}
POST   422 admin /v1/users/ {}
POST   422 admin /v1/users/ {"username":"x","email":"x","first_name":"A","last_name":"B","password":"12345678"}
POST   201 admin /v1/users/ {"username":"curl-new","email":"curl-new@example.com","first_name":"A","last_name":"B","password":"12345678"}
POST   409 admin /v1/users/ {"username":"CURL-NEW","email":"other@example.com","first_name":"A","last_name":"B","password":"12345678"}
POST   409 admin /v1/users/ {"username":"curl-newer","email":"Curl-New@example.com","first_name":"A","last_name":"B","password":"12345678"}
POST   201 admin /v1/users/ <Idempotency-Key: curl-1> {"username":"curl-key","email":"curl-key@example.com","first_name":"A","last_name":"B","password":"12345678"}
POST   201 admin /v1/users/ <Idempotency-Key: curl-1> {"username":"curl-key","email":"curl-key@example.com","first_name":"A","last_name":"B","password":"12345678"}
POST   422 admin /v1/users/ <Idempotency-Key: curl-1> {"username":"curl-kay","email":"curl-kay@example.com","first_name":"A","last_name":"B","password":"12345678"}
POST   400 admin /v1/users/ []
POST   400 admin /v1/users/ {"a":1}}
PATCH  405 admin /v1/users/ {}
PUT    401 -     /v1/users/ONE/ {"first_name":"New"}
PUT    200 one   /v1/users/ONE/ {"first_name":"New"}
PUT    200 admin /v1/users/ONE {"first_name":"Newer"}
PUT    422 one   /v1/users/ONE/ {"first_name":"Newer"}
PUT    422 one   /v1/users/ONE/ {}
PUT    422 one   /v1/users/ONE/ {"last_name":1}
PUT    412 one   /v1/users/ONE/ <If-Match: "1"> {"first_name":"Older"}
PUT    200 one   /v1/users/ONE/ <If-Match: "3"> {"first_name":"Newest"}
PUT    403 one   /v1/users/TWO/ {"first_name":"New"}
PUT    404 admin /v1/users/nobody/ {"first_name":"New"}
PUT    409 one   /v1/users/ONE/ {"email":"curl-two@example.com"}
PUT    200 one   /v1/users/ONE/username/ {"username":"curl-first"}
PUT    409 one   /v1/users/ONE/username/ {"username":"curl-two"}
PUT    412 one   /v1/users/ONE/username/ <If-Match: "1"> {"username":"curl-fourth"}
PUT    422 one   /v1/users/ONE/username/ {"username":"x"}
PUT    403 one   /v1/users/TWO/username/ {"username":"curl-third"}
PUT    404 admin /v1/users/nobody/username/ {"username":"curl-third"}
PUT    403 one   /v1/users/TWO/status/ {"status":"suspended","reason":"r"}
PUT    404 admin /v1/users/nobody/status/ {"status":"suspended","reason":"r"}
PUT    412 admin /v1/users/TWO/status/ <If-Match: "9"> {"status":"suspended","reason":"r"}
PUT    200 admin /v1/users/TWO/status/ {"status":"suspended","reason":"r"}
PUT    200 admin /v1/users/TWO/status/ {"status":"active","reason":"r"}
PUT    422 admin /v1/users/TWO/status/ {"status":"gone","reason":"r"}
DELETE 401 -     /v1/users/LEFT/?reason=r
DELETE 403 one   /v1/users/LEFT/?reason=r
DELETE 404 admin /v1/users/nobody/?reason=r
DELETE 412 admin /v1/users/LEFT/?reason=r <If-Match: "9">
DELETE 422 admin /v1/users/LEFT/
DELETE 200 admin /v1/users/LEFT/?reason=r
DELETE 422 admin /v1/users/LEFT/?reason=r
PUT    422 admin /v1/users/LEFT/ {"first_name":"New"}
PUT    422 admin /v1/users/LEFT/password/ {"new_password":"long enough"}
)");
}

TEST_F(CurlTest, passwords) {
    const auto one = created("curl-secret"), two = created("curl-secret-two");
    // A changed password ends the tokens, so that each change is the last step of its user.
    expect(tokens_of("curl-secret"), {{"ONE", one}, {"TWO", two}}, R"(
PUT    401 one   /v1/users/ONE/password/ {"current_password":"wrong horse","new_password":"battery staple"}
PUT    422 one   /v1/users/ONE/password/ {"current_password":"correct horse","new_password":"short"}
PUT    422 one   /v1/users/ONE/password/ {"current_password":"correct horse","new_password":"correct horse"}
PUT    412 one   /v1/users/ONE/password/ <If-Match: "9"> {"current_password":"correct horse","new_password":"battery staple"}
PUT    403 one   /v1/users/TWO/password/ {"new_password":"battery staple"}
PUT    404 admin /v1/users/nobody/password/ {"new_password":"battery staple"}
PUT    200 one   /v1/users/ONE/password/ {"current_password":"correct horse","new_password":"battery staple"}
PUT    401 one   /v1/users/ONE/password/ {"current_password":"battery staple","new_password":"correct horse"}
PUT    200 admin /v1/users/TWO/password/ {"new_password":"set by an administrator"}
POST   202 -     /v1/users/password-reset/request/ {"email":"nobody@example.com"}
POST   202 -     /v1/users/password-reset/request/ {"email":"curl-secret@example.com"}
POST   422 -     /v1/users/password-reset/request/ {}
GET    404 admin /v1/users/password-reset/
POST   422 -     /v1/users/password-reset/complete/ {"user_id":"ONE","reset_id":"x","token":"x","new_password":"long enough"}
POST   422 -     /v1/users/password-reset/complete/ {}
)");
    const auto letter = mail("curl-secret@example.com", "Token: ");
    expect({}, {{"ONE", one}, {"RESET", behind(letter, "Reset: ")}, {"TOKEN", behind(letter, "Token: ")}}, R"(
POST   200 -     /v1/users/password-reset/complete/ {"user_id":"ONE","reset_id":"RESET","token":"TOKEN","new_password":"by the mail"}
POST   422 -     /v1/users/password-reset/complete/ {"user_id":"ONE","reset_id":"RESET","token":"TOKEN","new_password":"by the mail again"}
POST   200 -     /v1/auth/login/ {"username":"curl-secret","password":"by the mail"}
)");
}

TEST_F(CurlTest, reading_users) {
    const auto one = created("curl-reader"), two = created("curl-other"), left = created("curl-gone");
    expect(tokens_of("curl-reader"), {{"ONE", one}, {"TWO", two}, {"LEFT", left}}, R"(
GET     401 -     /v1/users/
GET     401 bad   /v1/users/
GET     403 one   /v1/users/
GET     200 one   /v1/users/ONE/?min_revision=1 <Prefer: wait=30>
GET     200 admin /v1/users/TWO/?min_revision=1 <Prefer: wait=30>
GET     200 admin /v1/users/?username=curl-reader&email=curl-reader@example.com&status=active&limit=5
GET     200 admin /v1/users/?sort=username&limit=1
GET     200 admin /v1/users/?status=active&role=user&sort=-username
GET     200 admin /v1/users/?role=admin
GET     400 admin /v1/users/?status=active&sort=email
HEAD    200 admin /v1/users/
GET     400 admin /v1/users/?sort=password
GET     400 admin /v1/users/?limit=0
GET     400 admin /v1/users/?color=red
GET     400 admin /v1/users/?cursor=x
HEAD    200 one   /v1/users/ONE/
GET     304 one   /v1/users/ONE/ <If-None-Match: "1">
GET     401 -     /v1/users/ONE/
GET     403 one   /v1/users/TWO/
GET     412 admin /v1/users/ONE/?min_revision=9
GET     400 admin /v1/users/ONE/?min_revision=x
GET     404 admin /v1/users/nobody/
DELETE  200 admin /v1/users/LEFT/?reason=r
GET     404 admin /v1/users/LEFT/?min_revision=2 <Prefer: wait=30>
GET     200 one   /v1/users/ONE/history/?type=USER_CREATED&from=2001-01-01T00:00:00Z&to=2100-01-01T00:00:00Z
HEAD    200 one   /v1/users/ONE/history/
GET     401 -     /v1/users/ONE/history/
GET     403 one   /v1/users/TWO/history/
GET     400 admin /v1/users/ONE/history/?from=monday
GET     404 admin /v1/users/nobody/history/
GET     200 one   /v1/users/ONE/at/?revision=1
GET     200 one   /v1/users/ONE/at/?timestamp=2100-01-01T00:00:00Z
GET     200 admin /v1/users/LEFT/at/?revision=2
GET     401 -     /v1/users/ONE/at/
GET     403 one   /v1/users/TWO/at/
GET     404 admin /v1/users/ONE/at/?revision=2
GET     404 admin /v1/users/ONE/at/?timestamp=2001-01-01T00:00:00Z
GET     400 admin /v1/users/ONE/at/?revision=0
GET     400 admin /v1/users/ONE/at/?timestamp=then
GET     400 admin /v1/users/ONE/at/?revision=1&timestamp=2100-01-01T00:00:00Z
)");
}

TEST_F(CurlTest, events_and_audit) {
    const auto one = created("curl-events");
    const auto event = ServedTest::one(
        "select e.id from lantern.events e join lantern.streams s using (stream_id)"
        " where s.aggregate_id = '" +
        one + "'");
    const std::string order = R"({"specversion":"1.0","source":"curl","id":"1","type":"ORDER_PLACED",)"
                              R"("subject":"order/1","data":{"pieces":3}})";
    const std::string json = "<Content-Type: application/cloudevents+json> ";
    expect(
        tokens_of("curl-events"),
        {{"ONE", one},
         {"EVENT", event},
         {"@order", json + order},
         {"@other", json + replaced(order, {{"3", "4"}})},
         {"@less", json + replaced(order, {{"\"pieces\":3", ""}, {"\"1\"", "\"2\""}})},
         {"@owned", json + replaced(order, {{"order/1", "user/" + one}, {"\"1\"", "\"5\""}})},
         {"@many", "<Content-Type: application/cloudevents-batch+json> [" + replaced(order, {{"\"1\"", "\"3\""}}) +
                       "," + replaced(order, {{"\"1\"", "\"4\""}}) + "]"}},
        R"(
GET     200 admin /v1/events/EVENT/deliveries/
HEAD    200 admin /v1/events/EVENT/deliveries
GET     403 one   /v1/events/EVENT/deliveries/
GET     401 -     /v1/events/EVENT/deliveries/
GET     404 admin /v1/events/0195a3c1-0000-7000-8000-000000000001/deliveries/
GET     404 admin /v1/events/x/deliveries/
POST    405 admin /v1/events/EVENT/deliveries/ {}
GET     200 admin /v1/audit/?actor=a&action=b&subject=c&from=2001-01-01T00:00:00Z&to=2100-01-01T00:00:00Z
GET     401 -     /v1/audit/
GET     403 one   /v1/audit/
GET     400 admin /v1/audit/?cursor=x
GET     400 admin /v1/audit/?from=monday
POST    401 -     /v1/events/ @order
POST    403 one   /v1/events/ @order
POST    201 admin /v1/events/ @order
POST    201 admin /v1/events/ @order
POST    409 admin /v1/events/ @other
POST    422 admin /v1/events/ @less
POST    403 admin /v1/events/ @owned
POST    201 admin /v1/events/ @many
POST    400 admin /v1/events/ <Content-Type: application/cloudevents+json> {
POST    415 admin /v1/events/ <Content-Type: text/plain> x
GET     405 admin /v1/events/
)");
}

TEST_F(CurlTest, what_is_open_and_what_is_not_there) {
    expect({}, {{"METRICS", instance->endpoint("metrics_url") + "/metrics"}}, R"(
GET     200 -     /ht/
HEAD    200 -     /ht/
GET     200 -     /readyz
POST    405 -     /readyz {}
GET     200 -     METRICS
GET     200 -     /openapi.json
GET     200 -     /docs/
OPTIONS 204 -     /v1/users/
OPTIONS 204 -     /ht/
GET     404 -     /nothing/
GET     400 -     /%zz
)");
}

TEST_F(CurlTest, what_is_too_large_or_of_another_kind) {
    const std::string admin = "-H 'Authorization: Bearer " + instance->endpoint("admin_token") + "' ";
    EXPECT_EQ(curl(admin + "-H 'Content-Type: text/plain' -d x", "/v1/users/"), "415");
    for (const int megabytes : {2, 20}) {
        const auto large = fresh_directory() / "large";
        std::ofstream(large) << std::string(static_cast<std::size_t>(megabytes) * 1'000'000, 'x');
        const auto body = "-H 'Content-Type: application/json' --data-binary @" + large.string();
        EXPECT_EQ(curl(admin + body, "/v1/users/"), "413");
        EXPECT_EQ(curl(admin + "-H Expect: " + body, "/v1/users/"), "413");
    }
    EXPECT_EQ(curl(admin, "/v1/users/?username=" + std::string(9000, 'x')), "414");
    EXPECT_EQ(curl(admin + "-H 'X-Large: " + std::string(20'000, 'x') + "'", "/v1/users/"), "431");
    EXPECT_EQ(curl("-X NONSENSE", "/v1/users/"), "501");
}

}  // namespace
}  // namespace lantern::test
