#include "host/backfill/importing.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace lantern::backfill {
namespace {

// Data: the unique name that the stream has from then on, as JSON text; "none" frees it; "bad" is refused.
class NamedState final : public command::State {
public:
    Result<void> evolve(const Event& event) override {
        if (event.data == R"("bad")") return failure("found bad");
        name_ = event.data;
        return boost::outcome_v2::success();
    }
    Result<command::Decided> decide(const command::Command&) const override { return command::Decided{}; }
    Result<std::vector<command::UniqueKey>> unique_keys() const override {
        if (name_.empty() || name_ == R"("none")") return std::vector<command::UniqueKey>{};
        return std::vector<command::UniqueKey>{{"name", name_}};
    }
    Result<std::map<std::string, std::int64_t>> counts() const override {
        std::map<std::string, std::int64_t> counts;
        if (name_.starts_with(R"("x)")) counts["with_x"] = 1;
        return counts;
    }
    Result<std::string> save() const override { return name_; }
    Result<void> load(const std::string&) override { return boost::outcome_v2::success(); }

private:
    std::string name_;
};

class Named final : public command::Aggregate {
public:
    const Description& description() const override { return description_; }
    std::unique_ptr<command::State> state() const override { return std::make_unique<NamedState>(); }
    Result<std::string> lookup_key(const std::string&, const std::string& typed) const override { return typed; }

private:
    Description description_;
};

class NoUpcasts final : public command::Upcasts {
public:
    std::optional<std::string> upcast(Event&) const override { return std::nullopt; }
};

// The store as far as an import looks: lines, streams, and keys that only one stream holds.
class FakeStore final : public Intake {
public:
    std::vector<bool> known(std::span<const ImportLine> lines) override {
        std::vector<bool> known;
        for (const auto& line : lines) known.push_back(ids_.contains({line.source, line.id}));
        return known;
    }
    std::vector<Revision> heads(std::span<const StreamName> streams) override {
        std::vector<Revision> heads;
        for (const auto& stream : streams) heads.push_back(head(stream));
        return heads;
    }
    Result<void, Refusal> append(const Chunk& chunk) override {
        ++appends;
        if (before_append) std::exchange(before_append, nullptr)();
        for (const auto& [stream, expected] : chunk.heads) {
            if (expected != head(stream)) return failure(Refusal{});
        }
        for (const auto& move : chunk.freed) keys_.erase(move.key.key);
        for (const auto& move : chunk.held)
            if (!keys_.emplace(move.key.key, move.stream).second) {
                Refusal refusal;
                refusal.kind = Refusal::Kind::key_taken;
                refusal.scope = move.key.scope;
                refusal.stream = move.stream;
                return failure(refusal);
            }
        for (const auto& line : chunk.lines) put(line);
        for (const auto& [name, delta] : chunk.counters) counters[name] += delta;
        for (const auto& [stream, snapshot] : chunk.snapshots)
            snapshots[stream.aggregate_id] = std::to_string(snapshot.revision.value) + " " + snapshot.state;
        return boost::outcome_v2::success();
    }
    std::vector<Event> history(const StreamName& stream) override { return streams_[stream]; }

    void put(const ImportLine& line) {
        auto& stream = streams_[{line.aggregate_type, line.aggregate_id}];
        Event event;
        event.revision = Revision{static_cast<std::int64_t>(stream.size()) + 1};
        event.data = line.data;
        stream.push_back(event);
        ids_.insert({line.source, line.id});
    }
    std::string holder(const std::string& key) {
        return keys_.contains(key) ? keys_[key].aggregate_id : "(nobody)";
    }
    std::size_t size(const std::string& id) { return streams_[{"named", id}].size(); }

    int appends = 0;
    std::map<std::string, std::int64_t> counters;
    std::map<std::string, std::string> snapshots;  // by id: revision and state
    std::function<void()> before_append;

private:
    Revision head(const StreamName& stream) { return Revision{static_cast<std::int64_t>(streams_[stream].size())}; }

    std::set<std::pair<std::string, std::string>> ids_;
    std::map<StreamName, std::vector<Event>> streams_;
    std::map<std::string, StreamName> keys_;
};

class ImportingTest : public testing::Test {
protected:
    ImportLine line(const std::string& stream, const std::string& data) {
        ImportLine line;
        line.number = ++lines_;
        line.source = "s";
        line.id = std::to_string(lines_);
        line.aggregate_type = "named";
        line.aggregate_id = stream;
        line.type = "NAMED";
        line.data = '"' + data + '"';
        line.metadata = "{}";
        return line;
    }

    SystemClock clock_;
    SystemRandom random_{1};
    FakeStore store_;
    std::map<std::string, Importer::Owner> owners_{
        {"named", {std::make_shared<Named>(), std::make_shared<NoUpcasts>()}}};
    Importer importer_{{store_, owners_, clock_, random_}};
    std::int64_t lines_ = 0;
};

TEST_F(ImportingTest, long_streams_get_snapshots_as_often_as_commands_leave_them) {
    const auto lines = [&](const std::string& stream, int count) {
        std::vector<ImportLine> many;
        for (int n = 0; n < count; ++n) many.push_back(line(stream, stream + std::to_string(lines_)));
        return many;
    };
    ASSERT_TRUE(importer_.import(lines("a", 99)));
    EXPECT_TRUE(store_.snapshots.empty());
    ASSERT_TRUE(importer_.import(lines("a", 51)));
    EXPECT_EQ(store_.snapshots["a"], R"(150 "a149")");
    auto both = lines("a", 99);
    for (auto& one : lines("b", 300)) both.push_back(std::move(one));
    ASSERT_TRUE(importer_.import(both));
    EXPECT_EQ(store_.snapshots["a"], R"(150 "a149")");
    EXPECT_EQ(store_.snapshots["b"], R"(300 "b548")");
    ASSERT_TRUE(importer_.import({line("a", "z")}));
    EXPECT_EQ(store_.snapshots["a"], R"(250 "z")");
}

TEST_F(ImportingTest, reserves_and_frees_the_keys_of_the_state_behind_the_last_line) {
    ASSERT_TRUE(importer_.import({line("a", "x"), line("a", "y"), line("b", "x")}));
    EXPECT_EQ(store_.holder(R"("x")"), "b");
    EXPECT_EQ(store_.holder(R"("y")"), "a");
    ASSERT_TRUE(importer_.import({line("a", "none"), line("b", "y")}));
    EXPECT_EQ(store_.holder(R"("x")"), "(nobody)");
    EXPECT_EQ(store_.holder(R"("y")"), "b");
}

TEST_F(ImportingTest, passes_over_what_is_there_and_lines_that_come_twice) {
    const auto first = line("a", "x"), second = line("a", "y");
    ASSERT_TRUE(importer_.import({first}));
    const auto again = importer_.import({first, second, second});
    ASSERT_TRUE(again);
    EXPECT_EQ(again.value(), (Importer::Imported{1, 2}));
    EXPECT_EQ(store_.size("a"), 2u);
}

TEST_F(ImportingTest, folds_anew_when_a_stream_moved_on_meanwhile) {
    ASSERT_TRUE(importer_.import({line("a", "x")}));
    store_.before_append = [&] { store_.put(line("a", "z")); };
    ASSERT_TRUE(importer_.import({line("a", "y")}));
    EXPECT_EQ(store_.appends, 3);
    EXPECT_EQ(store_.size("a"), 3u);
}

TEST_F(ImportingTest, says_which_line_takes_a_key_and_goes_on_after_it_was_mended) {
    ASSERT_TRUE(importer_.import({line("a", "x")}));
    const auto refused = importer_.import({line("b", "w"), line("b", "x")});
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().size(), 1u);
    EXPECT_EQ(refused.error()[0].text(), "line 3: /data: the name of named/b is taken by another named");
    EXPECT_EQ(store_.size("b"), 0u);
    ASSERT_TRUE(importer_.import({line("b", "w"), line("b", "v")}));
    EXPECT_EQ(store_.holder(R"("v")"), "b");
}

TEST_F(ImportingTest, counters_move_by_what_the_states_contribute) {
    ASSERT_TRUE(importer_.import({line("a", "x1"), line("b", "x2"), line("c", "y"), line("b", "y2")}));
    EXPECT_EQ(store_.counters["with_x"], 1);
    Importer other({store_, owners_, clock_, random_});
    ASSERT_TRUE(other.import({line("c", "x3")}));
    EXPECT_EQ(store_.counters["with_x"], 2);
    ASSERT_TRUE(other.import({line("a", "none"), line("c", "none")}));
    EXPECT_EQ(store_.counters["with_x"], 0);
}

TEST_F(ImportingTest, all_problems_of_a_chunk_are_told_before_anything_is_looked_at) {
    Importer strict(
        {store_, owners_, clock_, random_, Effects::suppressed, [](const ImportLine& line) {
             std::vector<LineProblem> problems;
             if (line.data == R"("odd")")
                 problems = {{line.number, "data/a", "found none"}, {line.number, "data/b", "found null"}};
             return problems;
         }});
    const auto refused = strict.import({line("a", "odd"), line("b", "x"), line("c", "odd")});
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().size(), 4u);
    EXPECT_EQ(refused.error()[3].text(), "line 3: /data/b: found null");
    EXPECT_EQ(store_.appends, 0);
    EXPECT_TRUE(strict.import({line("b", "x")}));
}

TEST_F(ImportingTest, a_line_that_the_aggregate_refuses_stops_its_chunk) {
    const auto refused = importer_.import({line("a", "x"), line("b", "bad")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error()[0].text(), "line 2: /data: the aggregate named refuses it: found bad");
    EXPECT_EQ(store_.appends, 0);
    ASSERT_TRUE(importer_.import({line("b", "ok")}));
    EXPECT_EQ(store_.size("b"), 1u);
}

}  // namespace
}  // namespace lantern::backfill
