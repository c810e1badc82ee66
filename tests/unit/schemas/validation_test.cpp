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
    EXPECT_THAT(pointers(violations), testing::UnorderedElementsAre("/from", "/form"));
}

TEST(Validate, WhatIsWrongIsSaidInWordsThatNameNoValue) {
    const auto all = [](const std::string& schema, const std::string& document) {
        std::string text;
        for (const auto& violation : validate(schema, document))
            text += violation.pointer + " " + violation.message + "\n";
        return text;
    };
    EXPECT_EQ(all(kSchema, R"({"from": 7, "porn": 1})"),
              "/from must be text, not a whole number\n/porn is not known here; there are from, port and a/b\n");
    EXPECT_EQ(all(kSchema, R"({"port": 0, "a/b": {}})"),
              "/a~1b must be a list, not an object\n/port must be at least 1\n/from is required\n");
    EXPECT_EQ(all(kSchema, R"({"from": "me"})"), "/from must have at least 3 characters\n");
    EXPECT_EQ(all(R"({"properties": {"role": {"enum": ["admin", "user"]}}})", R"({"role": "s3cret"})"),
              "/role must be admin or user\n");
    EXPECT_EQ(all(R"({"$ref": "#/definitions/d", "definitions": {"d": {"items": {"type": ["integer", "null"]}}}})",
                  "[1, null, 1.5]"),
              "/2 must be a whole number or null, not a number\n");
    EXPECT_EQ(all(R"({"minProperties": 1})", "{}"), " must have at least 1 field\n");
}

TEST(Validate, ALongTextIsNotMatchedAgainstAPattern) {
    const std::string schema = R"({"properties": {"a": {"pattern": "^(x|y)*$"}}})";
    const auto text = [](std::size_t size) { return "{\"a\": \"" + std::string(size, 'x') + "\"}"; };
    EXPECT_THAT(validate(schema, text(kPatternTextBytesMax)), SizeIs(0));
    EXPECT_THAT(validate(schema, text(1 << 20)), SizeIs(1));
    EXPECT_EQ(validate(schema, R"({"a": "z"})").at(0).message, "must match the pattern ^(x|y)*$");
}

TEST(Validate, ABadSchemaIsToldWithItsPlace) {
    EXPECT_THAT(refuse_schema("{\"type\":\n \"object\",}").value_or(""), HasSubstr("line 2, column 11"));
    EXPECT_THAT(refuse_schema(R"({"properties": {"a": {"items": {"type": "wrong"}}}})").value_or(""),
                HasSubstr("at /properties/a/items: "));
}

TEST(Validate, TextThatIsNotJsonIsSaidToBeNone) {
    EXPECT_THAT(validate("{", "{}").at(0).message,
                HasSubstr("the schema is none: text that is not JSON, line 1, column 2"));
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
