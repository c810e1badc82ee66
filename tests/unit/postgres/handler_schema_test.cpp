#include "host/postgres/tables/handler_schema.hpp"

#include <gmock/gmock.h>

#include "host/postgres/tables/flush_functions.hpp"

namespace lantern::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

HandlerSchema schema_of(std::string handler, std::vector<Table> tables) {
    return {HandlerName{std::move(handler)}, 7, std::move(tables)};
}

TEST(HandlerSchema, RefusesNamesThatAreTaken) {
    for (const char* name : {"lantern", "public", "information_schema", "pg_mine", "pg_catalog"})
        EXPECT_TRUE(refusal_of(schema_of(name, {}))) << name;
    EXPECT_FALSE(refusal_of(schema_of("user_read_model", {})));
    EXPECT_TRUE(
        refusal_of(schema_of("x", {{"lantern_streams", Ownership::owned, {{"id", ColumnType::text}}, 1, {}}})));
    EXPECT_TRUE(refusal_of(schema_of("x", {{"t", Ownership::owned, {{"lantern_x", ColumnType::text}}, 1, {}}})));
}

TEST(HandlerSchema, RefusesMoreColumnsThanAMaskHolds) {
    Table table{"wide", Ownership::owned, {}, 1, {}};
    for (int column = 0; column < 61; ++column) table.columns.push_back({"c" + std::to_string(column)});
    EXPECT_THAT(refusal_of(schema_of("x", {table})).value_or(""), HasSubstr("61 columns"));
    table.columns.pop_back();
    EXPECT_FALSE(refusal_of(schema_of("x", {table})));
}

TEST(HandlerSchema, TablesAsDeclared) {
    const auto sql = tables_ddl(schema_of("x", {{"per_day",
                                                 Ownership::shared,
                                                 {{"day", ColumnType::date},
                                                  {"made", ColumnType::integer, Merge::add},
                                                  {"last", ColumnType::time, Merge::newest}},
                                                 1,
                                                 {{"made", "last"}}}}));
    EXPECT_THAT(sql, HasSubstr(R"("day" date not null)"));
    EXPECT_THAT(sql, HasSubstr(R"("made" bigint not null default 0)"));
    EXPECT_THAT(sql, HasSubstr("lantern_position bigint not null default 0"));
    EXPECT_THAT(sql, HasSubstr(R"(primary key ("day"))"));
    EXPECT_THAT(sql, HasSubstr(R"(create index on "per_day" ("made", "last"))"));
    EXPECT_THAT(sql, HasSubstr("create table lantern_streams"));
}

TEST(HandlerSchema, FunctionsNameNothingOfTheSchemaWithItsName) {
    const auto sql = functions_ddl(schema_of(
        "people", {{"people", Ownership::owned, {{"id", ColumnType::uuid}, {"name", ColumnType::text}}, 1, {}}}));
    EXPECT_THAT(sql, Not(HasSubstr("people.")));
    EXPECT_THAT(sql, Not(HasSubstr(R"("people".)")));
    EXPECT_THAT(sql, HasSubstr("pg_advisory_xact_lock_shared(x'4c42'::integer, 7)"));
}

TEST(HandlerSchema, CallsNumberTheirParameters) {
    std::size_t first = 1;
    EXPECT_THAT(enter_call(first), ::testing::EndsWith("$28::text)"));
    EXPECT_EQ(first, kEnterParameters + 1);
    const Table table{"t", Ownership::owned, {{"id", ColumnType::uuid}, {"name", ColumnType::text}}, 1, {}};
    EXPECT_EQ(write_call(table, 3, WriteKind::patch, first),
              "lantern_patch_3($29::uuid[], $30::text[], $31::bigint[])");
    EXPECT_EQ(write_call(table, 3, WriteKind::remove, first), "lantern_remove_3($32::uuid[])");
}

}  // namespace
}  // namespace lantern::postgres
