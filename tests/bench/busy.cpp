// A rebuild of a read model that is in use: with commands coming in and its processes killed; and how long live
// events wait for the swap.
#include <csignal>
#include <fstream>
#include <random>

#include "tests/bench/updates.hpp"

namespace lantern::bench {
namespace {

using std::chrono::seconds;

constexpr int kPerSecond = 500;
constexpr auto kKillEvery = seconds(10);

void expect_clean(Place& place, const std::string& what, const std::optional<processes::Ended>& ended) {
    if (ended && ended->clean()) return;
    std::fprintf(stderr, "%s failed, see %s\n", what.c_str(), (place.directory() / "lantern.log").c_str());
    std::exit(1);
}

// A model built from the store, and a host that serves it, with nothing left to relay.
std::unique_ptr<processes::Child> started(Place& place, int users, int updates) {
    auto first = place.host("api");  // registers the handlers
    place.wait_for("handlers", "select count(*) from lantern.handlers", 1, seconds(60));
    first->stop(seconds(20));
    place.fill_store(users, updates);
    expect_clean(place, "the first backfill",
                 place.lantern({"backfill", "user_read_model"})->wait(std::chrono::minutes(30)));
    auto host = place.host("api,relay,worker,backfill");
    place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", 4,
                   seconds(60));
    const std::int64_t events = std::int64_t{users} * (updates + 1);
    place.wait_for("the relay", "select floor from lantern.marks where reader = 'relay'", events,
                   std::chrono::minutes(30));
    place.wait_for("the read model", "select coalesce(sum(revision), 0) from user_read_model.lantern_streams",
                   events, std::chrono::minutes(30));
    wait_for_api(place);
    return host;
}

// Those that the host started for these roles.
std::vector<pid_t> processes_of(pid_t host, const std::vector<std::string>& roles) {
    std::vector<pid_t> found;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(host) + "/task")) {
        std::ifstream children(thread.path() / "children");
        for (pid_t child = 0; children >> child;) {
            std::ifstream command("/proc/" + std::to_string(child) + "/cmdline");
            std::string program, role;
            std::getline(command, program, '\0');
            std::getline(command, role, '\0');
            if (std::find(roles.begin(), roles.end(), role) != roles.end()) found.push_back(child);
        }
    }
    return found;
}

// In milliseconds, of events that live workers applied so many seconds after the last swap.
double longest_wait(Place& place, int from, int to) {
    const std::string swapped =
        "(select max(pg_xact_commit_timestamp(k.xmin)) from lantern.kept_schemas k where k.handler = "
        "'user_read_model')";
    const auto after = [&](int time) { return swapped + " + " + std::to_string(time) + " * interval '1 second'"; };
    const auto rows = place.database().query(
        "with applied as materialized (select u.id, u.revision, pg_xact_commit_timestamp(u.xmin) as at"
        " from user_read_model.users u where pg_xact_commit_timestamp(u.xmin) > " +
        after(from) + " and pg_xact_commit_timestamp(u.xmin) <= " + after(to) +
        ") select coalesce(max(extract(epoch from a.at - pg_xact_commit_timestamp((e.xid::text::bigint % "
        "4294967296)::text::xid)) * 1000), -1)::float8 from applied a"
        " join lantern.streams s on s.aggregate_id = a.id::text and s.aggregate_type = 'user'"
        " join lantern.events e on e.stream_id = s.stream_id and e.revision = a.revision");
    return std::stod(rows.text(0, 0));
}

}  // namespace

void busy() {
    constexpr int kUpdates = 9;
    const int users = static_cast<int>(share_of(100'000));
    Place place(kOnlyReadModel);
    auto host = started(place, users, kUpdates);
    Updates updates(place, users, kPerSecond);
    const Stopwatch watch;
    auto verb = place.lantern({"backfill", "user_read_model", "--verify", "--swap-if-equal"});
    std::mt19937 random(1);
    int killed = 0;
    auto ended = verb->wait(kKillEvery);
    for (; !ended && watch.seconds() < 1800; ended = verb->wait(kKillEvery)) {
        const auto some = processes_of(host->pid(), {"worker", "backfill"});
        if (some.empty()) continue;
        ::kill(some[random() % some.size()], SIGKILL);
        ++killed;
    }
    const double took = watch.seconds();
    expect_clean(place, "backfill --verify", ended);
    updates.stop();
    place.wait_for("the last updates", "select coalesce(sum(revision), 0) from user_read_model.lantern_streams",
                   place.ask("select sum(revision) from lantern.streams"), seconds(120));
    expect_clean(place, "verify", place.lantern({"verify", "user_read_model"})->wait(std::chrono::minutes(10)));
    print("rebuild in use", static_cast<double>(users) * (kUpdates + 1) / took, "events/s",
          number(static_cast<double>(users) * (kUpdates + 1)) + " events, " + number(users) +
              " streams, compared and swapped in " + number(took) + " s beside " + std::to_string(kPerSecond) +
              " updates/s, " + std::to_string(killed) +
              " times kill -9 of a worker or backfill process; in the end equal to a fresh fold with all " +
              number(static_cast<double>(updates.accepted())) + " updates accepted (" +
              std::to_string(updates.refused()) + " refused)");
    host->stop(seconds(20));
}

void swap() {
    const int users = static_cast<int>(share_of(1'000'000));
    Place place(kOnlyReadModel);
    auto host = started(place, users, 0);
    Updates updates(place, users, kPerSecond);
    const Stopwatch watch;
    expect_clean(place, "backfill", place.lantern({"backfill", "user_read_model"})->wait(std::chrono::minutes(30)));
    const double took = watch.seconds();
    std::this_thread::sleep_for(seconds(20));  // the updates go on, and are what is measured
    updates.stop();
    place.wait_for("the last updates", "select coalesce(sum(revision), 0) from user_read_model.lantern_streams",
                   place.ask("select sum(revision) from lantern.streams"), seconds(120));
    const std::string conditions = number(users) + " streams, " + std::to_string(kPerSecond) +
                                   " updates/s, commit of the append to commit of the read model";
    print("swap, longest wait", longest_wait(place, 0, 5), "ms",
          conditions + ", the 5 s after it; rebuilt in " + number(took) + " s; goal 100");
    print("swap, longest otherwise", longest_wait(place, 5, 15), "ms", conditions + ", the 10 s after those");
    host->stop(seconds(20));
}

}  // namespace lantern::bench
