// How soon an accepted update is visible in the read model, alone and beside a rebuild of another handler.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/bench/clients.hpp"

namespace lantern::bench {
namespace {

constexpr int kUpdated = 10'000;  // users, each once
constexpr int kClients = 8;       // that make 500 updates a second together
constexpr auto kEvery = std::chrono::milliseconds(1000 * kClients / 500);

constexpr const char* kWithAudit = R"(version: 1
events:
  USER_CREATED: [user_read_model, audit_log]
  USER_UPDATED: [user_read_model, audit_log]
)";

// Each user once, to names of this round.
void update_all(Place& place, int round) {
    std::vector<std::thread> threads;
    for (int number = 0; number < kClients; ++number) {
        threads.emplace_back([&place, round, number] {
            HttpClient client(place.http_port(), place.token());
            auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(2 * number);
            for (int user = 1 + number; user <= kUpdated; user += kClients) {
                std::this_thread::sleep_until(next);
                next += kEvery;
                client.send("PUT", path_of(user), update_of(std::int64_t{round} * kUpdated + user));
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

// Of the updates that made this revision.
void report_visible(Place& place, const std::string& name, int revision, const std::string& conditions) {
    const std::string made = std::to_string(revision);
    place.wait_for("the updates", "select count(*) from user_read_model.users where revision = " + made, kUpdated,
                   std::chrono::seconds(60));
    const auto rows = place.database().query(
        "select percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from "
        "pg_xact_commit_timestamp(u.xmin) - pg_xact_commit_timestamp((e.xid::text::bigint % "
        "4294967296)::text::xid)) * 1000) from user_read_model.users u "
        "join lantern.streams s on s.aggregate_id = u.id::text and s.aggregate_type = 'user' "
        "join lantern.events e on e.stream_id = s.stream_id and e.revision = u.revision where u.revision = " +
        made);
    double p50 = 0, p99 = 0;
    std::sscanf(rows.text(0, 0).c_str(), "{%lf,%lf}", &p50, &p99);
    const std::string all = "500 profile updates/s, commit of the append to commit of the read model" + conditions;
    print(name + " p50", p50, "ms", all + "; goal 3");
    print(name + " p99", p99, "ms", all + "; goal 15");
}

// From the answer to an update until a read that prefers to wait for it is answered, as fast as the clients go.
void read_own_updates(Place& place, int clients) {
    constexpr int kReads = 2'000;
    std::vector<std::vector<double>> times(static_cast<std::size_t>(clients));
    std::vector<std::thread> threads;
    for (int number = 0; number < clients; ++number) {
        threads.emplace_back([&place, &mine = times[static_cast<std::size_t>(number)], number, clients] {
            HttpClient client(place.http_port(), place.token());
            for (int n = number; n < kReads; n += clients) {
                const int user = 1 + n % kUpdated;
                const auto accepted = client.send("PUT", path_of(user), update_of(7'000'000 + n * 100 + clients));
                const auto at = accepted.body.find("\"revision\":");
                if (accepted.status != 200 || at == std::string::npos) std::exit(1);
                const Stopwatch watch;
                const auto read = client.send(
                    "GET", path_of(user) + "?min_revision=" + std::to_string(std::atoi(&accepted.body[at + 11])),
                    "", "Prefer: wait=10\r\n");
                mine.push_back(1000 * watch.seconds());
                if (read.status != 200) std::exit(1);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    std::vector<double> all;
    for (const auto& mine : times) all.insert(all.end(), mine.begin(), mine.end());
    std::sort(all.begin(), all.end());
    const std::string conditions = "GET ?min_revision with Prefer: wait, after the answer to a PUT, " +
                                   std::to_string(clients) + (clients == 1 ? " client" : " clients");
    print("read own update, p50", all[all.size() / 2], "ms", conditions);
    print("read own update, p99", all[all.size() * 99 / 100], "ms", conditions);
}

}  // namespace

void latency() {
    Place place(kOnlyReadModel);
    auto host = place.host("api,relay,worker");
    place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", 4,
                   std::chrono::seconds(60));
    place.fill_store(kUpdated, 0);
    place.wait_for("the read model", "select count(*) from user_read_model.users", kUpdated,
                   std::chrono::seconds(120));
    wait_for_api(place);
    update_all(place, 1);
    report_visible(place, "latency", 2, "");
    for (const int clients : {1, 8}) read_own_updates(place, clients);
    host->stop(std::chrono::seconds(20));
}

void latency_beside() {
    constexpr int kUsers = 100'000, kRevisions = 10;
    Place place(kWithAudit);
    auto host = place.host("api,relay,worker");
    place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", 8,
                   std::chrono::seconds(60));
    place.fill_store(kUsers, kRevisions - 1);
    for (const char* handler : {"user_read_model", "audit_log"})
        place.wait_for(handler,
                       "select coalesce(sum(revision), 0) from " + std::string(handler) + ".lantern_streams",
                       std::int64_t{kUsers} * kRevisions, std::chrono::seconds(300));
    wait_for_api(place);
    update_all(place, 1);
    report_visible(place, "latency, 1 M events there", kRevisions + 1, ", no rebuild");

    std::atomic<bool> stop = false;
    int rebuilds = 0;
    std::thread rebuilding([&] {
        for (; !stop; ++rebuilds)
            if (!place.lantern({"backfill", "audit_log"})->wait(std::chrono::minutes(10)).value().clean())
                std::exit(1);
    });
    update_all(place, 2);
    stop = true;
    rebuilding.join();
    report_visible(place, "latency, beside a rebuild", kRevisions + 2,
                   ", " + std::to_string(rebuilds) + " rebuilds of audit_log with 1 M events meanwhile");
    host->stop(std::chrono::seconds(20));
}

}  // namespace lantern::bench
