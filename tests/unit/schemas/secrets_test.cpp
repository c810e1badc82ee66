// Data that was shown once has lost its secrets; it fits its schema all the same, and can be made to look whole.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "host/schemas/event_schemas.hpp"

namespace lantern::schemas {
namespace {

using Secrets = EventSchemas::Secrets;

class SecretsTest : public testing::Test {
protected:
    SecretsTest() : directory_(std::filesystem::temp_directory_path() / ("secrets" + std::to_string(getpid()))) {
        std::filesystem::create_directories(directory_);
        std::ofstream(directory_ / "MADE.1.json") << R"({
            "type": "object",
            "definitions": {"token": {"type": "integer", "x-secret": true, "minimum": 5, "default": 7}},
            "properties": {
                "name": {"type": "string"},
                "hash": {"type": "string", "x-secret": true},
                "keys": {"type": "array", "items": {
                    "type": "object", "properties": {"token": {"$ref": "#/definitions/token"}}, "required": ["token"]}}
            },
            "required": ["name", "hash"], "additionalProperties": false})";
        auto loaded = EventSchemas::load(directory_);
        EXPECT_TRUE(loaded);
        schemas_ = std::move(loaded.value());
    }
    ~SecretsTest() override { std::filesystem::remove_all(directory_); }

    const std::filesystem::path directory_;
    EventSchemas schemas_;
};

TEST_F(SecretsTest, OnlySecretsMayLackAndOnlyWhereThatIsSaid) {
    EXPECT_EQ(schemas_.check("MADE", 1, R"({"name": "a"})").size(), 1u);
    EXPECT_TRUE(schemas_.check("MADE", 1, R"({"name": "a"})", Secrets::may_lack).empty());
    EXPECT_EQ(schemas_.check("MADE", 1, R"({"hash": "h"})", Secrets::may_lack).size(), 1u);
    // Where one is given, it is checked.
    EXPECT_EQ(schemas_.check("MADE", 1, R"({"name": "a", "hash": 3})", Secrets::may_lack).size(), 1u);
    EXPECT_EQ(schemas_.check("MADE", 1, R"({"name": "a", "keys": [{"token": 1}, {}]})", Secrets::may_lack).size(),
              1u);
    EXPECT_FALSE(schemas_.check("MADE", 1, "{", Secrets::may_lack).empty());
}

TEST_F(SecretsTest, PlaceholdersStandWhereSecretsWere) {
    const auto made =
        schemas_.with_placeholders("MADE", 1, R"({"name": "a", "hash": "h", "keys": [{"token": 9}]})");
    EXPECT_EQ(made, R"({"name":"a","keys":[{"token":7}],"hash":"removed"})");
    EXPECT_TRUE(schemas_.check("MADE", 1, made).empty());
    EXPECT_EQ(schemas_.with_placeholders("OTHER", 1, R"({"a": 1})"), "null");
}

}  // namespace
}  // namespace lantern::schemas
