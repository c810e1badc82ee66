// The description and its pages, as a running api gives them out.
#include "tests/integration/api/api_fixture.hpp"

namespace lantern::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class DocumentsTest : public ApiTest {
protected:
    static HttpAnswer get(const std::string& path, std::map<std::string, std::string> headers = {}) {
        return http(api().url(), {"GET", path, "", std::move(headers)});
    }
};

TEST_F(DocumentsTest, the_description_is_for_anyone_and_is_asked_for_again_cheaply) {
    const auto answer = get("/openapi.json");
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    EXPECT_EQ(json(answer).at("openapi"), "3.1.0");
    const auto again = get("/openapi.json", {{"If-None-Match", answer.headers.at("etag")}});
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(call("POST", "/openapi.json", "{}").status, 405);
}

TEST_F(DocumentsTest, columns_of_tables_and_fields_of_events_are_described_and_secrets_are_not) {
    const auto text = get("/openapi.json").body;
    const auto document = boost::json::parse(text);
    const auto& schemas = document.at("components").at("schemas").as_object();
    const auto& users = schemas.at("row.user_read_model.users").at("properties").as_object();
    EXPECT_EQ(users.at("created_at").at("format"), "date-time");
    EXPECT_TRUE(users.contains("email"));
    EXPECT_FALSE(schemas.at("event.USER_CREATED.2").at("properties").as_object().contains("password_hash"));
    EXPECT_THAT(text, Not(HasSubstr("token_hash")));
    const auto& create = document.at("paths").at("/v1/users/").at("post");
    EXPECT_EQ(create.at("security").at(0).at("bearer").at(0), "user:create");
    EXPECT_EQ(create.at("requestBody").at("content").at("application/json").at("example").at("username"), "sarah");
}

TEST_F(DocumentsTest, pages_load_nothing_from_elsewhere) {
    const auto moved = get("/docs");
    EXPECT_EQ(moved.status, 308);
    EXPECT_EQ(moved.headers.at("location"), "docs/");
    for (const auto& [path, type] : {std::pair<std::string, std::string>{"/docs/", "text/html; charset=utf-8"},
                                     {"/docs/page.js", "text/javascript; charset=utf-8"},
                                     {"/docs/page.css", "text/css; charset=utf-8"},
                                     {"/docs/swagger-ui.css", "text/css; charset=utf-8"},
                                     {"/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8"}}) {
        const auto page = get(path);
        ASSERT_EQ(page.status, 200) << path;
        EXPECT_EQ(page.headers.at("content-type"), type);
        EXPECT_THAT(page.headers.at("content-security-policy"),
                    HasSubstr("default-src 'none'; script-src 'self';"));
        EXPECT_EQ(get(path, {{"If-None-Match", page.headers.at("etag")}}).status, 304) << path;
    }
    EXPECT_EQ(get("/docs/nothing.js").status, 404);
    EXPECT_EQ(get("/docs/..%2Flantern.yaml").status, 404);
}

TEST_F(DocumentsTest, the_page_lists_the_operations_and_works_by_keyboard_in_a_browser) {
    processes::Program program;
    program.argv = {"/usr/bin/env", "node", LANTERN_DOCS_PAGE, api().url()};
    const auto looked = processes::run(program, std::chrono::seconds(280));
    EXPECT_TRUE(looked.ended.clean()) << looked.output;
}

}  // namespace
}  // namespace lantern::test
