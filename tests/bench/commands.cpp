// Commands over HTTP: profile updates, creations, a long stream, and how soon what was accepted is visible.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/bench/bench.hpp"
#include "tests/bench/http_client.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::bench {
namespace {

constexpr int kUsers = 10'000;
constexpr auto kRun = std::chrono::seconds(8);
constexpr int kClients = 8;  // that make 500 updates a second together
constexpr auto kEvery = std::chrono::milliseconds(1000 * kClients / 500);

struct Load {
    double rate = 0;  // answers a second
    double p50_ms = 0, p99_ms = 0;
    std::int64_t refused = 0;  // answers other than 2xx
};

// `request(client, n)` sends the n-th request of all and returns its status.
Load run_clients(Place& place, int clients, const std::function<int(HttpClient&, std::int64_t)>& request) {
    std::atomic<std::int64_t> next{0}, refused{0};
    std::vector<std::vector<double>> times(static_cast<std::size_t>(clients));
    const auto until = std::chrono::steady_clock::now() + kRun;
    const Stopwatch watch;
    std::vector<std::thread> threads;
    for (auto& mine : times) {
        threads.emplace_back([&] {
            HttpClient client(place.http_port(), place.token());
            while (std::chrono::steady_clock::now() < until) {
                const Stopwatch one;
                const int status = request(client, next++);
                mine.push_back(one.seconds() * 1000);
                if (status / 100 != 2) ++refused;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    Load load;
    const double seconds = watch.seconds();
    std::vector<double> all;
    for (const auto& mine : times) all.insert(all.end(), mine.begin(), mine.end());
    std::sort(all.begin(), all.end());
    load.rate = static_cast<double>(all.size()) / seconds;
    load.p50_ms = all[all.size() / 2];
    load.p99_ms = all[all.size() * 99 / 100];
    load.refused = refused;
    return load;
}

void report(const std::string& name, const Load& load, const std::string& conditions) {
    char times[120];
    std::snprintf(times, sizeof times, "p50 %.2f ms, p99 %.2f ms, %lld refused, ", load.p50_ms, load.p99_ms,
                  static_cast<long long>(load.refused));
    print(name, load.rate, "commands/s", times + conditions);
}

std::string update(std::int64_t n) {
    return R"({"first_name":"Name )" + std::to_string(n) + R"("})";
}
std::string path_of(int user) {
    return "/v1/users/" + Place::user_id(user) + "/";
}

void wait_for_api(Place& place) {
    const std::string url = "http://127.0.0.1:" + std::to_string(place.http_port()) + "/readyz";
    const auto ready = [&] {
        return processes::run({.argv = {"curl", "-sf", url}}, std::chrono::seconds(5)).ended.clean();
    };
    if (test::eventually(ready, std::chrono::seconds(30))) return;
    std::fprintf(stderr, "the api is not ready after 30 s\n");
    std::exit(1);
}

// Commands on streams of 10 000 events, the first on each without a snapshot.
void load_streams(Place::Order order, const std::string& layout) {
    constexpr int kStreams = 20;
    Place place(kOnlyReadModel);
    place.fill_store(kStreams, 9'999, order);
    auto host = place.host("api");
    wait_for_api(place);
    HttpClient client(place.http_port(), place.token());
    const auto time_of = [&](int user, int n) {
        const Stopwatch watch;
        client.send("PUT", path_of(user), update(1'000'000 + n));
        return watch.seconds() * 1000;
    };
    const auto median = [](std::vector<double> times) {
        std::sort(times.begin(), times.end());
        return times[times.size() / 2];
    };
    std::vector<double> first, later;
    for (int user = 1; user <= kStreams; ++user) first.push_back(time_of(user, 0));
    for (int n = 1; n <= 300; ++n) later.push_back(time_of(1, n));
    print("load, 10 000 events", median(first), "ms",
          "first command on a stream, no snapshot, with append; median of 20 streams, " + layout + "; goal 10");
    print("load, with snapshot", median(later), "ms", "median of 300 more commands on one, with append; goal 1");
    host->stop(std::chrono::seconds(20));
}

}  // namespace

void append() {
    Place place(kOnlyReadModel);
    place.fill_store(kUsers, 0);
    auto host = place.host("api");
    wait_for_api(place);
    for (const int clients : {1, 8, 32}) {
        const Load load = run_clients(place, clients, [clients](HttpClient& client, std::int64_t n) {
            const int user = static_cast<int>(1 + (n * 7919) % kUsers);
            return client.send("PUT", path_of(user), update(n * 100 + clients)).status;
        });
        report("append, profile updates", load, std::to_string(clients) + " clients, 10 000 users, all rules");
    }
    const Load creations = run_clients(place, 8, [](HttpClient& client, std::int64_t n) {
        const std::string name = "created" + std::to_string(n);
        return client
            .send("POST", "/v1/users/",
                  R"({"username":")" + name + R"(","email":")" + name +
                      R"(@example.com","first_name":"A","last_name":"B","password":"correct horse"})")
            .status;
    });
    report("append, creations", creations, "8 clients, with the Argon2id hash, 19 MiB and 2 passes");
    host->stop(std::chrono::seconds(20));
}

void latency() {
    Place place(kOnlyReadModel);
    auto host = place.host("api,relay,worker");
    place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", 4,
                   std::chrono::seconds(60));
    place.fill_store(kUsers, 0);
    place.wait_for("the read model", "select count(*) from user_read_model.users", kUsers,
                   std::chrono::seconds(120));
    wait_for_api(place);

    std::vector<std::thread> threads;
    for (int number = 0; number < kClients; ++number) {
        threads.emplace_back([&place, number] {
            HttpClient client(place.http_port(), place.token());
            auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(2 * number);
            for (int user = 1 + number; user <= kUsers; user += kClients) {
                std::this_thread::sleep_until(next);
                next += kEvery;
                client.send("PUT", path_of(user), update(user));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    place.wait_for("the updates", "select count(*) from user_read_model.users where revision = 2", kUsers,
                   std::chrono::seconds(60));
    const auto rows = place.database().query(
        "select percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from "
        "pg_xact_commit_timestamp(u.xmin) - pg_xact_commit_timestamp((e.xid::text::bigint % "
        "4294967296)::text::xid)) * 1000) "
        "from user_read_model.users u join lantern.streams s on s.aggregate_id = u.id::text and s.aggregate_type = "
        "'user' "
        "join lantern.events e on e.stream_id = s.stream_id and e.revision = 2");
    double p50 = 0, p99 = 0;
    std::sscanf(rows.text(0, 0).c_str(), "{%lf,%lf}", &p50, &p99);
    const std::string conditions = "500 profile updates/s, commit of the append to commit of the read model";
    print("latency p50", p50, "ms", conditions + "; goal 3");
    print("latency p99", p99, "ms", conditions + "; goal 15");
    host->stop(std::chrono::seconds(20));
}

void load() {
    load_streams(Place::Order::by_user, "each stored together");
    load_streams(Place::Order::by_round, "scattered over the table");
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
