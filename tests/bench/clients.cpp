#include "tests/bench/clients.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/support/eventually.hpp"

namespace lantern::bench {
namespace {

constexpr auto kRun = std::chrono::seconds(8);

}  // namespace

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

void report(const std::string& name, const Load& load, const std::string& unit, const std::string& conditions) {
    char times[120];
    std::snprintf(times, sizeof times, "p50 %.2f ms, p99 %.2f ms, %lld refused, ", load.p50_ms, load.p99_ms,
                  static_cast<long long>(load.refused));
    print(name, load.rate, unit, times + conditions);
}

std::string path_of(int user) {
    return "/v1/users/" + Place::user_id(user) + "/";
}

std::string update_of(std::int64_t n) {
    return R"({"first_name":"Name )" + std::to_string(n) + R"("})";
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

}  // namespace lantern::bench
