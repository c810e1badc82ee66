// A rebuild of user_read_model and audit_log, beside a C loop written by hand for just that; and bulk import.
#include <fstream>
#include <sstream>

#include "tests/bench/bench.hpp"

namespace lantern::bench {
namespace {

constexpr int kUpdates = 9;
constexpr int kImported = 200'000;

// LANTERN_BENCH_PERCENT=1000 makes it 10 M events.
int users() {
    return static_cast<int>(share_of(100'000));
}
std::int64_t events() {
    return std::int64_t{users()} * (kUpdates + 1);
}

constexpr const char* kBothModels = R"(version: 1
events:
  USER_CREATED:     [user_read_model, audit_log]
  USER_UPDATED:     [user_read_model, audit_log]
)";

// Handlers are registered by a host.
void register_handlers(Place& place) {
    auto host = place.host("api");
    place.wait_for("handlers", "select count(*) from lantern.handlers", 2, std::chrono::seconds(60));
    host->stop(std::chrono::seconds(20));
}

double seconds_of(Place& place, const std::vector<std::string>& words) {
    const Stopwatch watch;
    auto verb = place.lantern(words);
    if (!verb->wait(std::chrono::minutes(30)).value_or(processes::Ended{1, 0}).clean()) {
        std::fprintf(stderr, "%s failed, see %s\n", words[0].c_str(), (place.directory() / "lantern.log").c_str());
        std::exit(1);
    }
    return watch.seconds();
}

double rebuilt(Place& place, const std::string& handler, int processes) {
    return static_cast<double>(events()) /
           seconds_of(place, {"backfill", handler, "--processes", std::to_string(processes)});
}

double by_hand(const Place& place) {
    processes::Program program;
    program.argv = {LIMIT_REBUILD, place.database_url()};
    const auto finished = processes::run(program, std::chrono::minutes(10));
    if (!finished.ended.clean()) {
        std::fprintf(stderr, "limit_rebuild: %s\n", finished.output.c_str());
        std::exit(1);
    }
    return static_cast<double>(events()) / std::stod(finished.output);
}

std::string conditions(const std::string& rest) {
    std::ostringstream text;
    text << number(static_cast<double>(events())) << " events, " << number(users()) << " streams, " << rest;
    return text.str();
}

void rebuild_with(Place& place, const std::string& server, Place::Order order) {
    const std::string where = server + (order == Place::Order::by_round ? ", scattered" : ", stream by stream");
    const double limit = by_hand(place);
    for (const int processes : {1, 2}) {
        const double rate = rebuilt(place, "user_read_model", processes);
        const std::string with = where + ", " + std::to_string(processes) + " processes, whole verb";
        print("rebuild user_read_model", rate, "events/s", conditions(with));
        print("rebuild, share of the limit", 100 * rate / limit, "%", conditions(with) + "; goal 50");
    }
    print("rebuild, limit by hand in C", limit, "events/s", conditions(where));
    print("rebuild audit_log", rebuilt(place, "audit_log", 2), "events/s", conditions(where + ", 2 processes"));
    print("audit verify", static_cast<double>(events()) / seconds_of(place, {"audit", "verify", "audit_log"}),
          "rows/s", conditions(where + ", whole verb"));
}

}  // namespace

void rebuild() {
    for (const auto order : {Place::Order::by_round, Place::Order::by_user}) {
        Place place(kBothModels);
        register_handlers(place);
        place.fill_store(users(), kUpdates, order);
        for (const std::string buffers : {"2GB", "128MB"}) {
            place.restart_postgres({"shared_buffers = '" + buffers + "'"});
            rebuild_with(place, "shared_buffers " + buffers, order);
        }
    }
}

void import_events() {
    Place place(kBothModels);
    register_handlers(place);
    const auto file = place.directory() / "events.ndjson";
    {
        std::ofstream out(file);
        for (int n = 1; n <= kImported; ++n) {
            const int user = (n + 1) / 2;
            const std::string subject = R"(,"source":"bench","subject":"user/)" + Place::user_id(user) + '"';
            out << R"({"specversion":"1.0","id":")" << n << '"' << subject;
            if (n % 2 == 1)
                out << R"(,"type":"USER_CREATED","schemaversion":2,"data":{"username":"user)" << user
                    << R"(","email":"user)" << user
                    << R"(@example.com","first_name":"First","last_name":"Last","role":"user"}})" << '\n';
            else
                out << R"(,"type":"USER_UPDATED","data":{"first_name":"Other"}})" << '\n';
        }
    }
    print("import", kImported / seconds_of(place, {"import", file.string()}), "events/s",
          number(kImported) + " events, " + number(kImported / 2.0) + " new users, unique keys reserved");
}

}  // namespace lantern::bench
