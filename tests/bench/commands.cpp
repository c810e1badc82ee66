// Commands over HTTP: profile updates, creations, a long stream.
#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "tests/bench/clients.hpp"

namespace lantern::bench {
namespace {

constexpr int kUsers = 10'000;

double milliseconds_of_update(HttpClient& client, int user, int n) {
    const Stopwatch watch;
    client.send("PUT", path_of(user), update_of(1'000'000 + n));
    return watch.seconds() * 1000;
}

double median(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

// Commands on streams of 10 000 events, the first on each without a snapshot.
void load_streams(Place::Order order, const std::string& layout) {
    constexpr int kStreams = 20;
    Place place(kOnlyReadModel);
    place.fill_store(kStreams, 9'999, order);
    auto host = place.host("api");
    wait_for_api(place);
    HttpClient client(place.http_port(), place.token());
    std::vector<double> first, later;
    for (int user = 1; user <= kStreams; ++user) first.push_back(milliseconds_of_update(client, user, 0));
    for (int n = 1; n <= 300; ++n) later.push_back(milliseconds_of_update(client, 1, n));
    print("load, 10 000 events", median(first), "ms",
          "first command on a stream, no snapshot, with append; median of 20 streams, " + layout + "; goal 10");
    print("load, with snapshot", median(later), "ms", "median of 300 more commands on one, with append; goal 1");
    host->stop(std::chrono::seconds(20));
}

// The first command on each of these, as `lantern import` left them. The connections are warm, by commands on one
// more stream.
void load_imported_streams() {
    constexpr int kStreams = 9, kWarm = kStreams + 1, kEvents = 9'999;
    Place place(kOnlyReadModel);
    const auto file = place.directory() / "events.ndjson";
    {
        std::ofstream out(file);
        for (int user = 1; user <= kWarm; ++user)
            for (int n = 1; n <= kEvents; ++n)
                out << R"({"specversion":"1.0","source":"bench","id":")" << user << '-' << n
                    << R"(","subject":"user/)" << Place::user_id(user)
                    << (n == 1 ? R"(","type":"USER_CREATED","schemaversion":2,"data":{"username":"user)" +
                                     std::to_string(user) + R"(","email":"user)" + std::to_string(user) +
                                     R"(@example.com","first_name":"First","last_name":"Last","role":"user"}})"
                               : R"(","type":"USER_UPDATED","data":{"first_name":"First )" + std::to_string(n) +
                                     "\"}}")
                    << '\n';
    }
    if (!place.lantern({"import", file.string()})->wait(std::chrono::minutes(10)).value().clean()) std::exit(1);
    auto host = place.host("api");
    wait_for_api(place);
    HttpClient client(place.http_port(), place.token());
    for (int n = 1; n <= 100; ++n) milliseconds_of_update(client, kWarm, n);
    std::vector<double> times;
    for (int user = 1; user <= kStreams; ++user) times.push_back(milliseconds_of_update(client, user, 0));
    print("load, 10 000 events imported", median(times), "ms",
          "first command on a stream, with append; median of 9 streams; goal 10");
    host->stop(std::chrono::seconds(20));
}

// Streams of 100 000 events, by a process that has never seen them: another one appended the last event of each,
// and a snapshot. Its connections are warm, by commands on one more stream.
void load_long_streams() {
    constexpr int kStreams = 9, kWarm = kStreams + 1;
    Place place(kOnlyReadModel);
    place.fill_store(kWarm, 99'998, Place::Order::by_user);
    std::vector<double> times;
    for (const int round : {1, 2}) {
        auto host = place.host("api");
        wait_for_api(place);
        HttpClient client(place.http_port(), place.token());
        for (int n = 1; n <= 100; ++n) milliseconds_of_update(client, kWarm, 100 * round + n);
        times.clear();
        for (int user = 1; user <= kStreams; ++user) times.push_back(milliseconds_of_update(client, user, round));
        host->stop(std::chrono::seconds(20));
    }
    if (place.ask("select count(*) from lantern.snapshots") != kWarm) std::exit(1);
    print("load, 100 000 events", median(times), "ms",
          "first command on a stream that has a snapshot, with append; median of 9 streams");
}

// What PostgreSQL alone does in this hour: one row each, in a transaction of its own, by pgbench.
double commits(Place& place, int connections) {
    place.database().script("create table if not exists commits (id int, data text)");
    const auto script = place.directory() / "commits.sql";
    std::ofstream(script) << "insert into commits values (1, repeat('x', 200));\n";
    const auto ran = processes::run(
        {.argv = {"/usr/lib/postgresql/15/bin/pgbench", "--no-vacuum", "--protocol", "prepared", "--jobs", "2",
                  "--client", std::to_string(connections), "--time", "5", "--file", script, place.database_url()}},
        std::chrono::seconds(60));
    const auto at = ran.output.find("tps = ");
    if (at == std::string::npos) {
        std::fprintf(stderr, "pgbench failed: %s\n", ran.output.c_str());
        std::exit(1);
    }
    return std::stod(ran.output.substr(at + 6));
}

}  // namespace

void append() {
    Place place(kOnlyReadModel);
    place.fill_store(kUsers, 0);
    auto host = place.host("api");
    wait_for_api(place);
    double most = 0;
    for (const int clients : {1, 8, 32}) {
        const Load load = run_clients(place, clients, [clients](HttpClient& client, std::int64_t n) {
            const int user = static_cast<int>(1 + (n * 7919) % kUsers);
            return client.send("PUT", path_of(user), update_of(n * 100 + clients)).status;
        });
        report("append, profile updates", load, "commands/s",
               std::to_string(clients) + " clients, 10 000 users, all rules");
        most = load.rate;
    }
    const double limit = commits(place, 16);
    print("append, limit", limit, "commits/s", "pgbench: a row each, prepared, 16 connections, 2 threads");
    print("append, share of the limit", 100 * most / limit, "%", "32 clients; goal 8 000 commands/s");
    const Load creations = run_clients(place, 8, [](HttpClient& client, std::int64_t n) {
        const std::string name = "created" + std::to_string(n);
        return client
            .send("POST", "/v1/users/",
                  R"({"username":")" + name + R"(","email":")" + name +
                      R"(@example.com","first_name":"A","last_name":"B","password":"correct horse"})")
            .status;
    });
    report("append, creations", creations, "commands/s", "8 clients, with the Argon2id hash, 19 MiB and 2 passes");
    host->stop(std::chrono::seconds(20));
}

void load() {
    load_streams(Place::Order::by_user, "each stored together");
    load_streams(Place::Order::by_round, "scattered over the table");
    load_imported_streams();
    load_long_streams();
}

void memory() {
    Place place(kOnlyReadModel);
    {
        auto host = place.host("worker,relay");
        place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", 4,
                       std::chrono::seconds(60));
        place.fill_store(kUsers, 9);
        place.wait_for("all events", "select coalesce(sum(revision), 0) from user_read_model.lantern_streams",
                       std::int64_t{kUsers} * 10, std::chrono::seconds(120));
        const auto pid = place.ask("select pid from lantern.workers limit 1");
        const auto peak =
            processes::run({.argv = {"awk", "/VmHWM/ {print $2}", "/proc/" + std::to_string(pid) + "/status"}},
                           std::chrono::seconds(5));
        print("memory of a worker", std::stod(peak.output) / 1024, "MiB",
              "peak resident size after 100 000 events of 10 000 streams; goal 64");
        host->stop(std::chrono::seconds(20));
    }
}

}  // namespace lantern::bench
