#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/plugin_loading/description_parser.hpp"

namespace lantern::plugin_loading {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Description described(int schema_version, const std::string& tables) {
    auto parsed = parse_description(R"({"name": "p", "version": "1", "kind": "projection", "events": {"E": 1},
        "schema_version": )" + std::to_string(schema_version) +
                                    R"(, "tables": [)" + tables + "]}");
    EXPECT_TRUE(parsed) << testing::PrintToString(parsed.error());
    parsed.value().file = "plugins/p.so";
    return parsed.value();
}

const std::string kBefore = R"({"name": "people", "ownership": "owned", "key": ["id"], "columns": [
    {"name": "id", "type": "text"}, {"name": "name", "type": "text"}, {"name": "gone", "type": "time"}]})";
const std::string kAfter = R"({"name": "people", "ownership": "owned", "key": ["id"], "columns": [
    {"name": "id", "type": "text"}, {"name": "name", "type": "json"}, {"name": "new", "type": "integer"}],
    "indexes": [["new"]]})";

TEST(DeclarationConflict, EqualTablesAreNone) {
    const auto before = described(1, kBefore);
    EXPECT_EQ(declaration_conflict(before, 1, before.declaration), std::nullopt);
}

TEST(DeclarationConflict, AHigherSchemaVersionMayChangeEverything) {
    EXPECT_EQ(declaration_conflict(described(2, kAfter), 1, described(1, kBefore).declaration), std::nullopt);
}

TEST(DeclarationConflict, OtherTablesUnderTheSameVersionAreToldInWords) {
    const auto conflict = declaration_conflict(described(1, kAfter), 1, described(1, kBefore).declaration);
    ASSERT_TRUE(conflict);
    EXPECT_THAT(*conflict,
                AllOf(HasSubstr("plugins/p.so"), HasSubstr("schema_version to 2"),
                      HasSubstr("column name was text, is json"), HasSubstr("column gone (time) is gone"),
                      HasSubstr("column new (integer) is new"), HasSubstr("indexes were none, are (new)")));
}

TEST(DeclarationConflict, ATableMoreOrLessIsTold) {
    const std::string other = R"(, {"name": "pets", "ownership": "owned", "key": ["id"], "columns": [
        {"name": "id", "type": "text"}]})";
    const auto one = described(1, kBefore);
    const auto two = described(1, kBefore + other);
    EXPECT_THAT(*declaration_conflict(two, 1, one.declaration), HasSubstr("table pets is new"));
    EXPECT_THAT(*declaration_conflict(one, 1, two.declaration), HasSubstr("table pets is gone"));
}

TEST(DeclarationConflict, ALowerSchemaVersionIsRefused) {
    EXPECT_THAT(*declaration_conflict(described(1, kBefore), 4, described(4, kBefore).declaration),
                HasSubstr("found schema version 1 of p; expected at least 4"));
}

}  // namespace
}  // namespace lantern::plugin_loading
