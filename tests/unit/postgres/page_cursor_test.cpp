#include "host/postgres/store/page_cursor.hpp"

#include <gtest/gtest.h>

namespace lantern::postgres {
namespace {

TEST(PageCursor, ThereAndBack) {
    for (const CursorValues& values : std::vector<CursorValues>{
             {"a"}, {std::nullopt}, {""}, {"a.b", std::nullopt, "\xc3\xbc-x", ""}, {"2026-11-21 03:33:26+00"}})
        EXPECT_EQ(parse_cursor(cursor_text(values)), values) << cursor_text(values);
}

TEST(PageCursor, NothingElseIsACursor) {
    for (const char* text : {"", "x1", "y", "-.", "xzz", "x00", "--", "x61x62"})
        EXPECT_FALSE(parse_cursor(text)) << text;
}

}  // namespace
}  // namespace lantern::postgres
