#include "host/worker/changes.hpp"

#include <gtest/gtest.h>

namespace lantern::worker {
namespace {

Changes notes() {
    return Changes({{"notes", Ownership::owned, {{"id"}, {"a"}, {"b"}}, 1, {}},
                    {"totals",
                     Ownership::shared,
                     {{"day", ColumnType::date},
                      {"count", ColumnType::integer, Merge::add},
                      {"first", ColumnType::integer, Merge::least},
                      {"last", ColumnType::integer, Merge::greatest},
                      {"name", ColumnType::text, Merge::newest}},
                     1,
                     {}}});
}

const std::vector<Value> kOne{std::string("1")};
const Value kNull{};
Value text(const char* of) {
    return std::string(of);
}
Value number(std::int64_t of) {
    return of;
}

TEST(Changes, AnUpsertIsTheWholeRow) {
    auto changes = notes();
    changes.begin_event(Position{1});
    EXPECT_FALSE(changes.record({0, Verb::upsert, kOne, {{1, text("x")}, {2, text("y")}}}));
    EXPECT_FALSE(changes.record({0, Verb::upsert, kOne, {{2, text("z")}}}));
    ASSERT_EQ(changes.writes().size(), 1u);
    EXPECT_EQ(changes.writes()[0].upserts, (std::vector<Row>{{text("1"), kNull, text("z")}}));
}

TEST(Changes, PatchesJoinAndFoldIntoAnEarlierUpsert) {
    auto changes = notes();
    changes.begin_event(Position{1});
    changes.record({0, Verb::patch, kOne, {{2, text("b")}}});
    changes.record({0, Verb::patch, kOne, {{1, text("a")}}});
    EXPECT_EQ(changes.writes()[0].patches.at(0).cells, (std::vector<Cell>{{1, text("a")}, {2, text("b")}}));
    changes.record({0, Verb::upsert, kOne, {}});
    changes.record({0, Verb::patch, kOne, {{1, text("c")}}});
    EXPECT_EQ(changes.writes()[0].upserts, (std::vector<Row>{{text("1"), text("c"), kNull}}));
}

TEST(Changes, NothingPatchesARemovedRow) {
    auto changes = notes();
    changes.begin_event(Position{1});
    changes.record({0, Verb::remove, kOne, {}});
    changes.record({0, Verb::patch, kOne, {{1, text("a")}}});
    EXPECT_TRUE(changes.writes()[0].patches.empty());
    EXPECT_EQ(changes.writes()[0].removes, std::vector<std::vector<Value>>{kOne});
}

TEST(Changes, DroppingAnEventRestoresWhatWasBefore) {
    auto changes = notes();
    changes.begin_event(Position{1});
    changes.record({0, Verb::upsert, kOne, {{1, text("kept")}}});
    changes.begin_event(Position{2});
    changes.record({0, Verb::patch, kOne, {{1, text("dropped")}}});
    changes.record({0, Verb::remove, kOne, {}});
    changes.record({0, Verb::upsert, {text("2")}, {}});
    changes.record({1, Verb::add, {number(5)}, {{1, number(3)}}});
    changes.drop_event();
    ASSERT_EQ(changes.writes().size(), 1u);
    EXPECT_EQ(changes.writes()[0].upserts, (std::vector<Row>{{text("1"), text("kept"), kNull}}));
}

TEST(Changes, SharedVerbsMergeOverTheBatch) {
    auto changes = notes();
    for (const std::int64_t at : {4, 9, 7}) {
        changes.begin_event(Position{at});
        changes.record({1, Verb::add, {number(5)}, {{1, number(2)}}});
        changes.record({1, Verb::least, {number(5)}, {{2, number(at)}}});
        changes.record({1, Verb::greatest, {number(5)}, {{3, number(at)}}});
        changes.record({1, Verb::put_newest, {number(5)}, {{4, text(at == 9 ? "nine" : "other")}}});
    }
    const auto merge = changes.writes().at(0).merges.at(0);
    EXPECT_EQ(merge.cells, (std::vector<Cell>{{1, number(6)}, {2, number(4)}, {3, number(9)}, {4, text("nine")}}));
    EXPECT_EQ(merge.newest, Position{9});
}

TEST(Changes, KeysAreSortedAlikeInEveryWorker) {
    auto changes = notes();
    changes.begin_event(Position{1});
    for (const std::int64_t day : {3, -1, 200, 2}) changes.record({1, Verb::add, {number(day)}, {{1, number(1)}}});
    std::vector<Value> days;
    const auto writes = changes.writes();
    for (const auto& merge : writes.at(0).merges) days.push_back(merge.key.at(0));
    EXPECT_EQ(days, (std::vector<Value>{number(-1), number(2), number(3), number(200)}));
}

TEST(Changes, RefusesWhatWasNotDeclared) {
    auto changes = notes();
    changes.begin_event(Position{1});
    EXPECT_TRUE(changes.record({7, Verb::upsert, kOne, {}}));
    EXPECT_TRUE(changes.record({0, Verb::upsert, {}, {}}));
    EXPECT_TRUE(changes.record({0, Verb::upsert, kOne, {{9, kNull}}}));
    EXPECT_TRUE(changes.record({0, Verb::upsert, kOne, {{0, kNull}}})) << "the key is not a value";
    EXPECT_TRUE(changes.record({0, Verb::add, kOne, {{1, number(1)}}})) << "shared verb on an owned table";
    EXPECT_TRUE(changes.record({1, Verb::upsert, {number(1)}, {}})) << "owned verb on a shared table";
    EXPECT_TRUE(changes.record({1, Verb::add, {number(1)}, {{2, number(1)}}})) << "column merges by another verb";
    EXPECT_TRUE(changes.record({1, Verb::add, {number(1)}, {{1, kNull}}}));
    EXPECT_TRUE(changes.record({1, Verb::put_newest, {number(1)}, {}})) << "must give all newest columns";
    EXPECT_TRUE(changes.empty());
}

}  // namespace
}  // namespace lantern::worker
