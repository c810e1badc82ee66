#include "host/schemas/event_schemas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/schemas/request_schemas.hpp"

namespace lantern::schemas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class EventSchemasTest : public testing::Test {
protected:
    EventSchemasTest() : directory_(std::filesystem::path(testing::TempDir()) / "event_schemas_test") {
        std::filesystem::remove_all(directory_);
        std::filesystem::create_directories(directory_);
    }
    ~EventSchemasTest() override { std::filesystem::remove_all(directory_); }

    void file(const std::string& name, const std::string& text) { std::ofstream(directory_ / name) << text; }

    // What is shown of `data` under a schema of its own.
    std::string shown(const std::string& schema, const std::string& data) {
        file("E.1.json", schema);
        auto schemas = EventSchemas::load(directory_);
        EXPECT_TRUE(schemas);
        return schemas.value().shown("E", 1, data);
    }

    std::filesystem::path directory_;
};

TEST_F(EventSchemasTest, SecretsAreRemovedAtAnyDepth) {
    EXPECT_EQ(shown(R"({"type": "object", "properties": {
        "name": {"type": "string"},
        "hash": {"type": "string", "x-secret": true},
        "open": {"type": "string", "x-secret": false},
        "inner": {"type": "object", "properties": {"token": {"x-secret": true}, "id": {}}},
        "list": {"type": "array", "items": {"properties": {"pin": {"x-secret": true}, "n": {}}}},
        "codes": {"type": "array", "items": {"x-secret": true}}}})",
                    R"({"name": "a", "hash": "h", "open": "o", "inner": {"token": "t", "id": 1},
                        "list": [{"pin": 1, "n": 2}], "codes": ["x"]})"),
              R"({"name":"a","open":"o","inner":{"id":1},"list":[{"n":2}],"codes":[null]})");
}

TEST_F(EventSchemasTest, OneDescriptionThatHidesIsEnough) {
    EXPECT_EQ(shown(R"({"allOf": [{"properties": {"a": {}, "b": {}}}, {"properties": {"b": {"x-secret": true}}}],
                        "properties": {"c": {"$ref": "#/definitions/hidden"}},
                        "definitions": {"hidden": {"x-secret": true}}})",
                    R"({"a": 1, "b": 2, "c": 3})"),
              R"({"a":1})");
}

TEST_F(EventSchemasTest, WhatTheSchemaDoesNotDescribeIsNotShown) {
    EXPECT_EQ(shown(R"({"properties": {"a": {}}})", R"({"a": {"free": 1}, "password": "x"})"),
              R"({"a":{"free":1}})");
    EXPECT_EQ(shown(R"({"properties": {"a": {}}, "additionalProperties": true})", R"({"a": 1, "b": 2})"),
              R"({"a":1,"b":2})");
    EXPECT_EQ(
        shown(R"({"properties": {"a": {}}, "additionalProperties": {"x-secret": true}})", R"({"a": 1, "b": 2})"),
        R"({"a":1})");
}

TEST_F(EventSchemasTest, ASchemaMayDescribeATree) {
    EXPECT_EQ(shown(R"({"properties": {"id": {}, "pin": {"x-secret": true}, "next": {"$ref": "#"}}})",
                    R"({"id": 1, "pin": 2, "next": {"id": 3, "pin": 4}})"),
              R"({"id":1,"next":{"id":3}})");
}

TEST_F(EventSchemasTest, WithoutSchemaOrSenseNothingIsShown) {
    file("E.2.json", "{}");
    auto schemas = EventSchemas::load(directory_);
    ASSERT_TRUE(schemas);
    EXPECT_TRUE(schemas.value().knows("E", 2));
    EXPECT_FALSE(schemas.value().knows("E", 1));
    EXPECT_EQ(schemas.value().shown("E", 1, R"({"a": 1})"), "null");
    EXPECT_EQ(schemas.value().shown("F", 2, R"({"a": 1})"), "null");
    EXPECT_EQ(schemas.value().shown("E", 2, R"({"a": )"), "null");
    EXPECT_EQ(schemas.value().shown("E", 2, R"({"a": 1})"), R"({"a":1})");
}

TEST_F(EventSchemasTest, DataIsCheckedByTheSchemaOfItsVersion) {
    file("E.1.json", R"({"required": ["a"]})");
    file("E.2.json", R"({"required": ["b"]})");
    const auto schemas = EventSchemas::load(directory_);
    ASSERT_TRUE(schemas);
    EXPECT_THAT(schemas.value().check("E", 1, R"({"a": 1})"), testing::IsEmpty());
    EXPECT_THAT(schemas.value().check("E", 2, R"({"a": 1})"), ElementsAre(Violation{"/b", "is required"}));
    EXPECT_THAT(schemas.value().check("F", 1, "{}"), testing::IsEmpty());
}

TEST_F(EventSchemasTest, RequestSchemasAreReadOnceAndToldWithTheirRoute) {
    file("open.json", R"({"required": ["name"]})");
    file("bad.json", R"({"properties": {"a": {"type": 7}}})");
    CommandRoute open, plain, bad;
    open.request_schema = directory_ / "open.json";
    bad.method = "PUT";
    bad.path = "/bad/";
    bad.request_schema = directory_ / "bad.json";
    const auto schemas = RequestSchemas::load({open, open, plain});
    ASSERT_TRUE(schemas);
    ASSERT_NE(schemas.value().find(open), nullptr);
    EXPECT_THAT(schemas.value().find(open)->check("{}"), ElementsAre(Violation{"/name", "is required"}));
    EXPECT_EQ(schemas.value().find(plain), nullptr);
    const auto refused = RequestSchemas::load({bad, open});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(), ElementsAre(testing::AllOf(HasSubstr("bad.json"), HasSubstr("/properties/a"),
                                                            HasSubstr("PUT /bad/"))));
}

TEST_F(EventSchemasTest, AllProblemsOfAllFilesComeAtOnce) {
    file("A.json", "{}");
    file("B.x.json", "{}");
    file("C.1.json", "{");
    file("D.1.json", "[]");
    file("F.1.json", R"({"type": 7})");
    file("G.1.json", R"({"properties": {"a": {"$ref": "#/properties/a"}}})");
    file("README.md", "not a schema");
    auto schemas = EventSchemas::load(directory_);
    ASSERT_FALSE(schemas);
    EXPECT_THAT(schemas.error(),
                ElementsAre(HasSubstr("A.json"), HasSubstr("B.x.json"), HasSubstr("not JSON"),
                            HasSubstr("no object"), HasSubstr("F.1.json"), HasSubstr("leads back to itself")));
    EXPECT_FALSE(EventSchemas::load(directory_ / "nowhere"));
}

}  // namespace
}  // namespace lantern::schemas
