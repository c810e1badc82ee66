// Marks and slices: nothing skipped, nothing doubled, nothing stalled, whatever commits late.
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "host/postgres/delivery/leadership.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/postgres/operate/backlogs.hpp"
#include "host/postgres/store/announcer.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/integration/postgres/fixture.hpp"

namespace lantern::postgres {
namespace {

constexpr std::size_t kPageEvents = 50;
using namespace std::chrono_literals;

// Reads slice by slice, as the relay does, and keeps what it saw.
class Reader {
public:
    explicit Reader(const std::string& url) : source_(url) {}

    // False: nothing new within `wait`.
    bool read_slice(Milliseconds wait) {
        if (!source_.anything_since(mark_, wait)) return false;
        const Mark target = source_.take_mark();
        Position cursor;
        for (bool last = false; !last;) {
            const Page page = source_.page(mark_, target, cursor, kPageEvents);
            EXPECT_LE(page.events.size(), kPageEvents);
            for (const auto& event : page.events) {
                EXPECT_GT(event.position, cursor) << "a page is ordered by position";
                cursor = event.position;
                EXPECT_TRUE(seen_.insert(event.position).second) << "doubled: " << event.position.value;
                auto& head = heads_[event.stream];
                EXPECT_EQ(event.revision.value, head + 1) << "of stream " << event.stream.value;
                head = event.revision.value;
                EXPECT_FALSE(event.aggregate_id.empty());
            }
            last = page.last;
            between_pages();
        }
        mark_ = target;
        return true;
    }
    std::function<void()> between_pages = [] {};
    std::size_t seen() const { return seen_.size(); }
    const Mark& mark() const { return mark_; }
    Source& source() { return source_; }

private:
    Source source_;
    Mark mark_;
    std::set<Position> seen_;
    std::map<StreamId, std::int64_t> heads_;
};

// A transaction that has appended and not committed.
class LateWriter {
public:
    explicit LateWriter(const std::string& url)
        : connection_({.url = url, .idle_in_transaction_timeout = std::chrono::minutes(10)}) {}
    void append(const std::string& id, int events) {
        connection_.query(
            "select out_position from lantern.append('user', $1, -1, array(select gen_random_uuid() from"
            " generate_series(1, $2::integer)), array_fill('MADE'::text, array[$2::integer]), array_fill(1,"
            " array[$2::integer]), array_fill('{}'::text, array[$2::integer]), array_fill('{}'::text,"
            " array[$2::integer]), null, null, null, null, null, null, null, null, null, null, null, null, null, "
            "null,"
            " null, null, null)",
            Params{}.add(id).add(events));
    }
    void begin() { connection_.begin(); }
    void commit() { connection_.commit(); }
    Connection& connection() { return connection_; }

private:
    Connection connection_;
};

class SlicesTest : public test::PostgresTest {};

TEST_F(SlicesTest, ALateCommitterBelowTheFloorIsReadInTheNextSlice) {
    LateWriter late(url_), early(url_);
    Reader reader(url_);
    late.begin();
    late.append("late", 3);  // draws positions 1 to 3
    early.append("early", 2);
    ASSERT_TRUE(reader.read_slice(0ms));
    EXPECT_EQ(reader.seen(), 2u);
    EXPECT_FALSE(reader.read_slice(0ms)) << "nothing became visible since";
    late.commit();
    ASSERT_TRUE(reader.read_slice(0ms));
    EXPECT_EQ(reader.seen(), 5u);
    EXPECT_FALSE(reader.read_slice(0ms));
}

// What operators see as the relay's lag is what its next slices will hold.
TEST_F(SlicesTest, TheRelaysBacklogCountsWhatCommittedLateBelowItsMark) {
    Backlogs backlogs(url_);
    const auto waiting = [&] { return backlogs.of_relay().events; };
    Leadership leadership(url_, test::fresh_id());
    const auto epoch = leadership.hold();
    Source source(url_);
    LateWriter late(url_), early(url_), third(url_);
    EXPECT_EQ(waiting(), 0);
    late.begin();
    late.append("late", 3);  // draws positions 1 to 3
    early.append("early", 2);
    EXPECT_EQ(waiting(), 2) << "of what is not committed nobody can know";
    const auto start = leadership.progress();
    const relay::Progress first{source.take_mark(), std::nullopt, Position{0}};
    ASSERT_TRUE(leadership.advance(*epoch, start, first));
    EXPECT_EQ(waiting(), 0);
    late.commit();
    EXPECT_EQ(waiting(), 3);

    // Two of them are published, and one is appended behind the slice in progress.
    auto half = first;
    half.target = source.take_mark();
    half.cursor = Position{2};
    third.append("third", 1);
    ASSERT_TRUE(leadership.advance(*epoch, first, half));
    EXPECT_EQ(waiting(), 2);
    const relay::Progress done{source.take_mark(), std::nullopt, Position{0}};
    ASSERT_TRUE(leadership.advance(*epoch, half, done));
    EXPECT_EQ(waiting(), 0);
}

TEST_F(SlicesTest, ARolledBackTransactionLeavesNothing) {
    LateWriter writer(url_);
    Reader reader(url_);
    writer.begin();
    writer.append("gone", 2);
    writer.connection().rollback();
    writer.append("here", 1);
    ASSERT_TRUE(reader.read_slice(0ms));
    EXPECT_EQ(reader.seen(), 1u);
    EXPECT_FALSE(reader.read_slice(0ms));
}

TEST_F(SlicesTest, AnIdlePollOwnsNoTransactionId) {
    LateWriter writer(url_);
    Reader reader(url_);
    writer.append("a", 1);
    reader.read_slice(0ms);
    const auto next_id = [&] { return one("select pg_snapshot_xmax(pg_current_snapshot())"); };
    const auto before = next_id();
    for (int poll = 0; poll < 20; ++poll) EXPECT_FALSE(reader.read_slice(0ms));
    EXPECT_EQ(next_id(), before);
}

TEST_F(SlicesTest, AnAnnouncementEndsTheWait) {
    LateWriter writer(url_);
    Reader reader(url_);
    Announcer announcer(url_);
    std::jthread soon([&] {
        writer.append("a", 1);
        announcer.announce();
    });
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!reader.read_slice(30s) && std::chrono::steady_clock::now() < deadline) {
    }
    EXPECT_EQ(reader.seen(), 1u);
}

// Six writers that hold what they appended until another one, or two, have committed; a reader that pauses; a
// foreign transaction that owns an id and never ends.
TEST_F(SlicesTest, SixLateWritersAPausingReaderAndAForeignTransaction) {
    LateWriter foreign(url_);
    foreign.begin();
    foreign.connection().query("create table public.held_open (x integer)");

    constexpr int kWriters = 6, kTransactions = 150;
    std::atomic<int> commits = 0, running = kWriters, waiting = 0;
    std::vector<std::jthread> writers;
    for (int number = 0; number < kWriters; ++number)
        writers.emplace_back([&, number] {
            LateWriter writer(url_);
            SystemRandom random(static_cast<std::uint64_t>(number) + 1);
            for (int transaction = 0; transaction < kTransactions; ++transaction) {
                writer.begin();
                const auto stream = std::to_string(number) + "-" + std::to_string(random.next() % 10);
                writer.append(stream, 1 + static_cast<int>(random.next() % 5));
                const int until = commits + static_cast<int>(random.next() % 3);
                ++waiting;  // when all wait, all go on
                while (commits < until && waiting < running) std::this_thread::yield();
                writer.commit();
                --waiting;
                ++commits;
            }
            --running;
        });

    Reader reader(url_);
    int pages = 0;
    reader.between_pages = [&] {
        if (++pages % 7 != 0) return;
        const int until = commits + 40;  // pauses while others commit
        while (commits < until && running == kWriters) std::this_thread::yield();
    };
    while (running > 0) reader.read_slice(5ms);
    writers.clear();
    while (reader.read_slice(0ms)) {
    }
    EXPECT_EQ(std::to_string(reader.seen()), one("select count(*) from lantern.events"));
    EXPECT_EQ(one("select count(*) from pg_stat_activity where state = 'idle in transaction'"
                  " and datname = current_database()"),
              "1")
        << "the foreign transaction was open all the time";
}

TEST_F(SlicesTest, ARestoredStoreDeliversNothingUntilItIsAdopted) {
    LateWriter writer(url_);
    writer.append("a", 1);
    sql_.query("update lantern.incarnation set timeline = timeline + 1");
    Source source(url_);
    try {
        source.anything_since(Mark{}, 0ms);
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::configuration);
        EXPECT_THAT(fault.what(), ::testing::HasSubstr("lantern store adopt"));
    }
}

TEST_F(SlicesTest, OneLeaderAndProgressByCompareAndSet) {
    Leadership first(url_, test::fresh_id()), second(url_, test::fresh_id());
    const auto epoch = first.hold();
    ASSERT_TRUE(epoch);
    EXPECT_FALSE(second.hold());
    EXPECT_EQ(first.hold(), epoch) << "the heartbeat";
    const auto start = first.progress();
    EXPECT_EQ(start, relay::Progress{});

    Source source(url_);
    auto next = start;
    next.target = source.take_mark();
    next.cursor = Position{5};
    EXPECT_TRUE(first.advance(*epoch, start, next));
    EXPECT_EQ(first.progress(), next);
    EXPECT_FALSE(first.advance(*epoch, start, next)) << "not from there";
    EXPECT_FALSE(second.advance(*epoch, next, start)) << "not the leader";

    sql_.query("update lantern.marks set leader_seen_at = now() - interval '1 minute'");
    const auto taken = second.hold();
    ASSERT_TRUE(taken);
    EXPECT_GT(*taken, *epoch);
    EXPECT_FALSE(first.advance(*epoch, next, start)) << "of an older epoch";
    EXPECT_FALSE(first.hold());
    const relay::Progress done{*next.target, std::nullopt, Position{0}};
    EXPECT_TRUE(second.advance(*taken, next, done));
    second.resign();
    const auto again = first.hold();
    ASSERT_TRUE(again);
    EXPECT_GT(*again, *taken);
    EXPECT_EQ(first.progress(), done);
}

}  // namespace
}  // namespace lantern::postgres
