#include "host/postgres/migrate.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "tests/integration/postgres/fixture.hpp"

namespace lantern::postgres {
namespace {

TEST(Migrate, AppliesOnceAndThenNothing) {
    const auto url = test::fresh_database();
    EXPECT_FALSE(migrated(url));
    const auto first = migrate(url);
    EXPECT_GE(first.size(), 2u);
    EXPECT_EQ(first.back(), "functions");
    EXPECT_TRUE(migrated(url));
    EXPECT_TRUE(migrate(url).empty());
}

TEST(Migrate, ConcurrentRunsApplyEachOnce) {
    const auto url = test::fresh_database();
    std::vector<std::vector<std::string>> applied(8);
    {
        std::vector<std::jthread> threads;
        for (auto& mine : applied) threads.emplace_back([&] { mine = migrate(url); });
    }
    std::size_t total = 0, runs = 0;
    for (const auto& mine : applied) {
        total += mine.size();
        runs += mine.empty() ? 0 : 1;
    }
    EXPECT_EQ(runs, 1u);
    Connection sql({.url = url});
    EXPECT_EQ(sql.query("select count(*) from lantern.migrations").integer(0, 0), static_cast<std::int64_t>(total));
}

TEST(Migrate, RefusesAnEditedMigrationAndANewerDatabase) {
    const auto url = test::migrated_database();
    Connection sql({.url = url});
    sql.query("update lantern.migrations set hash = 'x' where name like '0001%'");
    try {
        migrate(url);
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::configuration);
        EXPECT_THAT(fault.what(), ::testing::HasSubstr("was edited"));
    }
    sql.query("insert into lantern.migrations (name, hash) values ('9999_future', 'x')");
    try {
        migrate(url);
        FAIL();
    } catch (const Fault& fault) {
        EXPECT_THAT(fault.what(), ::testing::HasSubstr("9999_future"));
    }
}

TEST(Migrate, ReappliesFunctionsThatChanged) {
    const auto url = test::migrated_database();
    Connection sql({.url = url});
    sql.query("update lantern.migrations set hash = 'x' where name = 'functions'");
    EXPECT_EQ(migrate(url), std::vector<std::string>{"functions"});
}

TEST(Migrate, NeedsNoMoreThanADatabaseOwner) {
    const auto url = test::fresh_database();
    Connection sql({.url = url});
    sql.script("create role plain_owner login password 'x'; set role none;");
    const auto name = sql.query("select current_database()").text(0, 0);
    sql.query("alter database " + name + " owner to plain_owner");
    migrate(url + "?options=-crole%3Dplain_owner");
    EXPECT_EQ(sql.query("select tableowner from pg_tables where schemaname = 'lantern' and tablename = 'events'")
                  .text(0, 0),
              "plain_owner");
}

}  // namespace
}  // namespace lantern::postgres
