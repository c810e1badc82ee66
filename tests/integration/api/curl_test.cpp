// Every route, for good and bad input, as Debian's curl sees it: the statuses are those that users are promised.
#include <array>
#include <cstdio>
#include <sstream>

#include "host/postgres/connection.hpp"
#include "tests/integration/api/api_fixture.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

class CurlTest : public ApiTest {
protected:
    // The status, and for errors whether it is a problem; `words` are curl's.
    static std::string curl(const std::string& words, const std::string& path) {
        const auto command = "curl -sS --path-as-is --max-time 60 -o /dev/null -w '%{http_code} %{content_type}' " +
                             words + " '" + api().url() + path + "' 2>&1";
        std::string output;
        FILE* pipe = ::popen(command.c_str(), "r");
        std::array<char, 4096> part{};
        while (const auto got = ::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), got);
        ::pclose(pipe);
        const auto status = output.substr(0, 3);
        const bool problem = output.find("application/problem+json") != std::string::npos;
        return problem == (status >= "400") ? status : output;
    }
    // `steps`: lines of METHOD STATUS WHO PATH BODY, where WHO is admin, or a variable with a token, or -.
    void expect(const std::map<std::string, std::string>& tokens, const std::string& steps) {
        std::istringstream lines(steps);
        std::string line;
        while (std::getline(lines, line)) {
            std::istringstream words(line);
            std::string method, status, who, path, body;
            if (!(words >> method >> status >> who >> path)) continue;
            std::getline(words >> std::ws, body);
            std::string options = method == "HEAD" ? "-I" : "-X " + method;
            if (who != "-") options += " -H 'Authorization: Bearer " + tokens.at(who) + "'";
            if (!body.empty()) options += " -H 'Content-Type: application/json' --data-binary '" + body + "'";
            EXPECT_EQ(curl(options, path), status) << line;
        }
    }
    static std::string token_of(const std::string& name) {
        const auto answer = http(api().url(), {"POST", "/v1/auth/login/",
                                               R"({"username":")" + name + R"(","password":"correct horse"})"});
        EXPECT_EQ(answer.status, 200) << answer.body;
        return json(answer).at("token").as_string().c_str();
    }
    static std::string replaced(std::string text, const std::map<std::string, std::string>& names) {
        for (const auto& [name, value] : names)
            for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
                text.replace(at, name.size(), value);
        return text;
    }
};

TEST_F(CurlTest, commands_and_logins) {
    const auto one = created("curl-one"), two = created("curl-two");
    std::map<std::string, std::string> tokens{{"admin", ApiProcesses::kToken}, {"one", token_of("curl-one")}};
    expect(tokens, replaced(R"(
POST   200 -     /v1/auth/login/ {"username":"curl-two","password":"correct horse"}
POST   401 -     /v1/auth/login/ {"username":"curl-two","password":"wrong horse"}
POST   422 -     /v1/auth/login/ {"username":"curl-two"}
POST   400 -     /v1/auth/login/ {"username":
GET    405 -     /v1/auth/login/
POST   401 -     /v1/auth/refresh/
POST   200 one   /v1/auth/refresh/
POST   401 -     /v1/users/ {}
POST   403 one   /v1/users/ {}
POST   422 admin /v1/users/ {}
POST   422 admin /v1/users/ {"username":"x","email":"x","first_name":"A","last_name":"B","password":"12345678"}
POST   201 admin /v1/users/ {"username":"curl-new","email":"curl-new@example.com","first_name":"A","last_name":"B","password":"12345678"}
POST   409 admin /v1/users/ {"username":"CURL-NEW","email":"other@example.com","first_name":"A","last_name":"B","password":"12345678"}
POST   400 admin /v1/users/ []
POST   400 admin /v1/users/ {"a":1}}
PATCH  405 admin /v1/users/ {}
PUT    200 one   /v1/users/ONE/ {"first_name":"New"}
PUT    200 admin /v1/users/ONE {"first_name":"Newer"}
PUT    422 one   /v1/users/ONE/ {"first_name":"Newer"}
PUT    403 one   /v1/users/TWO/ {"first_name":"New"}
PUT    404 admin /v1/users/nobody/ {"first_name":"New"}
PUT    409 one   /v1/users/ONE/ {"email":"curl-two@example.com"}
PUT    200 one   /v1/users/ONE/username/ {"username":"curl-first"}
PUT    409 one   /v1/users/ONE/username/ {"username":"curl-two"}
PUT    401 one   /v1/users/ONE/password/ {"current_password":"wrong horse","new_password":"battery staple"}
PUT    422 one   /v1/users/ONE/password/ {"current_password":"correct horse","new_password":"short"}
PUT    403 one   /v1/users/TWO/status/ {"status":"suspended","reason":"r"}
PUT    200 admin /v1/users/TWO/status/ {"status":"suspended","reason":"r"}
PUT    422 admin /v1/users/TWO/status/ {"status":"gone","reason":"r"}
DELETE 403 one   /v1/users/TWO/?reason=r
DELETE 422 admin /v1/users/TWO/
DELETE 200 admin /v1/users/TWO/?reason=r
DELETE 422 admin /v1/users/TWO/?reason=r
POST   202 -     /v1/users/password-reset/request/ {"email":"nobody@example.com"}
POST   422 -     /v1/users/password-reset/complete/ {"user_id":"ONE","reset_id":"x","token":"x","new_password":"long enough"}
POST   204 one   /v1/auth/logout/
POST   401 one   /v1/auth/logout/
)",
                            {{"ONE", one}, {"TWO", two}}));
}

TEST_F(CurlTest, queries) {
    const auto one = created("curl-reader"), two = created("curl-other");
    const auto event = postgres::Connection({.url = api().database()})
                           .query(
                               "select e.id::text from lantern.events e join lantern.streams s using (stream_id)"
                               " where s.aggregate_id = $1",
                               postgres::Params{}.add(one))
                           .text(0, 0);
    std::map<std::string, std::string> tokens{{"admin", ApiProcesses::kToken}, {"one", token_of("curl-reader")}};
    // No worker runs here, so rows are absent: 404.
    expect(tokens, replaced(R"(
GET     401 -     /v1/users/
GET     403 one   /v1/users/
GET     200 admin /v1/users/?username=x&email=y&status=active&sort=-username&limit=5
HEAD    200 admin /v1/users/
GET     400 admin /v1/users/?sort=password
GET     400 admin /v1/users/?limit=0
GET     400 admin /v1/users/?color=red
GET     404 one   /v1/users/ONE/
GET     403 one   /v1/users/TWO/
GET     412 admin /v1/users/ONE/?min_revision=9
GET     400 admin /v1/users/ONE/?min_revision=x
GET     404 admin /v1/users/nobody/
GET     200 one   /v1/users/ONE/history/?type=USER_CREATED&from=2001-01-01T00:00:00Z
HEAD    200 one   /v1/users/ONE/history/
GET     403 one   /v1/users/TWO/history/
GET     400 admin /v1/users/ONE/history/?from=monday
GET     404 admin /v1/users/nobody/history/
GET     200 one   /v1/users/ONE/at/?revision=1
GET     404 admin /v1/users/ONE/at/?revision=2
GET     400 admin /v1/users/ONE/at/?revision=0
GET     400 admin /v1/users/ONE/at/?timestamp=then
GET     200 admin /v1/events/EVENT/deliveries/
HEAD    200 admin /v1/events/EVENT/deliveries
GET     403 one   /v1/events/EVENT/deliveries/
GET     401 -     /v1/events/EVENT/deliveries/
GET     404 admin /v1/events/0195a3c1-0000-7000-8000-000000000001/deliveries/
GET     404 admin /v1/events/x/deliveries/
POST    405 admin /v1/events/EVENT/deliveries/ {}
GET     200 admin /v1/audit/?actor=a&action=b&subject=c&from=2001-01-01T00:00:00Z&to=2100-01-01T00:00:00Z
GET     403 one   /v1/audit/
GET     400 admin /v1/audit/?limit=x
GET     200 -     /ht/
HEAD    200 -     /ht/
GET     200 -     /readyz
POST    405 -     /readyz {}
OPTIONS 204 -     /v1/users/ONE/
OPTIONS 204 -     /ht/
GET     404 -     /nothing/
GET     400 -     /%zz
)",
                            {{"ONE", one}, {"TWO", two}, {"EVENT", event}}));
}

TEST_F(CurlTest, what_is_too_large_or_of_another_kind) {
    const std::string admin = std::string("-H 'Authorization: Bearer ") + ApiProcesses::kToken + "' ";
    EXPECT_EQ(curl(admin + "-H 'Content-Type: text/plain' -d x", "/v1/users/"), "415");
    for (const char* megabytes : {"2", "20"}) {
        const auto large = (fresh_directory() / "large").string();
        ASSERT_EQ(std::system(("head -c " + std::string(megabytes) + "000000 /dev/zero > " + large).c_str()), 0);
        EXPECT_EQ(curl(admin + "-H 'Content-Type: application/json' --data-binary @" + large, "/v1/users/"), "413");
        EXPECT_EQ(
            curl(admin + "-H Expect: -H 'Content-Type: application/json' --data-binary @" + large, "/v1/users/"),
            "413");
    }
    EXPECT_EQ(curl(admin, "/v1/users/?username=" + std::string(9000, 'x')), "414");
    EXPECT_EQ(curl(admin + "-H 'X-Large: " + std::string(20'000, 'x') + "'", "/v1/users/"), "431");
    EXPECT_EQ(curl("-X NONSENSE", "/v1/users/"), "501");
}

}  // namespace
}  // namespace lantern::test
