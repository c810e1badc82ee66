// What trouble costs those whom it does not concern: a poison stream in a thousand, a worker that is killed, a
// plugin that is replaced.
#include <csignal>
#include <sstream>

#include "tests/bench/flow.hpp"

namespace lantern::bench {
namespace {

using std::chrono::seconds;

constexpr const char* kBound = "select count(*) from lantern.leases where feed_target is not null";

// Healthy events a second of one worker with queued events.
double drained(Place& place, const std::string& handler, std::int64_t healthy) {
    const std::string applied = "select coalesce(sum(revision), 0) from " + handler + ".lantern_streams";
    auto worker = place.lantern({"worker", handler});
    place.wait_for("the first batch", applied, 1, seconds(60));
    const std::int64_t already = place.ask(applied);
    const Stopwatch watch;
    place.wait_for("all healthy events", applied, healthy, seconds(300));
    const double rate = static_cast<double>(healthy - already) / watch.seconds();
    worker->stop(seconds(20));
    return rate;
}

// The flow's own time is what is measured, so nothing is waited for but time.
void flow_on(seconds time) {
    std::this_thread::sleep_for(time);
}

constexpr int kFlowUsers = 10'000;

// A place where all of the first events are applied, and its host.
std::unique_ptr<processes::Child> started(Place& place) {
    auto host = place.host("relay,worker");
    place.wait_for("bound queues", kBound, 4, seconds(60));
    place.fill_store(kFlowUsers, 0);
    place.wait_for("the first events", "select count(*) from steps.steps", kFlowUsers, seconds(60));
    return host;
}

}  // namespace

void poison() {
    constexpr int kUsers = 10'000, kUpdates = 19, kOneIn = 1000;
    Place place(R"(version: 1
events:
  USER_CREATED: [none_poisoned, poisoned]
  USER_UPDATED: [none_poisoned, poisoned]
handlers:
  none_poisoned: {plugin: steps, partitions: 1}
  poisoned: {plugin: steps, partitions: 1, settings: {poison: 1000}}
)");
    {
        auto host = place.host("worker");
        place.wait_for("bound queues", kBound, 2, seconds(60));
        host->stop(seconds(20));
    }
    place.fill_store(kUsers, kUpdates);
    constexpr std::int64_t kEvents = std::int64_t{kUsers} * (kUpdates + 1);
    {
        auto relay = place.host("relay");
        place.wait_for(
            "the relay",
            "select count(*) from lantern.marks where target_floor is null and floor >= " + std::to_string(kEvents),
            1, seconds(120));
        relay->stop(seconds(20));
    }
    constexpr std::int64_t kHealthy = kEvents - kEvents / kOneIn;
    const double without = drained(place, "none_poisoned", kEvents);
    const double with = drained(place, "poisoned", kHealthy);
    const std::string conditions = number(static_cast<double>(kEvents)) + " queued events, " + number(kUsers) +
                                   " streams, 1 worker, a row for each event";
    print("no stream poisoned", without, "events/s", conditions);
    print("1 stream in 1 000 poisoned", with, "events/s",
          conditions + "; healthy ones, " +
              std::to_string(place.ask("select count(*) from poisoned.lantern_streams where state <> 0")) +
              " streams parked");
    print("poisoned against none", 100 * with / without, "%", "same run");
}

void takeover() {
    constexpr int kPerSecond = 5000;
    constexpr double kLate = 0.25;
    Place place(kOnlySteps);
    auto host = started(place);
    Flow flow(place, kFlowUsers, kPerSecond);
    flow_on(seconds(2));
    const double begin = Flow::now(place);
    flow_on(seconds(4));
    const double killed = Flow::now(place);
    ::kill(static_cast<pid_t>(place.ask("select pid from lantern.workers limit 1")), SIGKILL);
    flow_on(seconds(20));
    const double end = Flow::now(place);
    flow.finish();
    const double late = Flow::last_late(place, begin, kLate);
    std::ostringstream conditions;
    conditions << "worker killed with kill -9 under " << Flow::rate_of(place, begin, end)
               << ", 1 worker, 4 partitions";
    print("takeover, caught up after", late > killed ? late - killed : 0, "s",
          conditions.str() + "; from then on no event waits longer than 250 ms" +
              (late > end ? "; NOT CAUGHT UP while they flowed" : ""));
    print("takeover, longest pause", Flow::longest_pause(place, killed, end), "s",
          "commit to commit; before the kill " + number(1000 * Flow::longest_pause(place, begin, killed)) + " ms");
    host->stop(seconds(20));
}

void new_build() {
    constexpr int kPerSecond = 2000;
    Place place(kOnlySteps);
    auto host = started(place);
    Flow flow(place, kFlowUsers, kPerSecond);
    flow_on(seconds(2));
    const double begin = Flow::now(place);
    flow_on(seconds(3));
    const double dropped = Flow::now(place);
    place.install(BENCH_STEPS_NEXT, "steps");
    place.wait_for("the new build", "select count(*) from steps.steps where version = '2'", 1, seconds(60));
    flow_on(seconds(5));
    const double end = Flow::now(place);
    flow.finish();
    const auto first = place.database().query(
        "select extract(epoch from min(pg_xact_commit_timestamp(xmin)))::float8 from steps.steps where version = "
        "'2'");
    const std::string conditions = "under " + Flow::rate_of(place, begin, end) +
                                   ", 1 worker; a file counts once its size has not changed for 1 s";
    print("new build, to first event", std::stod(first.text(0, 0)) - dropped, "s", conditions);
    print("new build, longest pause", 1000 * Flow::longest_pause(place, dropped, end), "ms",
          "commit to commit; before " + number(1000 * Flow::longest_pause(place, begin, dropped)) + " ms");
    host->stop(seconds(20));
}

}  // namespace lantern::bench
