#include "host/plugin_loading/change_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lantern::plugin_loading {
namespace {

using testing::HasSubstr;

lantern_value text_value(std::int32_t type, std::string_view text) {
    lantern_value value{type, 0, {}};
    value.as.text = {text.data(), text.size()};
    return value;
}

lantern_value integer_value(std::int32_t type, std::int64_t integer) {
    lantern_value value{type, 0, {}};
    value.as.integer = integer;
    return value;
}

const Table kOwned{"people", Ownership::owned, {{"id", ColumnType::uuid}, {"active", ColumnType::boolean}}, 1, {}};
const Table kShared{"latest",
                    Ownership::shared,
                    {{"name", ColumnType::text},
                     {"a", ColumnType::text, Merge::newest},
                     {"n", ColumnType::integer, Merge::add},
                     {"b", ColumnType::integer, Merge::newest}},
                    1,
                    {}};

class ChangeChecks : public testing::Test {
protected:
    ChangeChecks() : check_({kOwned, kShared}) { event_.aggregate_id = "0190AAAA-0000-7000-8000-00000000000A"; }

    std::optional<std::string> check(std::uint32_t table, std::int32_t verb, const lantern_value& key,
                                     const std::vector<lantern_cell>& cells) {
        return check_.change({{table, &key, 1}, verb, cells.data(), static_cast<std::uint32_t>(cells.size())},
                             event_, change_);
    }

    ChangeCheck check_;
    Event event_;
    Change change_;
};

TEST_F(ChangeChecks, UuidsAreOneSpelling) {
    ASSERT_EQ(check(0, LANTERN_UPSERT, text_value(LANTERN_UUID, event_.aggregate_id), {}), std::nullopt);
    EXPECT_EQ(std::get<std::string>(change_.key[0]), "0190aaaa-0000-7000-8000-00000000000a");
}

TEST_F(ChangeChecks, ABooleanIsZeroOrOne) {
    const auto key = text_value(LANTERN_UUID, event_.aggregate_id);
    EXPECT_EQ(check(0, LANTERN_PATCH, key, {{1, 0, integer_value(LANTERN_BOOL, 1)}}), std::nullopt);
    EXPECT_THAT(*check(0, LANTERN_PATCH, key, {{1, 0, integer_value(LANTERN_BOOL, 2)}}),
                HasSubstr("table people, column active: found boolean 2"));
    EXPECT_THAT(*check(0, 12, key, {}), HasSubstr("unknown verb 12"));
}

TEST_F(ChangeChecks, PutNewestLeavesNoColumnToChance) {
    // What the event does not give becomes null: all newest columns are those of one event.
    ASSERT_EQ(
        check(1, LANTERN_PUT_NEWEST, text_value(LANTERN_TEXT, "x"), {{3, 0, integer_value(LANTERN_INTEGER, 5)}}),
        std::nullopt);
    EXPECT_EQ(change_.cells, (std::vector<Cell>{{1, std::monostate{}}, {3, std::int64_t{5}}}));
}

TEST_F(ChangeChecks, CellsAreSortedByColumn) {
    ASSERT_EQ(check(1, LANTERN_PUT_NEWEST, text_value(LANTERN_TEXT, "x"),
                    {{3, 0, integer_value(LANTERN_INTEGER, 5)}, {1, 0, text_value(LANTERN_TEXT, "y")}}),
              std::nullopt);
    EXPECT_EQ(change_.cells, (std::vector<Cell>{{1, std::string("y")}, {3, std::int64_t{5}}}));
}

TEST_F(ChangeChecks, NullIsNeitherAKeyNorMerged) {
    const lantern_value null{LANTERN_NULL, 0, {}};
    EXPECT_THAT(*check(1, LANTERN_ADD, null, {}), HasSubstr("found a value of type null, expected text"));
    EXPECT_THAT(*check(1, LANTERN_ADD, text_value(LANTERN_TEXT, "x"), {{2, 0, null}}), HasSubstr("found null"));
}

}  // namespace
}  // namespace lantern::plugin_loading
