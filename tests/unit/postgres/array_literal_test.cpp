#include "host/postgres/array_literal.hpp"

#include <gtest/gtest.h>

namespace lantern::postgres {
namespace {

using namespace std::string_view_literals;

TEST(ArrayLiteral, EmptyNumbersAndNulls) {
    EXPECT_EQ(ArrayLiteral().take(), "{}");
    ArrayLiteral literal;
    literal.add(std::int64_t{1}).add_null().add(std::int64_t{-9'223'372'036'854'775'807 - 1});
    EXPECT_EQ(std::move(literal).take(), "{1,NULL,-9223372036854775808}");
}

TEST(ArrayLiteral, TextIsQuotedSoThatNothingOfItIsSyntax) {
    ArrayLiteral literal;
    literal.add(""sv).add("NULL"sv).add("a,b"sv).add("{}"sv).add(R"("\")"sv).add(" x "sv).add("ü\n"sv);
    EXPECT_EQ(std::move(literal).take(), R"({"","NULL","a,b","{}","\"\\\""," x ","ü)"
                                         "\n\"}");
}

TEST(ArrayLiteral, ValuesByColumnType) {
    ArrayLiteral literal;
    literal.add(ColumnType::boolean, Value{std::int64_t{1}});
    literal.add(ColumnType::real, Value{0.1});
    literal.add(ColumnType::time, Value{std::int64_t{-1}});
    literal.add(ColumnType::date, Value{std::int64_t{0}});
    literal.add(ColumnType::json, Value{std::string(R"({"a":1})")});
    literal.add(ColumnType::text, Value{});
    EXPECT_EQ(std::move(literal).take(),
              R"({"t","0.1","1969-12-31 23:59:59.999999+00","1970-01-01","{\"a\":1}",NULL})");
}

TEST(ArrayLiteral, OfARange) {
    const std::vector<StreamId> streams{StreamId{3}, StreamId{1}};
    EXPECT_EQ(array_of(streams, [](const StreamId& stream) { return stream.value; }), "{3,1}");
}

}  // namespace
}  // namespace lantern::postgres
