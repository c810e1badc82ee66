#include "host/plugin_loading/description_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lantern::plugin_loading {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> problems_of(const std::string& json) {
    auto parsed = parse_description(json);
    return parsed ? std::vector<std::string>{} : parsed.error();
}

// A projection with one table.
std::string with_table(const std::string& table) {
    return R"({"name": "p", "version": "1", "kind": "projection", "events": {"E": 1}, "tables": [)" + table + "]}";
}

TEST(DescriptionParser, ReadsAProjection) {
    const auto parsed = parse_description(R"({"name": "signups", "version": "1.0", "kind": "projection",
        "events": {"USER_CREATED": 2, "USER_DELETED": 1}, "settings": {"type": "object"}, "schema_version": 3,
        "tables": [
          {"name": "per_day", "ownership": "shared", "key": ["day", "country"], "columns": [
            {"name": "day", "type": "date"}, {"name": "country", "type": "text"},
            {"name": "count", "type": "integer", "merge": "add"},
            {"name": "last", "type": "json", "merge": "newest"}], "indexes": [["country"]]},
          {"name": "users", "ownership": "owned", "key": ["id"], "columns": [
            {"name": "id", "type": "uuid"}, {"name": "ratio", "type": "double"}]}]})");
    ASSERT_TRUE(parsed) << testing::PrintToString(parsed.error());
    const Description& description = parsed.value();
    EXPECT_EQ(description.name, "signups");
    EXPECT_EQ(description.kind, PluginKind::projection);
    EXPECT_EQ(description.events, (std::map<std::string, int>{{"USER_CREATED", 2}, {"USER_DELETED", 1}}));
    EXPECT_EQ(description.settings_schema, R"({"type":"object"})");
    EXPECT_EQ(description.schema_version, 3);
    ASSERT_EQ(description.tables.size(), 2u);
    const Table per_day{"per_day",
                        Ownership::shared,
                        {{"day", ColumnType::date, Merge::none},
                         {"country", ColumnType::text, Merge::none},
                         {"count", ColumnType::integer, Merge::add},
                         {"last", ColumnType::json, Merge::newest}},
                        2,
                        {{"country"}}};
    EXPECT_EQ(description.tables[0], per_day);
    EXPECT_EQ(description.tables[1].columns[1].type, ColumnType::real);
    EXPECT_EQ(description.declaration_hash.size(), 40u);
}

TEST(DescriptionParser, ReadsTheOtherKinds) {
    const auto aggregate = parse_description(R"({"name": "user", "version": "1", "kind": "aggregate",
        "events": {"USER_CREATED": 2}, "aggregate_type": "user", "state_version": 2, "commands": ["create"],
        "secret_state": ["password_hash"]})");
    ASSERT_TRUE(aggregate) << testing::PrintToString(aggregate.error());
    EXPECT_EQ(aggregate.value().aggregate_type, "user");
    EXPECT_EQ(aggregate.value().state_version, 2);
    EXPECT_THAT(aggregate.value().commands, ElementsAre("create"));
    EXPECT_THAT(aggregate.value().secret_state, ElementsAre("password_hash"));

    const auto schema = parse_description(R"({"name": "s", "version": "1", "kind": "schema", "events": {},
        "upcasts": [{"type": "USER_CREATED", "from": 1}]})");
    ASSERT_TRUE(schema) << testing::PrintToString(schema.error());
    EXPECT_THAT(schema.value().upcasts, ElementsAre(Upcast{"USER_CREATED", 1}));

    const auto effect = parse_description(
        R"({"name": "mail", "version": "1", "kind": "side_effect", "events": {"E": 1}, "replayable": true})");
    ASSERT_TRUE(effect) << testing::PrintToString(effect.error());
    EXPECT_TRUE(effect.value().replayable);
    EXPECT_EQ(effect.value().settings_schema, "{}");
}

TEST(DescriptionParser, TellsAllProblemsAtOnce) {
    EXPECT_THAT(
        problems_of(R"({"name": "Bad Name", "kind": "projection", "events": {"a.b": 0}, "tabels": []})"),
        UnorderedElementsAre(AllOf(HasSubstr("name: found \"Bad Name\""), HasSubstr("expected a name")),
                             HasSubstr("version: found nothing"),
                             AllOf(HasSubstr("tabels: found an unknown member"), HasSubstr("did you mean tables?")),
                             HasSubstr("events.a.b: found this name"),
                             HasSubstr("events.a.b: found 0, expected an integer from 1")));
}

TEST(DescriptionParser, RefusesWhatIsNoObject) {
    EXPECT_THAT(problems_of(""), ElementsAre(HasSubstr("no JSON")));
    EXPECT_THAT(problems_of("[1]"), ElementsAre("found [1], expected one JSON object"));
    EXPECT_THAT(problems_of(std::string(100'000, '[')), ElementsAre(HasSubstr("no JSON")));
    EXPECT_THAT(problems_of(R"({"name": "x", "version": "1", "kind": "projektion"})"),
                Contains(AllOf(HasSubstr("kind: found \"projektion\""), HasSubstr("did you mean projection?"))));
}

TEST(DescriptionParser, MembersOfAnotherKindAreUnknown) {
    EXPECT_THAT(
        problems_of(R"({"name": "x", "version": "1", "kind": "side_effect", "events": {"E": 1}, "tables": []})"),
        ElementsAre(HasSubstr("tables: found an unknown member")));
}

TEST(DescriptionParser, AnOwnedKeyBeginsWithTheAggregateId) {
    EXPECT_THAT(problems_of(with_table(R"({"name": "t", "ownership": "owned", "key": ["n"],
                    "columns": [{"name": "n", "type": "integer"}]})")),
                ElementsAre(AllOf(HasSubstr("tables[0].key: found n of type integer"), HasSubstr("aggregate id"))));
    EXPECT_THAT(problems_of(with_table(R"({"name": "t", "ownership": "owned", "key": ["b"],
                    "columns": [{"name": "a", "type": "text"}, {"name": "b", "type": "text"}]})")),
                ElementsAre(HasSubstr("tables[0].key: found b, expected the names of the first columns")));
    EXPECT_THAT(problems_of(with_table(R"({"name": "t", "ownership": "owned", "key": [],
                    "columns": [{"name": "a", "type": "text"}]})")),
                ElementsAre(HasSubstr("tables[0].key: found [], expected at least one column")));
}

TEST(DescriptionParser, WhatDependsOnTheOrderAcrossStreamsIsRefusedWithTheReason) {
    EXPECT_THAT(problems_of(with_table(R"({"name": "t", "ownership": "shared", "key": ["id"],
                    "columns": [{"name": "id", "type": "text"}, {"name": "plain", "type": "text"}]})")),
                ElementsAre(AllOf(HasSubstr("tables[0].columns[1].merge: found nothing"), HasSubstr("no order"))));
    EXPECT_THAT(problems_of(with_table(R"({"name": "t", "ownership": "shared", "key": ["id"],
                    "columns": [{"name": "id", "type": "text"}, {"name": "sum", "type": "double", "merge": "add"}]})")),
                ElementsAre(AllOf(HasSubstr("found add on a double column"), HasSubstr("order of addition"))));
    EXPECT_THAT(problems_of(with_table(R"({"name": "t", "ownership": "shared", "key": ["id"],
                    "columns": [{"name": "id", "type": "text"}, {"name": "n", "type": "integer", "merge": "add"}],
                    "indexes": [{"columns": ["n"], "unique": true}]})")),
                ElementsAre(AllOf(HasSubstr("tables[0].indexes[0]: found a unique index"), HasSubstr("order"))));
    EXPECT_THAT(problems_of(with_table(R"({"name": "t", "ownership": "owned", "key": ["id"],
                    "columns": [{"name": "id", "type": "text"}, {"name": "n", "type": "integer", "merge": "add"}]})")),
                ElementsAre(HasSubstr("expected no merge on an owned table")));
}

TEST(DescriptionParser, RefusesNamesThatClash) {
    EXPECT_THAT(problems_of(with_table(R"({"name": "lantern_t", "ownership": "owned", "key": ["id"],
                    "columns": [{"name": "id", "type": "text"}, {"name": "a", "type": "text"},
                                {"name": "a", "type": "time"}], "indexes": [["b"]]})")),
                UnorderedElementsAre(HasSubstr("which Lantern keeps"), HasSubstr("found a a second time"),
                                     HasSubstr("tables[0].indexes[0]: found [\"b\"]")));
}

TEST(DescriptionParser, RefusesAnUpcasterNamedTwice) {
    EXPECT_THAT(problems_of(R"({"name": "s", "version": "1", "kind": "schema",
                    "upcasts": [{"type": "E", "from": 1}, {"type": "E", "from": 1}, {"type": "E"}]})"),
                Contains(HasSubstr("upcasts[1]: found E 1 a second time")));
}

TEST(DescriptionParser, TheDescriptionAsJsonReadsBack) {
    const std::string text = with_table(R"({"name": "t", "ownership": "owned", "key": ["id"],
                    "columns": [{"name": "id", "type": "text"}]})");
    const auto parsed = parse_description(text);
    ASSERT_TRUE(parsed);
    EXPECT_THAT(description_json(parsed.value()),
                AllOf(HasSubstr(R"("kind":"projection")"), HasSubstr(R"("columns":[{"name":"id","type":"text"}])"),
                      HasSubstr(parsed.value().declaration_hash)));
}

}  // namespace
}  // namespace lantern::plugin_loading
