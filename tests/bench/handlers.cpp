// Fifty handlers against one: the same events, and nothing to do. And a handler of one type of fifty against one of
// all.
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "tests/bench/bench.hpp"
#include "tests/support/process_tree.hpp"

namespace lantern::bench {
namespace {

using std::chrono::seconds;

constexpr int kUpdates = 19;
constexpr seconds kIdle{10};

std::string routing_of(int handlers) {
    std::ostringstream names, settings;
    for (int n = 1; n <= handlers; ++n) {
        names << (n > 1 ? ", " : "") << "h" << n;
        settings << "  h" << n << ": {plugin: user_read_model, partitions: 1}\n";
    }
    return "version: 1\nevents:\n  USER_CREATED: [" + names.str() + "]\n  USER_UPDATED: [" + names.str() +
           "]\nhandlers:\n" + settings.str();
}

// Processor time of these so far, with their children that have ended.
double cpu_seconds(const std::vector<pid_t>& pids) {
    double ticks = 0;
    for (const pid_t pid : pids) {
        std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
        std::string line;
        std::getline(in, line);
        if (line.empty()) continue;  // it has just ended: its parent has its time now
        std::istringstream rest(line.substr(line.rfind(')') + 2));
        std::string word;
        for (int field = 3; rest >> word && field <= 17; ++field)
            if (field >= 14) ticks += std::stod(word);
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Cpu {
    double workers = 0, relay = 0, postgres = 0, rabbit = 0;
    double all() const { return workers + relay + postgres + rabbit; }
    Cpu operator-(const Cpu& before) const {
        return {workers - before.workers, relay - before.relay, postgres - before.postgres, rabbit - before.rabbit};
    }
    Cpu operator/(double by) const { return {workers / by, relay / by, postgres / by, rabbit / by}; }
    // Each times `unit`.
    std::string text(double unit) const {
        return "host and workers " + number(workers * unit) + ", relay " + number(relay * unit) + ", PostgreSQL " +
               number(postgres * unit) + ", RabbitMQ " + number(rabbit * unit);
    }
};

// The session that asks how far they have come is none of what is measured.
Cpu cpu_of(Place& place, const processes::Child& host, const std::unique_ptr<processes::Child>& relay = nullptr) {
    const auto asking = static_cast<pid_t>(place.ask("select pg_backend_pid()"));
    return {cpu_seconds(test::tree(host.pid())), relay ? cpu_seconds(test::tree(relay->pid())) : 0,
            cpu_seconds(test::tree(place.postgres().pid())) - cpu_seconds({asking}),
            cpu_seconds(test::tree(place.broker().pid()))};
}

// One after another, so that it costs as much to ask with fifty as with one.
void wait_for_all(Place& place, int handlers, std::int64_t events) {
    for (int n = 1; n <= handlers; ++n) {
        const std::string name = "h" + std::to_string(n);
        place.wait_for("all events of " + name,
                       "select coalesce(sum(revision), 0) from " + name + ".lantern_streams", events, seconds(900));
    }
}

struct Measured {
    double rate = 0;  // deliveries a second
    Cpu busy;         // processor seconds for each delivery
    Cpu idle;         // processor seconds a second
};

// All is stored before the relay starts, so that its storing is not counted; its start is.
Measured measure(int handlers, int users) {
    Place place(routing_of(handlers));
    auto host = place.host("worker");
    place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", handlers,
                   seconds(180));
    place.fill_store(users, kUpdates);
    const std::int64_t events = std::int64_t{users} * (kUpdates + 1);
    Measured measured;
    std::unique_ptr<processes::Child> relay;
    {
        const auto before = cpu_of(place, *host, relay);
        const Stopwatch watch;
        relay = place.lantern({"relay"});
        wait_for_all(place, handlers, events);
        const auto deliveries = static_cast<double>(events * handlers);
        measured.rate = deliveries / watch.seconds();
        measured.busy = (cpu_of(place, *host, relay) - before) / deliveries;
    }
    place.wait_for("the sweep",
                   "select count(*) from lantern.handlers where verified_floor >= " + std::to_string(events),
                   handlers, seconds(120));
    const auto before = cpu_of(place, *host, relay);
    const Stopwatch watch;
    std::this_thread::sleep_for(kIdle);  // what is measured: ten seconds of nothing
    measured.idle = (cpu_of(place, *host, relay) - before) / watch.seconds();
    relay->stop(seconds(20));
    host->stop(seconds(30));
    return measured;
}

constexpr int kTypes = 50;

std::string routing_of_types() {
    std::ostringstream text;
    text << "version: 1\nevents:\n  STEP_1: [one_type, all_types]\n";
    for (int n = 2; n <= kTypes; ++n) text << "  STEP_" << n << ": [all_types]\n";
    text << "handlers:\n  one_type: {plugin: steps, partitions: 1}\n"
            "  all_types: {plugin: steps, partitions: 1, queue_length: 3000000}\n";
    return text.str();
}

// Each stream has two events of each type, in turn.
void fill_with_types(Place& place, int streams) {
    place.database().query(
        "insert into lantern.streams (aggregate_type, aggregate_id, revision)"
        " select 'step', 's' || n, $2::bigint from generate_series(1, $1::bigint) n",
        postgres::Params{}.add(streams).add(2 * kTypes));
    place.database().query(
        "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid,"
        "                            data, metadata)"
        " select nextval('lantern.events_position'), s.stream_id, r, gen_random_uuid(), 'STEP_' || (1 + (r - 1) % "
        "$2),"
        "        1, clock_timestamp(), pg_current_xact_id(), '{\"first_name\":\"Sarah\"}', '{\"actor\":\"x\"}'"
        "   from generate_series(1, 2 * $2::bigint) r cross join"
        "        (select stream_id from lantern.streams where aggregate_type = 'step' and $1 > 0) s order by r",
        postgres::Params{}.add(streams).add(kTypes));
    place.database().script("analyze lantern.events; analyze lantern.streams");
}

// Processor time for each of its queued events, from its queue to its table, without that of the start.
double cost_of(Place& place, const std::string& handler, std::int64_t events) {
    const std::string applied = "select count(*) from " + handler + ".steps";
    auto worker = place.lantern({"worker", handler});
    place.wait_for("the first events of " + handler, applied, 1, seconds(60));
    const std::int64_t already = place.ask(applied);
    const auto before = cpu_of(place, *worker);
    place.wait_for("all events of " + handler, applied, events, seconds(900));
    const auto cost = (cpu_of(place, *worker) - before) / static_cast<double>(events - already);
    print("routed to, " + handler, 1e6 * cost.all(), "us/event",
          number(static_cast<double>(events)) + " queued events of 100 a stream; " + cost.text(1e6));
    worker->stop(seconds(20));
    return cost.all();
}

}  // namespace

void routed() {
    const int streams = static_cast<int>(share_of(20'000));
    const std::int64_t all = std::int64_t{streams} * 2 * kTypes, some = all / kTypes;
    Place place(routing_of_types());
    auto host = place.host("worker");
    place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", 2,
                   seconds(60));
    host->stop(seconds(20));
    fill_with_types(place, streams);
    auto relay = place.host("relay");
    place.wait_for("the relay",
                   "select count(*) from lantern.marks where reader = 'relay' and floor >= " + std::to_string(all) +
                       " and target_floor is null",
                   1, seconds(900));
    relay->stop(seconds(20));
    const double one_type = cost_of(place, "one_type", some), all_types = cost_of(place, "all_types", all);
    print("routed to 1 of 50 types", 100 * one_type / all_types, "%",
          "processor time for a delivered event, against one routed to all, same run; goal: below 150");
}

void handlers() {
    const int users = static_cast<int>(share_of(5000));
    Measured one;
    for (const int count : {1, 50}) {
        const auto measured = measure(count, users);
        if (count == 1) one = measured;
        const std::string with = std::to_string(count) + (count == 1 ? " handler" : " handlers");
        const std::string conditions = number(users * (kUpdates + 1.0)) +
                                       " events stored at once, each handler with user_read_model, 1 worker";
        print(with, measured.rate, "deliveries/s", conditions + "; from store to all tables");
        print(with + ", processor time", 1e6 * measured.busy.all(), "us/delivery", measured.busy.text(1e6));
        print(with + ", idle", measured.idle.all(), "CPU s/s", "over 10 s; " + measured.idle.text(1));
        if (count > 1)
            print("50 handlers against 1", 100 * measured.busy.all() / one.busy.all(), "%",
                  "processor time for a delivery, same run; goal: not above 100");
    }
}

}  // namespace lantern::bench
