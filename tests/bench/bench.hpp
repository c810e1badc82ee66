// Benchmarks of the whole: real processes of the real binary, durable private servers. Each prints one line per
// figure, with its conditions. Nothing here asserts a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/postgres/connection.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/processes/child.hpp"

namespace lantern::bench {

void print(const std::string& name, double value, const std::string& unit, const std::string& conditions);
std::string number(double value);  // 76 600
// So many, or the share of it that LANTERN_BENCH_PERCENT asks for: a quick look is not a figure.
std::int64_t share_of(std::int64_t usual);

class Stopwatch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// A Lantern of one's own: servers, a migrated database, a configuration; processes are started as a benchmark needs
// them. Everything ends with it.
class Place {
public:
    // `routing`: the text of routing.yaml.
    explicit Place(const std::string& routing);
    ~Place();

    // `lantern host --roles ...`; returns at once.
    std::unique_ptr<processes::Child> host(const std::string& roles);
    std::unique_ptr<processes::Child> lantern(std::vector<std::string> arguments);

    postgres::Connection& database() { return *database_; }
    std::string database_url() const;
    std::string broker_url() const;
    private_servers::PrivateRabbit& broker() { return *broker_; }
    private_servers::PrivatePostgres& postgres() { return *postgres_; }
    // A plugin library into the plugin directory under this name, as an operator would: renamed into place.
    void install(const std::filesystem::path& library, const std::string& name) const;
    int http_port() const { return http_port_; }
    std::string token() const { return "token-of-the-benchmark"; }
    const std::filesystem::path& directory() const { return directory_; }

    // The single number that the query answers.
    std::int64_t ask(const std::string& sql);
    // Waits until the query answers at least `wanted`; ends the program with a message after `limit`.
    void wait_for(const std::string& what, const std::string& sql, std::int64_t wanted, std::chrono::seconds limit);

    // Events of `users` users in the store, `updates` of first_name each after USER_CREATED, keys reserved. Ids are
    // user_id(1) ... user_id(users). by_round: all users in turn, as in live use; by_user: one after another, as
    // an import leaves them, but without its snapshots.
    enum class Order { by_round, by_user };
    void fill_store(int users, int updates, Order order = Order::by_round);
    // PostgreSQL started anew with other settings; "name = value" each.
    void restart_postgres(const std::vector<std::string>& settings);
    static std::string user_id(int n);

private:
    std::filesystem::path directory_;
    std::unique_ptr<private_servers::PrivatePostgres> postgres_;
    std::unique_ptr<private_servers::PrivateRabbit> broker_;
    std::unique_ptr<postgres::Connection> database_;
    int http_port_ = 0;
};

inline constexpr const char* kOnlyReadModel = R"(version: 1
events:
  USER_CREATED:     [user_read_model]
  USER_UPDATED:     [user_read_model]
  PASSWORD_CHANGED: [user_read_model]
  USER_DELETED:     [user_read_model]
)";

void live();
void append();
void latency();
void latency_beside();
void reads();
void load();
void abi();
void memory();
void rebuild();
void busy();
void swap();
void import_events();
void poison();
void takeover();
void new_build();
void handlers();
void routed();
void paused();
void away();
void sweep();

}  // namespace lantern::bench
