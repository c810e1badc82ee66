// That answers which are not described are found.
#include <gmock/gmock.h>

#include "tests/integration/api/described.hpp"

namespace lantern::test {
namespace {

using testing::HasSubstr;

constexpr const char* kDocument = R"({
  "paths": {
    "/things/{id}/": {"get": {"operationId": "get_thing", "responses": {
      "200": {"headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
      "404": {"content": {"application/problem+json": {"schema": {"type": "object"}}}}}}},
    "/things/latest/": {"delete": {"operationId": "forget", "responses": {"204": {}}},
                        "get": {"operationId": "get_latest", "responses": {"204": {}}}}},
  "components": {
    "headers": {"ETag": {"required": true}},
    "schemas": {"Thing": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"],
                          "additionalProperties": false}}}})";

class DescribedTest : public testing::Test {
protected:
    static HttpAnswer answer(int status, const std::string& body) {
        return {
            status,
            {{"content-type", status < 400 ? "application/json" : "application/problem+json"}, {"etag", "\"1\""}},
            body};
    }
    Described described_{kDocument};
};

TEST_F(DescribedTest, what_is_described_is_no_complaint) {
    EXPECT_EQ(described_.complaint("GET", "/things/7/?a=b", answer(200, R"({"id":"7"})")), "");
    EXPECT_EQ(described_.complaint("GET", "/things/7", answer(404, "{}")), "");
    EXPECT_EQ(described_.complaint("GET", "/things/latest/", {204, {}, ""}), "");
}

TEST_F(DescribedTest, a_status_or_a_path_that_is_not_described) {
    EXPECT_THAT(described_.complaint("GET", "/things/7/", answer(418, "{}")), HasSubstr("a status that is not"));
    EXPECT_THAT(described_.complaint("GET", "/others/", answer(200, "{}")), HasSubstr("but is not described"));
    EXPECT_EQ(described_.complaint("GET", "/others/", answer(404, "{}")), "");
}

TEST_F(DescribedTest, a_body_of_another_shape) {
    EXPECT_THAT(described_.complaint("GET", "/things/7/", answer(200, R"({"id":7})")), HasSubstr("/id"));
    EXPECT_THAT(described_.complaint("GET", "/things/7/", answer(200, R"({"id":"7","password_hash":"x"})")),
                HasSubstr("password_hash"));
    EXPECT_THAT(described_.complaint("GET", "/things/latest/", {204, {}, "{}"}), HasSubstr("there is a body"));
}

TEST_F(DescribedTest, another_media_type_or_a_header_that_is_missing) {
    auto plain = answer(200, R"({"id":"7"})");
    plain.headers["content-type"] = "text/plain";
    EXPECT_THAT(described_.complaint("GET", "/things/7/", plain), HasSubstr("text/plain"));
    auto bare = answer(200, R"({"id":"7"})");
    bare.headers.erase("etag");
    EXPECT_THAT(described_.complaint("GET", "/things/7/", bare), HasSubstr("ETag"));
}

}  // namespace
}  // namespace lantern::test
