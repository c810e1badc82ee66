// What goes on beside a test: a step done again and again, and a reader whom a swap must not disturb.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/dev_instance.hpp"

namespace lantern::test {

// Until it ends.
class Beside {
public:
    template <class Step>
    explicit Beside(Step step)
        : thread_([this, step] {
              while (!end_) step();
          }) {}
    ~Beside() { join(); }
    void join() {
        end_ = true;
        if (thread_.joinable()) thread_.join();
    }

private:
    std::atomic<bool> end_{false};
    std::thread thread_;
};

// Looks at a table that only grows: over one connection with a prepared statement of named columns, and, as a role
// that may SELECT from it and nothing else, with a new statement for at most 200 rows. Whoever sees less than
// before, or gets an error, says so.
class Readers {
public:
    Readers(const DevInstance& instance, const std::string& schema, const std::string& table)
        : prepared_(patient(instance)), polling_(patient(instance)) {
        const std::string name = schema + "." + table, role = "reader_of_" + schema;
        prepared_.script("prepare look as select id, revision from " + name);
        polling_.script("create role " + role + "; grant usage on schema " + schema + " to " + role +
                        "; grant select on " + name + " to " + role + "; set role " + role);
        looking_.emplace([this] { look(prepared_, "execute look", looked_); });
        polls_.emplace([this, poll = "select id, revision from " + name + " order by id limit 200"] {
            look(polling_, poll, polled_);
        });
    }
    ~Readers() { end(); }
    Readers(const Readers&) = delete;
    Readers& operator=(const Readers&) = delete;

    void end() {
        looking_->join();
        polls_->join();
    }

private:
    // A swap on a slow disk is waited for.
    static postgres::Session patient(const DevInstance& instance) {
        return {.url = instance.endpoint("postgres_url"),
                .statement_timeout = std::chrono::minutes(5),
                .lock_timeout = std::chrono::minutes(5)};
    }
    static void look(postgres::Connection& connection, const std::string& statement, std::size_t& seen) {
        try {
            const auto now = connection.query(statement).size();
            EXPECT_GE(now, seen) << statement;
            seen = now;
        } catch (const Fault& fault) {
            ADD_FAILURE() << statement << ": " << fault.what();
        }
    }

    postgres::Connection prepared_, polling_;
    std::size_t looked_ = 0, polled_ = 0;  // rows, each its thread's
    std::optional<Beside> looking_, polls_;
};

}  // namespace lantern::test
