#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "host/private_servers/place.hpp"
#include "tests/bench/bench.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::bench {
namespace {

constexpr const char* kDatabase = "lantern";
constexpr const char* kVhost = "lantern";

std::string uuid_of(int kind, const std::string& number) {
    return "('00000000-0000-7" + std::to_string(kind) + "00-8000-' || lpad((" + number + ")::text, 12, '0'))::uuid";
}

}  // namespace

std::string number(double value) {
    char text[64];
    if (value < 100) {
        std::snprintf(text, sizeof text, "%.2f", value);
        return text;
    }
    std::string digits = std::to_string(static_cast<long long>(value + 0.5));
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), " ");
    return digits;
}

std::int64_t share_of(std::int64_t usual) {
    const char* percent = std::getenv("LANTERN_BENCH_PERCENT");
    return percent ? usual * std::atoll(percent) / 100 : usual;
}

void print(const std::string& name, double value, const std::string& unit, const std::string& conditions) {
    std::printf("%-28s %12s %-12s (%s)\n", name.c_str(), number(value).c_str(), unit.c_str(), conditions.c_str());
    std::fflush(stdout);
}

Place::Place(const std::string& routing) {
    std::string pattern = (std::filesystem::temp_directory_path() / "lantern-bench-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    std::filesystem::permissions(directory_, std::filesystem::perms(0755));
    postgres_ = std::make_unique<private_servers::PrivatePostgres>(
        private_servers::PrivatePostgres::Options{.directory = directory_ / "postgres"});
    postgres_->start();
    postgres_->create_database(kDatabase);
    broker_ = std::make_unique<private_servers::PrivateRabbit>(
        private_servers::PrivateRabbit::Options{.directory = directory_ / "rabbitmq"});
    broker_->start();
    http_port_ = private_servers::free_port();

    std::filesystem::copy(LANTERN_CONFIG, directory_ / "config", std::filesystem::copy_options::recursive);
    std::ofstream(directory_ / "config" / "routing.yaml") << routing;
    std::filesystem::create_directory(directory_ / "plugins");
    for (const auto& plugin : std::filesystem::directory_iterator(LANTERN_PLUGINS))
        if (plugin.path().extension() == ".so") install(plugin.path(), plugin.path().stem());
    install(BENCH_STEPS, "steps");
    postgres::Session session;
    session.url = database_url();
    session.search_path = "public";
    session.plans = postgres::Plans::estimated;
    session.statement_timeout = std::chrono::minutes(10);
    database_ = std::make_unique<postgres::Connection>(session);
    restart_postgres({"track_commit_timestamp = on"});
    if (!lantern({"migrate"})->wait(std::chrono::seconds(60)).value().clean()) {
        std::cerr << "migrate failed, see " << directory_ / "lantern.log"
                  << "\n";
        std::exit(1);
    }
}

Place::~Place() {
    database_.reset();
    broker_->stop();
    postgres_->stop();
    std::error_code ignored;  // temporary files, nobody waits for them
    std::filesystem::remove_all(directory_, ignored);
}

void Place::restart_postgres(const std::vector<std::string>& settings) {
    for (const auto& setting : settings) database_->script("alter system set " + setting);
    postgres_->stop();
    postgres_->start();
    database_->reconnect();
}

std::string Place::database_url() const {
    return postgres_->url(kDatabase);
}
std::string Place::broker_url() const {
    return broker_->url(kVhost);
}

void Place::install(const std::filesystem::path& library, const std::string& name) const {
    const auto next = directory_ / "plugins" / (name + ".next");
    std::filesystem::copy_file(library, next);
    std::filesystem::rename(next, directory_ / "plugins" / (name + ".so"));
}

std::unique_ptr<processes::Child> Place::lantern(std::vector<std::string> arguments) {
    processes::Program program;
    program.argv = {LANTERN_BINARY};
    program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
    const std::vector<std::string> where = {"--config", (directory_ / "config").string(), "--plugins",
                                            (directory_ / "plugins").string()};
    program.argv.insert(program.argv.end(), where.begin(), where.end());
    program.environment = {{"LANTERN_POSTGRES_URL", database_url()},
                           {"LANTERN_AMQP_URL", broker_url()},
                           {"LANTERN_HTTP_PORT", std::to_string(http_port_)},
                           {"LANTERN_METRICS_PORT", "0"},
                           {"LANTERN_TOKEN_KEY", "a key of the benchmark, of 32 bytes or more"},
                           {"LANTERN_ADMIN_TOKEN", token()}};
    program.output = directory_ / "lantern.log";
    return std::make_unique<processes::Child>(program);
}

std::unique_ptr<processes::Child> Place::host(const std::string& roles) {
    return lantern({"host", "--roles", roles});
}

std::int64_t Place::ask(const std::string& sql) {
    return database_->query(sql).integer(0, 0);
}

void Place::wait_for(const std::string& what, const std::string& sql, std::int64_t wanted,
                     std::chrono::seconds limit) {
    const auto holds = [&] {
        try {
            return ask(sql) >= wanted;
        } catch (const Fault& fault) {
            if (fault.kind() != FaultKind::configuration) throw;
            return false;  // the table is not there yet
        }
    };
    if (test::eventually(holds, limit)) return;
    std::cerr << "waited too long for " << what << "; see " << directory_ / "lantern.log"
              << "\n";
    std::system(("tail -20 " + (directory_ / "lantern.log").string() + " >&2").c_str());
    std::exit(1);
}

std::string Place::user_id(int n) {
    char text[40];
    std::snprintf(text, sizeof text, "00000000-0000-7000-8000-%012d", n);
    return text;
}

// In steps of this many events, so that no sort or join of ten million rows spills to disk.
void Place::fill_store(int users, int updates, Order order) {
    constexpr int kStep = 1'000'000;
    const std::string revisions = std::to_string(updates + 1);
    const auto each = [](int from, int upto) {
        return "generate_series(" + std::to_string(from) + ", " + std::to_string(upto) + ")";
    };
    const std::string stream = " join lantern.streams s on s.aggregate_type = 'user' and s.aggregate_id = (" +
                               uuid_of(0, "n") + ")::text ";
    const auto insert_events = [&](const std::string& revision, const std::string& user,
                                   const std::string& sorted) {
        database_->script(
            "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, "
            "xid, "
            "data, metadata) select nextval('lantern.events_position'), s.stream_id, r, " +
            uuid_of(1, "(r::bigint * 10000000 + n)") +
            ", case when r = 1 then 'USER_CREATED' else 'USER_UPDATED' end, case when r = 1 then 2 else 1 end, "
            "clock_timestamp(), pg_current_xact_id(), "
            "case when r = 1 then json_build_object('username', 'user' || n, 'email', 'user' || n || "
            "'@example.com', "
            "'first_name', 'First', 'last_name', 'Last', 'password_hash', 'x', 'hashing_method', 'argon2id', "
            "'role', "
            "'user') else json_build_object('first_name', 'First ' || r) end, "
            "'{\"actor\":{\"id\":\"bench\",\"name\":\"bench\"},\"correlation_id\":\"c\"}'::json from " +
            revision + " r cross join " + user + " n" + stream + "order by " + sorted);
    };
    const auto insert_keys = [&](const std::string& kind, const std::string& key) {
        database_->script("insert into lantern.unique_keys select '" + kind + "', " + key + ", s.stream_id from " +
                          each(1, users) + " n" + stream + "order by 2");  // in the order of their index
    };
    for (int from = 1; from <= users; from += kStep)
        database_->script("insert into lantern.streams (aggregate_type, aggregate_id, revision) select 'user', (" +
                          uuid_of(0, "n") + ")::text, " + revisions + " from " +
                          each(from, std::min(users, from + kStep - 1)) + " n order by n");
    database_->script("analyze lantern.streams");
    const bool by_user = order == Order::by_user;
    const int rounds = by_user ? updates + 1 : std::max(1, kStep / users), some = std::max(1, kStep / rounds);
    for (int r = 1; r <= updates + 1; r += rounds)
        for (int n = 1; n <= users; n += some)
            insert_events(each(r, std::min(updates + 1, r + rounds - 1)), each(n, std::min(users, n + some - 1)),
                          by_user ? "n, r" : "r, n");
    insert_keys("username", "'user' || n");
    insert_keys("email", "'user' || n || '@example.com'");
    database_->script("analyze lantern.events; analyze lantern.unique_keys");
}

}  // namespace lantern::bench
