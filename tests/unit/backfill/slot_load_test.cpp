#include "host/backfill/slot_load.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "host/core/fault.hpp"

namespace lantern::backfill {
namespace {

const std::vector<Table> kTables = {
    {"sums", Ownership::owned, {{"id", ColumnType::text}, {"sum", ColumnType::integer}}, 1, {}}};

// Adds the event's data to the stream's row. "no": rejected, "later": retry, "away": a dependency is away.
class Summing final : public worker::Projection {
public:
    std::vector<worker::TableKey> keys(const Event&) override { return {}; }
    Outcome handle(const Event& event, worker::Recorder& recorder) override {
        if (event.data == "no") return {Outcome::Kind::rejected, "never", {}, {}};
        if (event.data == "later") return {Outcome::Kind::retry, "not now", {}, {}};
        if (event.data == "away") return {Outcome::Kind::unavailable, "it is away", "somewhere", {}};
        const std::vector<Value> key{event.aggregate_id};
        const Row* row = recorder.find(0, key);
        const auto before = row ? std::get<std::int64_t>((*row)[1]) : 0;
        recorder.record({0, Verb::upsert, key, {{1, before + std::stoll(event.data)}}});
        return {};
    }
};

class NoUpcasts final : public worker::Upcasts {
public:
    std::optional<std::string> upcast(Event&) override { return std::nullopt; }
};

class FakeScan final : public Scan {
public:
    bool next(Scanned& into) override {
        if (events.empty()) return false;
        into = events.front();
        events.pop_front();
        return true;
    }
    std::deque<Scanned> events;
};

// Tables that keep what was committed; can refuse the n-th commit, as when the slot was taken over.
class FakeLoad final : public Load {
public:
    void add(std::uint32_t, const Row& row) override { waiting_.push_back(row); }
    void add_partial(std::uint32_t, const std::vector<Value>&, const std::vector<Cell>&, Position) override {}
    void add(const worker::StreamRow& row) override { waiting_streams_.push_back(row); }
    std::size_t bytes() const override { return bytes_of_row * waiting_.size(); }
    bool commit(StreamId up_to, const Tally& tally) override {
        if (++commits == refused) return false;
        for (const auto& row : waiting_) sums[std::get<std::string>(row[0])] = std::get<std::int64_t>(row[1]);
        for (const auto& row : waiting_streams_) streams[row.stream.value] = row;
        waiting_.clear();
        waiting_streams_.clear();
        done = up_to;
        events += tally.events;
        parked += tally.parked;
        return true;
    }

    std::map<std::string, std::int64_t> sums;
    std::map<std::int64_t, worker::StreamRow> streams;
    StreamId done;
    std::int64_t events = 0, parked = 0;
    int commits = 0, refused = 0;
    std::size_t bytes_of_row = 1;

private:
    std::vector<Row> waiting_;
    std::vector<worker::StreamRow> waiting_streams_;
};

class SlotLoadTest : public testing::Test {
protected:
    void add(std::int64_t stream, std::int64_t revision, const std::string& data, std::int64_t head = 10,
             const std::string& type = "A") {
        Scanned scanned;
        scanned.event.stream = StreamId{stream};
        scanned.event.revision = Revision{revision};
        scanned.event.position = Position{++position_};
        scanned.event.aggregate_id = "s" + std::to_string(stream);
        scanned.event.type = type;
        scanned.event.data = data;
        scanned.head = Revision{head};
        scan_.events.push_back(scanned);
    }
    SlotLoad::Done run() {
        SlotLoad load({kTables, routes_, upcasts_, [] { return std::make_unique<Summing>(); }, clock_,
                       [this](std::int64_t) { return --chunks_ > 0; }});
        return load.run(scan_, load_, StreamId{100});
    }

    Routes routes_{{{"A", Position{0}, std::nullopt}, {"B", Position{0}, Position{2}}}};
    NoUpcasts upcasts_;
    SystemClock clock_;
    FakeScan scan_;
    FakeLoad load_;
    std::int64_t position_ = 0;
    int chunks_ = 1'000'000;
};

TEST_F(SlotLoadTest, folds_each_stream_and_notes_how_far) {
    add(1, 1, "1");
    add(1, 2, "2");
    add(7, 1, "5");
    EXPECT_EQ(run(), SlotLoad::Done::whole);
    EXPECT_EQ(load_.sums, (std::map<std::string, std::int64_t>{{"s1", 3}, {"s7", 5}}));
    EXPECT_EQ(load_.streams.at(1).revision, Revision{2});
    EXPECT_EQ(load_.done, StreamId{100});
    EXPECT_EQ(load_.events, 3);
}

TEST_F(SlotLoadTest, what_the_routes_do_not_want_is_passed_over) {
    add(1, 1, "1", 10, "B");
    add(1, 2, "2", 10, "C");
    add(1, 3, "4", 10, "B");  // behind its route's end
    add(2, 1, "8", 10, "C");
    EXPECT_EQ(run(), SlotLoad::Done::whole);
    EXPECT_EQ(load_.sums, (std::map<std::string, std::int64_t>{{"s1", 1}}));
    EXPECT_EQ(load_.streams.size(), 1u) << "a stream without a wanted event has no row";
    EXPECT_EQ(load_.streams.at(1).revision, Revision{1});
}

TEST_F(SlotLoadTest, a_stream_that_fails_is_parked_and_the_others_go_on) {
    add(1, 1, "1");
    add(1, 2, "no");
    add(1, 3, "4");
    add(2, 1, "later");
    add(3, 1, "9");
    EXPECT_EQ(run(), SlotLoad::Done::whole);
    EXPECT_EQ(load_.sums, (std::map<std::string, std::int64_t>{{"s1", 1}, {"s3", 9}}));
    const auto& dead = load_.streams.at(1);
    EXPECT_EQ(dead.state, worker::StreamState::dead);
    EXPECT_EQ(dead.revision, Revision{1});
    EXPECT_EQ(dead.seen, Revision{3});
    EXPECT_EQ(dead.last_error, "never");
    EXPECT_EQ(load_.streams.at(2).state, worker::StreamState::retrying);
    EXPECT_TRUE(load_.streams.at(2).next_attempt_at);
    EXPECT_EQ(load_.parked, 2);
}

TEST_F(SlotLoadTest, a_dependency_that_is_away_stops_it_before_anything_is_written_of_the_stream) {
    add(1, 1, "1");
    add(1, 2, "away");
    EXPECT_THROW(run(), Fault);
    EXPECT_TRUE(load_.sums.empty());
}

TEST_F(SlotLoadTest, a_stream_that_is_too_long_for_memory_is_left_out) {
    add(1, 1, "1", kLongStream + 1);
    add(2, 1, "2");
    EXPECT_EQ(run(), SlotLoad::Done::whole);
    EXPECT_EQ(load_.sums, (std::map<std::string, std::int64_t>{{"s2", 2}}));
    EXPECT_FALSE(load_.streams.contains(1));
}

TEST_F(SlotLoadTest, chunks_end_between_streams_and_a_slot_that_was_lost_writes_nothing_more) {
    load_.bytes_of_row = 64u << 20;  // each stream fills a chunk
    for (std::int64_t stream = 1; stream <= 4; ++stream) {
        add(stream, 1, "1");
        add(stream, 2, "1");
    }
    load_.refused = 3;
    EXPECT_EQ(run(), SlotLoad::Done::lost);
    EXPECT_EQ(load_.sums, (std::map<std::string, std::int64_t>{{"s1", 2}, {"s2", 2}}));
    EXPECT_EQ(load_.done, StreamId{2});
}

TEST_F(SlotLoadTest, asked_to_stop_it_keeps_what_was_committed) {
    load_.bytes_of_row = 64u << 20;
    chunks_ = 2;
    for (std::int64_t stream = 1; stream <= 5; ++stream) add(stream, 1, "1");
    EXPECT_EQ(run(), SlotLoad::Done::stopped);
    EXPECT_EQ(load_.done, StreamId{2});
    EXPECT_EQ(load_.sums.size(), 2u);
}

}  // namespace
}  // namespace lantern::backfill
