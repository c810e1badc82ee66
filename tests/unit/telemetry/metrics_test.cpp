#include "host/telemetry/metrics.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/telemetry/tally.hpp"

namespace lantern::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(Metrics, FamiliesStandTogetherInPrometheusFormat) {
    Metrics page;
    page.counter("lantern_events_applied_total", "Events whose effect is committed.", {{"handler", "mail"}}, 3);
    page.gauge("lantern_lag_seconds", "Age of the oldest waiting event.", {{"handler", "a\"b\\"}}, 1.5);
    page.counter("lantern_events_applied_total", "", {{"handler", "users"}}, 4);
    const std::array<std::uint64_t, 3> counts{2, 1, 1};
    page.histogram("lantern_batch_seconds", "Batches.", {}, {{0.1, 1}, counts, 7.5});
    const auto text = page.text();
    EXPECT_THAT(text, HasSubstr("# HELP lantern_events_applied_total Events whose effect is committed.\n"
                                "# TYPE lantern_events_applied_total counter\n"
                                "lantern_events_applied_total{handler=\"mail\"} 3\n"
                                "lantern_events_applied_total{handler=\"users\"} 4\n"));
    EXPECT_THAT(text, HasSubstr("lantern_lag_seconds{handler=\"a\\\"b\\\\\"} 1.5\n"));
    EXPECT_THAT(text, HasSubstr("lantern_batch_seconds_count 4\nlantern_batch_seconds_sum 7.5\n"
                                "lantern_batch_seconds_bucket{le=\"0.1\"} 2\n"
                                "lantern_batch_seconds_bucket{le=\"1\"} 3\n"
                                "lantern_batch_seconds_bucket{le=\"+Inf\"} 4\n"));
}

// Counted by a process that is killed, read by the one that started it.
TEST(Tally, OutlivesTheWorkerThatCounted) {
    const TallyBoard board;
    EXPECT_EQ(board.pace().turned_at.time_since_epoch().count(), 0);
    const pid_t worker = fork();
    if (worker == 0) {
        setenv(kTallyVariable, std::to_string(board.descriptor()).c_str(), 1);
        Tally tally;
        tally.turned();
        tally.committed({.applied = 20, .duplicates = 2, .filled = 1, .took = 3ms});
        tally.committed({.applied = 2000, .took = 1min});
        tally.failed(Tally::Parked::retrying);
        tally.failed(Tally::Parked::retrying);
        tally.failed(Tally::Parked::dead);
        tally.malformed();
        tally.waits(true);
        raise(SIGKILL);
    }
    ASSERT_EQ(waitpid(worker, nullptr, 0), worker);
    auto counts = board.counts();
    EXPECT_EQ(counts.applied, 2020u);
    EXPECT_EQ(counts.duplicates, 2u);
    EXPECT_EQ(counts.filled, 1u);
    EXPECT_EQ(counts.retrying, 2u);
    EXPECT_EQ(counts.dead, 1u);
    EXPECT_EQ(counts.malformed, 1u);
    EXPECT_EQ(counts.batch_events.in_bucket[2], 1u) << "20 is within the bucket up to 20";
    EXPECT_EQ(counts.batch_events.in_bucket.back(), 1u);
    EXPECT_EQ(counts.batch_events.sum, 2020u);
    EXPECT_EQ(counts.batch_microseconds.in_bucket[2], 1u);
    EXPECT_EQ(counts.batch_microseconds.sum, 60'003'000u);
    EXPECT_TRUE(board.pace().waits);
    EXPECT_GT(board.pace().committed_at.time_since_epoch().count(), 0);
    counts += board.counts();
    EXPECT_EQ(counts.applied, 4040u);
    EXPECT_EQ(counts.batch_events.in_bucket.back(), 2u);
}

}  // namespace
}  // namespace lantern::telemetry
