// Fifty handlers against one: the same events, and nothing to do.
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

// Processor time of a process and all below it so far, with those that have ended.
double cpu_seconds(pid_t root) {
    double ticks = 0;
    for (const pid_t pid : test::tree(root)) {
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
    double lantern = 0, postgres = 0, rabbit = 0;
    double all() const { return lantern + postgres + rabbit; }
};
Cpu cpu_of(Place& place, const std::vector<pid_t>& roots) {
    Cpu cpu{0, cpu_seconds(place.postgres().pid()), cpu_seconds(place.broker().pid())};
    for (const pid_t root : roots) cpu.lantern += cpu_seconds(root);
    return cpu;
}

std::string applied_by_all(int handlers) {
    std::string sql = "select 0";
    for (int n = 1; n <= handlers; ++n)
        sql += " + (select coalesce(sum(revision), 0) from h" + std::to_string(n) + ".lantern_streams)";
    return sql;
}

struct Measured {
    double rate = 0;          // deliveries a second
    double microseconds = 0;  // of processor time for each delivery
    Cpu idle;                 // processor seconds a second
};

// All is stored before the relay starts, so that its storing is not counted; its start is.
Measured measure(int handlers, int users) {
    Place place(routing_of(handlers));
    auto host = place.host("worker");
    place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", handlers,
                   seconds(180));
    place.fill_store(users, kUpdates);
    const std::int64_t events = std::int64_t{users} * (kUpdates + 1), deliveries = events * handlers;
    Measured measured;
    std::unique_ptr<processes::Child> relay;
    {
        const auto before = cpu_of(place, {host->pid()});
        const Stopwatch watch;
        relay = place.lantern({"relay"});
        place.wait_for("all events", applied_by_all(handlers), deliveries, seconds(900));
        measured.rate = static_cast<double>(deliveries) / watch.seconds();
        const double used = cpu_of(place, {host->pid(), relay->pid()}).all() - before.all();
        measured.microseconds = 1e6 * used / static_cast<double>(deliveries);
    }
    place.wait_for("the sweep",
                   "select count(*) from lantern.handlers where verified_floor >= " + std::to_string(events),
                   handlers, seconds(120));
    const auto before = cpu_of(place, {host->pid(), relay->pid()});
    const Stopwatch watch;
    std::this_thread::sleep_for(kIdle);  // what is measured: ten seconds of nothing
    const auto after = cpu_of(place, {host->pid(), relay->pid()});
    const double time = watch.seconds();
    measured.idle = {(after.lantern - before.lantern) / time, (after.postgres - before.postgres) / time,
                     (after.rabbit - before.rabbit) / time};
    relay->stop(seconds(20));
    host->stop(seconds(30));
    return measured;
}

}  // namespace

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
        print(with + ", processor time", measured.microseconds, "us/delivery",
              "host, workers, relay, PostgreSQL and RabbitMQ together");
        print(with + ", idle", measured.idle.all(), "CPU s/s",
              "over 10 s; Lantern " + number(measured.idle.lantern) + ", PostgreSQL " +
                  number(measured.idle.postgres) + ", RabbitMQ " + number(measured.idle.rabbit));
        if (count > 1)
            print("50 handlers against 1", 100 * measured.microseconds / one.microseconds, "%",
                  "processor time for a delivery, same run; goal: not above 100");
    }
}

}  // namespace lantern::bench
