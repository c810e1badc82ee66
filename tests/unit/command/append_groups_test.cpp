#include "host/command/append_groups.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <map>
#include <set>
#include <thread>

#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::command {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Landing = AppendGroups::Landing;

// Stands for a server that several connections share. What is called there can be held.
class FakeServer {
public:
    void hold() {
        std::lock_guard lock(mutex_);
        held_ = true;
    }
    void release() {
        {
            std::lock_guard lock(mutex_);
            held_ = false;
        }
        changed_.notify_all();
    }
    // Every call in which this one is.
    template <class Thrown>
    void fail(const std::string& aggregate_id, Thrown thrown) {
        std::lock_guard lock(mutex_);
        failures_[aggregate_id] = std::make_exception_ptr(std::move(thrown));
    }
    void forget_calls() {
        std::lock_guard lock(mutex_);
        calls_.clear();
    }
    void wait_for_calls(std::size_t calls) {
        ASSERT_TRUE(test::eventually([&] { return this->calls().size() == calls; }, std::chrono::seconds(60)));
    }
    std::vector<std::vector<std::string>> calls() {
        std::lock_guard lock(mutex_);
        return calls_;
    }
    int most_at_once() {
        std::lock_guard lock(mutex_);
        return most_at_once_;
    }
    std::set<std::string> locked;  // streams of others: in a group they are passed over; set before the calls

    void call(const std::vector<const Append*>& appends) {
        std::unique_lock lock(mutex_);
        auto& call = calls_.emplace_back();
        for (const auto* append : appends) call.push_back(append->aggregate_id);
        most_at_once_ = std::max(most_at_once_, ++at_once_);
        changed_.wait(lock, [&] { return !held_; });
        --at_once_;
        for (const auto* append : appends)
            if (failures_.contains(append->aggregate_id))
                std::rethrow_exception(failures_.at(append->aggregate_id));
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;                                   // guarded by mutex_
    std::map<std::string, std::exception_ptr> failures_;  // guarded by mutex_
    std::vector<std::vector<std::string>> calls_;         // guarded by mutex_
    int at_once_ = 0, most_at_once_ = 0;                  // guarded by mutex_
};

class FakeStore final : public Store {
public:
    explicit FakeStore(FakeServer& server) : server_(server) {}
    LoadedStream load(const std::string&, const std::string&, int, const std::string&, const Range&) override {
        return {};
    }
    AppendOutcome append(const Append& append) override {
        server_.call({&append});
        return Appended{append.stream, Revision{append.expected + 1}, {}, {}};
    }
    std::vector<std::optional<AppendOutcome>> append_group(const std::vector<const Append*>& group) override {
        server_.call(group);
        std::vector<std::optional<AppendOutcome>> outcomes(group.size());
        for (std::size_t n = 0; n < group.size(); ++n)
            if (!server_.locked.contains(group[n]->aggregate_id))
                outcomes[n] = Appended{group[n]->stream, Revision{group[n]->expected + 1}, {}, {}};
        return outcomes;
    }
    std::optional<IdempotencyRecord> recorded(const std::string&, const std::string&, const std::string&) override {
        return std::nullopt;
    }
    std::optional<std::string> holder(const std::string&, const UniqueKey&) override { return std::nullopt; }

private:
    FakeServer& server_;
};

struct Writer final : AppendGroups::Member {
    explicit Writer(Append of) : made(std::move(of)) {}
    const Append& append() const override { return made; }
    const Append made;
};

Append plain(std::int64_t stream, const std::string& name) {
    Append append;
    append.aggregate_type = "account";
    append.aggregate_id = name;
    append.stream = StreamId{stream};
    append.expected = 1;
    append.events.push_back({{}, "ADDED", 1, "{}", "{}"});
    return append;
}

class AppendGroupsTest : public ::testing::Test {
protected:
    void TearDown() override {
        server_.release();
        carriers_.clear();
    }

    // On this thread: it comes back at once where others carry.
    void append(Append made) {
        FakeStore store(server_);
        groups_.append(store, std::make_shared<Writer>(std::move(made)), land_);
    }
    // Threads that carry, as many as may, each at a call that is held.
    void occupy() {
        server_.hold();
        for (int n = 0; n < limits::kAppendGroupsAtOnce; ++n) {
            carriers_.emplace_back([this, n] { append(plain(100 + n, "carrier")); });
            server_.wait_for_calls(static_cast<std::size_t>(n) + 1);
        }
    }
    // The calls after those of the carriers, once all have landed.
    std::vector<std::vector<std::string>> released() {
        server_.release();
        carriers_.clear();
        auto calls = server_.calls();
        calls.erase(calls.begin(), calls.begin() + limits::kAppendGroupsAtOnce);
        return calls;
    }
    std::vector<std::string> kinds_of(const std::string& name) {
        std::lock_guard lock(mutex_);
        std::vector<std::string> kinds;
        for (const auto& landing : landed_[name])
            kinds.push_back(landing.index() == 0 ? "outcome" : landing.index() == 1 ? "alone" : "thrown");
        return kinds;
    }

    FakeServer server_;
    AppendGroups groups_;
    std::mutex mutex_;
    std::map<std::string, std::vector<Landing>> landed_;  // guarded by mutex_
    const AppendGroups::Land land_ = [this](const AppendGroups::MemberPtr& member, Landing landing) {
        std::lock_guard lock(mutex_);
        landed_[member->append().aggregate_id].push_back(std::move(landing));
    };
    std::vector<std::jthread> carriers_;  // last: they use the others
};

TEST_F(AppendGroupsTest, one_alone_goes_alone_and_at_once) {
    append(plain(1, "a"));
    append(plain(1, "a"));
    EXPECT_THAT(server_.calls(), ElementsAre(ElementsAre("a"), ElementsAre("a")));
    EXPECT_THAT(kinds_of("a"), ElementsAre("outcome", "outcome"));
}

TEST_F(AppendGroupsTest, what_comes_while_calls_are_on_their_way_goes_together_sorted_by_stream) {
    occupy();
    append(plain(3, "c"));
    append(plain(1, "a"));
    append(plain(2, "b"));
    EXPECT_THAT(kinds_of("a"), ElementsAre()) << "and nobody waits for it here";
    EXPECT_THAT(released(), ElementsAre(ElementsAre("a", "b", "c")));
    for (const auto* name : {"a", "b", "c"}) EXPECT_THAT(kinds_of(name), ElementsAre("outcome"));
}

TEST_F(AppendGroupsTest, two_of_one_stream_or_under_one_key_are_in_different_groups) {
    const auto keyed = [](std::int64_t stream, const std::string& name, const std::string& key) {
        auto append = plain(stream, name);
        append.idempotency = IdempotencyRecord{"caller", "route", key, "mac", 200, "{}"};
        return append;
    };
    occupy();
    append(plain(1, "a"));
    append(plain(1, "a too"));
    append(keyed(2, "b", "key"));
    append(keyed(3, "c", "key"));
    append(keyed(4, "d", "other"));
    append(plain(1, "a again"));
    EXPECT_THAT(released(), UnorderedElementsAre(ElementsAre("a", "b", "d"), ElementsAre("a too", "c"),
                                                 ElementsAre("a again")));
}

TEST_F(AppendGroupsTest, only_plain_appends_to_streams_that_are_there_may_join) {
    auto creation = plain(1, "creation");
    creation.expected = 0;
    auto any = plain(1, "any");
    any.expected = kAnyRevision;
    const auto unknown = plain(0, "unknown");
    auto held = plain(1, "held"), freed = plain(1, "freed"), counted = plain(1, "counted"), only = plain(1, "only");
    held.holds = {{"name", "x"}};
    freed.frees = {{"name", "x"}};
    counted.counters = {{"open", 1, 0}};
    only.events.clear();
    EXPECT_TRUE(AppendGroups::may_join(plain(1, "a")));
    for (const auto& append : {creation, any, unknown, held, freed, counted, only})
        EXPECT_FALSE(AppendGroups::may_join(append)) << append.aggregate_id;
}

TEST_F(AppendGroupsTest, a_group_has_bounds) {
    const auto count = static_cast<std::int64_t>(limits::kAppendGroupMax) + 1;
    occupy();
    for (std::int64_t n = 1; n <= count; ++n) append(plain(n, "one of many"));
    auto big = plain(1000, "big");
    big.events[0].data = std::string(limits::kAppendGroupBytesMax, 'x');
    append(big);
    append(plain(1001, "small"));
    EXPECT_THAT(released(), UnorderedElementsAre(SizeIs(limits::kAppendGroupMax),
                                                 ElementsAre("one of many", "small"), ElementsAre("big")))
        << "one that is too big for any group goes by itself";
}

TEST_F(AppendGroupsTest, one_that_was_passed_over_lands_alone) {
    server_.locked = {"b"};
    occupy();
    append(plain(1, "a"));
    append(plain(2, "b"));
    released();
    EXPECT_THAT(kinds_of("a"), ElementsAre("outcome"));
    EXPECT_THAT(kinds_of("b"), ElementsAre("alone"));
}

TEST_F(AppendGroupsTest, a_lost_connection_is_told_to_all_in_the_call_and_to_nobody_else) {
    for (const auto kind : {FaultKind::in_doubt, FaultKind::outage}) {
        const auto name = std::to_string(static_cast<int>(kind));
        server_.fail("a" + name, Fault(kind, "fake server", "lost"));
        occupy();
        append(plain(1, "a" + name));
        append(plain(2, "b" + name));
        append(plain(1, "next" + name));
        released();
        server_.forget_calls();
        EXPECT_THAT(kinds_of("a" + name), ElementsAre("thrown"));
        EXPECT_THAT(kinds_of("b" + name), ElementsAre("thrown"));
        EXPECT_THAT(kinds_of("next" + name), ElementsAre("outcome"));
    }
}

TEST_F(AppendGroupsTest, after_any_other_fault_each_goes_by_itself) {
    for (const auto kind : {FaultKind::data, FaultKind::conflict, FaultKind::configuration}) {
        const auto name = std::to_string(static_cast<int>(kind));
        server_.fail("a" + name, Fault(kind, "fake server", "a value"));
        occupy();
        append(plain(1, "a" + name));
        append(plain(2, "b" + name));
        released();
        server_.forget_calls();
        EXPECT_THAT(kinds_of("a" + name), ElementsAre("alone"));
        EXPECT_THAT(kinds_of("b" + name), ElementsAre("alone"));
        append(plain(1, "a" + name));
        server_.forget_calls();
        EXPECT_THAT(kinds_of("a" + name), ElementsAre("alone", "thrown")) << "one alone is the one at fault";
    }
}

TEST_F(AppendGroupsTest, what_nobody_expects_is_told_to_all_in_the_call_and_the_next_are_carried) {
    server_.fail("a", std::runtime_error("no memory"));
    occupy();
    append(plain(1, "a"));
    append(plain(2, "b"));
    append(plain(1, "next"));
    released();
    EXPECT_THAT(kinds_of("a"), ElementsAre("thrown"));
    EXPECT_THAT(kinds_of("b"), ElementsAre("thrown"));
    EXPECT_THAT(kinds_of("next"), ElementsAre("outcome"));
    append(plain(1, "later"));
    EXPECT_THAT(kinds_of("later"), ElementsAre("outcome"));
}

TEST_F(AppendGroupsTest, of_many_threads_each_append_lands_once_and_few_calls_are_on_their_way) {
    constexpr int kThreads = 8, kEach = 400;
    for (int thread = 0; thread < kThreads; ++thread)
        carriers_.emplace_back([this, thread] {
            for (int n = 0; n < kEach; ++n)
                append(plain(1 + n % 7, std::to_string(thread) + "-" + std::to_string(n)));
        });
    carriers_.clear();
    EXPECT_EQ(landed_.size(), static_cast<std::size_t>(kThreads) * kEach);
    for (const auto& [name, landings] : landed_) EXPECT_EQ(landings.size(), 1u) << name;
    EXPECT_LE(server_.most_at_once(), limits::kAppendGroupsAtOnce);
}

}  // namespace
}  // namespace lantern::command
