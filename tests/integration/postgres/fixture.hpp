// What the tests of host/postgres share.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "host/command/ports.hpp"
#include "host/core/clock.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/migrate.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {

inline std::string migrated_database() {
    auto url = fresh_database();
    postgres::migrate(url);
    return url;
}

inline Uuid fresh_id() {
    static SystemRandom random;
    static SystemClock clock;
    return Uuid::v7(clock.now(), random.next(), random.next());
}

inline command::NewEvent event_of(const std::string& type, const std::string& data = R"({"n":1})") {
    return {fresh_id(), type, 1, data, R"({"actor":"tester"})"};
}

inline command::Append append_of(const std::string& aggregate_id, std::int64_t expected,
                                 std::vector<command::NewEvent> events) {
    command::Append append;
    append.aggregate_type = "user";
    append.aggregate_id = aggregate_id;
    append.expected = expected;
    append.events = std::move(events);
    return append;
}

class PostgresTest : public ::testing::Test {
protected:
    PostgresTest() : url_(migrated_database()), sql_({.url = url_}) {}

    std::string one(const std::string& query) {
        const auto rows = sql_.query(query);
        return rows.empty() || rows.null(0, 0) ? std::string("(none)") : rows.text(0, 0);
    }

    const std::string url_;
    postgres::Connection sql_;
};

}  // namespace lantern::test
