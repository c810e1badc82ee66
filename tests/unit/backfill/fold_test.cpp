#include "host/backfill/fold.hpp"

#include <gtest/gtest.h>

namespace lantern::backfill {
namespace {

const std::vector<Table>& tables() {
    static const std::vector<Table> both = {{"people",
                                             Ownership::owned,
                                             {{"id", ColumnType::text},
                                              {"n", ColumnType::integer},
                                              {"name", ColumnType::text},
                                              {"age", ColumnType::integer}},
                                             2,
                                             {}},
                                            {"sums",
                                             Ownership::shared,
                                             {{"day", ColumnType::text},
                                              {"made", ColumnType::integer, Merge::add},
                                              {"least", ColumnType::integer, Merge::least},
                                              {"newest", ColumnType::text, Merge::newest}},
                                             1,
                                             {}}};
    return both;
}

class Written final : public Load {
public:
    void add(std::uint32_t, const Row& row) override { rows.push_back(row); }
    void add_partial(std::uint32_t, const std::vector<Value>& key, const std::vector<Cell>& cells,
                     Position newest) override {
        Row row = key;
        for (const auto& cell : cells) row.push_back(cell.value);
        row.emplace_back(newest.value);
        partials.push_back(std::move(row));
    }
    void add(const worker::StreamRow&) override {}
    std::size_t bytes() const override { return 0; }
    bool commit(StreamId, const Tally&) override { return true; }

    std::vector<Row> rows, partials;
};

std::vector<Value> key(std::int64_t n) {
    return {std::string("a"), n};
}
Change upsert(std::int64_t n, const std::string& name, std::int64_t age) {
    return {0, Verb::upsert, key(n), {{2, name}, {3, age}}};
}
Change patch(std::int64_t n, std::int64_t age) {
    return {0, Verb::patch, key(n), {{3, age}}};
}
Change merge(Verb verb, std::uint32_t column, Value value) {
    return {1, verb, {std::string("monday")}, {{column, std::move(value)}}};
}

class FoldTest : public testing::Test {
protected:
    void event(std::vector<Change> changes, std::int64_t position = 1) {
        fold_.begin_event(Position{position});
        for (auto& change : changes) fold_.record(std::move(change));
        fold_.keep_event();
    }
    std::vector<Row> rows() {
        Written written;
        fold_.end_stream(written);
        return written.rows;
    }

    Fold fold_{tables()};
};

TEST_F(FoldTest, a_row_is_written_once_as_its_events_leave_it) {
    event({upsert(1, "x", 1), upsert(2, "y", 2)});
    event({patch(1, 5), {0, Verb::remove, key(2), {}}});
    event({patch(2, 7), patch(3, 7)});  // no rows to patch
    EXPECT_EQ(rows(), (std::vector<Row>{{std::string("a"), std::int64_t{1}, std::string("x"), std::int64_t{5}}}));
    EXPECT_TRUE(rows().empty()) << "the next stream begins with nothing";
}

TEST_F(FoldTest, an_upsert_forgets_what_the_row_held) {
    event({upsert(1, "x", 1)});
    event({{0, Verb::upsert, key(1), {{2, std::string("z")}}}});
    EXPECT_EQ(rows(), (std::vector<Row>{{std::string("a"), std::int64_t{1}, std::string("z"), Value{}}}));
}

TEST_F(FoldTest, an_event_that_fails_leaves_nothing_also_when_it_looked_meanwhile) {
    event({upsert(1, "x", 1)});
    fold_.begin_event(Position{2});
    fold_.record(patch(1, 9));
    fold_.record(upsert(2, "new", 2));
    fold_.record(merge(Verb::add, 1, std::int64_t{1}));
    ASSERT_NE(fold_.find(0, key(1)), nullptr);
    EXPECT_EQ((*fold_.find(0, key(1)))[3], Value{std::int64_t{9}}) << "under its own changes";
    fold_.record(patch(1, 10));
    fold_.drop_event();
    EXPECT_EQ(fold_.find(0, key(2)), nullptr);
    EXPECT_EQ(rows(), (std::vector<Row>{{std::string("a"), std::int64_t{1}, std::string("x"), std::int64_t{1}}}));
    EXPECT_EQ(fold_.partials(), 0u);
}

TEST_F(FoldTest, many_rows_of_a_stream_are_found_like_few) {
    for (std::int64_t n = 0; n < 100; ++n) event({upsert(n, "x", n)});
    for (std::int64_t n = 0; n < 100; ++n) {
        ASSERT_NE(fold_.find(0, key(n)), nullptr);
        EXPECT_EQ((*fold_.find(0, key(n)))[3], Value{n});
        event({patch(n, n + 1)});
    }
    EXPECT_EQ(fold_.find(0, key(100)), nullptr);
    const auto all = rows();
    ASSERT_EQ(all.size(), 100u);
    EXPECT_EQ(all[99][3], Value{std::int64_t{100}});
}

TEST_F(FoldTest, shared_rows_are_merged_over_streams_and_go_out_as_partial_results) {
    event({merge(Verb::add, 1, std::int64_t{2}), merge(Verb::least, 2, std::int64_t{5}),
           merge(Verb::put_newest, 3, std::string("late"))},
          9);
    EXPECT_TRUE(rows().empty());
    event({merge(Verb::add, 1, std::int64_t{3}), merge(Verb::least, 2, std::int64_t{4}),
           merge(Verb::put_newest, 3, std::string("early"))},
          4);
    Written written;
    fold_.put_partials(written);
    EXPECT_EQ(written.partials, (std::vector<Row>{{std::string("monday"), std::int64_t{5}, std::int64_t{4},
                                                   std::string("late"), std::int64_t{9}}}));
    EXPECT_EQ(fold_.partials(), 0u);
}

}  // namespace
}  // namespace lantern::backfill
