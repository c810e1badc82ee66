// One of three handlers stops for long while events flow on: paused by an operator, or because what it depends on
// is away. What that costs the others and the broker, and how long it takes to catch up.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/bench/flow.hpp"

namespace lantern::bench {
namespace {

using std::chrono::seconds;

constexpr int kStreams = 10'000;
constexpr int kPerSecond = 2000;
constexpr seconds kBefore{60}, kAround{10};

int minutes() {
    const char* asked = std::getenv("LANTERN_BENCH_MINUTES");
    return asked ? std::max(1, std::atoi(asked)) : 10;
}

std::string routing(const std::string& away) {
    return R"(version: 1
events:
  USER_CREATED: [steps, beside, stops]
  USER_UPDATED: [steps, beside, stops]
handlers:
  beside: {plugin: steps}
  stops: {plugin: steps, settings: {away: ")" +
           away + "\"}}\n";
}

// What the broker's process has in memory, looked at each second.
class Memory {
public:
    explicit Memory(pid_t pid) : file_("/proc/" + std::to_string(pid) + "/statm") {}

    // MiB: the highest within the time.
    double watch(seconds time) {
        double highest = 0;
        for (seconds left = time; left.count() > 0; --left) {
            std::size_t total = 0, resident = 0;
            std::ifstream(file_) >> total >> resident;
            highest = std::max(highest, static_cast<double>(resident) * 4096 / (1 << 20));
            std::this_thread::sleep_for(seconds(1));  // what is measured
        }
        return highest;
    }

private:
    const std::string file_;
};

struct Lag {
    double worst = 0;    // seconds, of any event
    double usual = 0;    // median of the worst of each second
    std::int64_t above;  // seconds in which some event waited for more than one
};

// Of events stored between two moments, from their commit to that of their rows.
Lag lag_of(Place& place, const std::string& handler, double from, double to) {
    const auto rows = place.database().query(
        "with waits as materialized (select extract(epoch from pg_xact_commit_timestamp((e.xid::text::bigint % "
        "4294967296)::text::xid))::float8 as stored, extract(epoch from pg_xact_commit_timestamp(t.xmin))::float8 "
        "as "
        "applied from lantern.events e join lantern.streams s using (stream_id) join " +
        handler +
        ".steps t on t.id = s.aggregate_id and t.revision = e.revision where e.type = 'USER_UPDATED'), worst as "
        "(select max(applied - stored) as lag from waits where stored between " +
        std::to_string(from) + " and " + std::to_string(to) +
        " group by floor(stored)) select max(lag), percentile_cont(0.5) within group (order by lag), count(*) "
        "filter "
        "(where lag > 1) from worst");
    return {std::stod(rows.text(0, 0)), std::stod(rows.text(0, 1)), rows.integer(0, 2)};
}

struct Stop {
    std::string name;  // "paused"
    std::function<void(Place&)> begin, end;
    std::string away;  // the file that means it
};

void measure(const Stop& stop) {
    Place place(routing(stop.away));
    auto host = place.host("relay,worker");
    place.wait_for(
        "bound queues",
        "select count(*) from lantern.leases where feed_target is not null and feed_cursor >= feed_target", 12,
        seconds(60));
    place.fill_store(kStreams, 0);
    place.wait_for("the first events", "select count(*) from steps.steps", kStreams, seconds(60));
    Flow flow(place, kStreams, kPerSecond);
    Memory memory(place.broker().pid());
    memory.watch(kBefore);
    const double before = memory.watch(kAround);

    const double begin = Flow::now(place);
    stop.begin(place);
    const double highest = memory.watch(seconds(60 * minutes()) - kAround);
    const double after = memory.watch(kAround);
    const double end = Flow::now(place);
    const std::int64_t missing = place.ask(
        "select (select sum(revision) from lantern.streams) - (select sum(revision) from stops.lantern_streams)");
    stop.end(place);
    const Stopwatch watch;
    place.wait_for("its catching up",
                   "select (select sum(revision) from stops.lantern_streams) - (select sum(revision) from "
                   "lantern.streams) + " +
                       std::to_string(kPerSecond),
                   0, seconds(60 * minutes()));
    const double caught_up = watch.seconds();
    flow.finish();

    const std::string conditions = "1 of 3 handlers " + stop.name + " for " + std::to_string(minutes()) +
                                   " min under " + Flow::rate_of(place, begin, end);
    for (const char* handler : {"steps", "beside"}) {
        const Lag lag = lag_of(place, handler, begin, end);
        print(stop.name + ", lag of " + handler, lag.worst, "s",
              conditions + "; the worst of all events, median of each second's worst " + number(1000 * lag.usual) +
                  " ms, " + std::to_string(lag.above) + " seconds with one above 1 s; goal: under 1 s");
    }
    print(stop.name + ", broker's memory", after, "MiB",
          "at the end; at the start " + number(before) + ", highest " + number(std::max(highest, after)));
    print(stop.name + ", caught up after", caught_up, "s",
          number(static_cast<double>(missing)) + " events were missing, and more came meanwhile");
    host->stop(seconds(20));
}

// The operator's verb, to its end.
std::function<void(Place&)> verb(const std::vector<std::string>& words) {
    return [words](Place& place) { place.lantern(words)->wait(seconds(60)); };
}

}  // namespace

void paused() {
    measure({"paused", verb({"pause", "stops", "--reason", "a benchmark"}), verb({"resume", "stops"}), ""});
}

void away() {
    const std::string file = "/tmp/lantern-bench-away-" + std::to_string(::getpid());
    measure({"waiting", [=](Place&) { std::ofstream(file) << "\n"; },
             [=](Place&) { std::filesystem::remove(file); }, file});
}

}  // namespace lantern::bench
