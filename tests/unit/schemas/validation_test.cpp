#include "host/schemas/validation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lantern::schemas {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kSchema = R"({
    "type": "object",
    "required": ["from"],
    "additionalProperties": false,
    "properties": {
        "from": {"type": "string", "minLength": 3},
        "port": {"type": "integer", "minimum": 1},
        "a/b": {"type": "array", "items": {"type": "boolean"}}
    }
})";

std::vector<std::string> pointers(const std::vector<Violation>& violations) {
    std::vector<std::string> out;
    for (const auto& violation : violations) out.push_back(violation.pointer);
    return out;
}

TEST(Validate, WhatFitsHasNoViolation) {
    EXPECT_THAT(validate(kSchema, R"({"from": "a@b", "port": 25, "a/b": [true]})"), SizeIs(0));
    EXPECT_THAT(validate("{}", R"({"any": "thing"})"), SizeIs(0));
}

TEST(Validate, AllViolationsAreNamedByPointer) {
    const auto violations = validate(kSchema, R"({"from": "a", "port": "x", "a/b": [true, 1]})");
    EXPECT_THAT(pointers(violations), testing::IsSupersetOf({"/from", "/port", "/a~1b/1"}));
}

TEST(Validate, MissingAndUnknownPropertiesAreViolations) {
    const auto violations = validate(kSchema, R"({"form": "a@b"})");
    ASSERT_FALSE(violations.empty());
    std::string all;
    for (const auto& violation : violations) all += violation.message + "\n";
    EXPECT_THAT(all, HasSubstr("from"));
    EXPECT_THAT(all, HasSubstr("form"));
}

TEST(Validate, TextThatIsNotJsonIsSaidToBeNone) {
    EXPECT_THAT(validate("{", "{}").at(0).message, HasSubstr("the schema is not JSON"));
    EXPECT_THAT(validate("{}", "{").at(0).message, HasSubstr("this is not JSON"));
    EXPECT_THAT(validate(R"({"type": "nonsense"})", "{}").at(0).message, HasSubstr("the schema is none"));
    EXPECT_FALSE(refuse_schema("{}"));
    EXPECT_TRUE(refuse_schema(R"({"properties": 1})"));
}

TEST(Validate, ASchemaThatLeadsBackToItselfIsRefused) {
    EXPECT_TRUE(refuse_schema(R"({"allOf": [{"$ref": "#"}]})"));
    EXPECT_TRUE(
        refuse_schema(R"({"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}})"));
    EXPECT_FALSE(refuse_schema(R"({"properties": {"next": {"$ref": "#"}, "other": {"$ref": "#"}}})"));
    EXPECT_THAT(validate(R"({"properties": {"next": {"$ref": "#"}}})", R"({"next": {"next": {}}})"), SizeIs(0));
}

}  // namespace
}  // namespace lantern::schemas
