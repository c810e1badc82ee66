// A worker whose store fails under it: what is charged to an event, what is waited out, what holds the handler.
#include <gmock/gmock.h>

#include <filesystem>

#include "host/postgres/operate/backlogs.hpp"
#include "host/postgres/operate/explain.hpp"
#include "tests/integration/parked/fixture.hpp"

namespace lantern::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class OutageTest : public ParkedTest {
protected:
    using ParkedTest::ParkedTest;

    // Every write of the read model fails with this SQLSTATE, until mend().
    void fail_with(const std::string& sqlstate, const std::string& when = "true") {
        sql_.query("create function public.fail() returns trigger language plpgsql as $$ begin if " + when +
                   " then raise exception 'as ordered' using errcode = '" + sqlstate +
                   "'; end if; return new; end $$");
        sql_.query(
            "create trigger failing before insert on people.people for each row execute function public.fail()");
    }
    void mend() { sql_.query("drop function public.fail cascade"); }
    std::string charged() { return one("select count(*) from lantern.attempts"); }
    std::string note() { return one("select coalesce(min(note), '') from lantern.workers"); }
    // What the worker waits for, as operators are told, while nothing is applied and nothing charged.
    void expect_waits(const ::testing::Matcher<std::string>& why) {
        run(6);
        EXPECT_THAT(notes_.waits_for, why);
        EXPECT_EQ(value("u1"), "");
        EXPECT_EQ(charged(), "0");
        EXPECT_EQ(one("select count(*) from people.lantern_streams where state <> 0"), "0");
    }
    void expect_goes_on() {
        run(6);
        EXPECT_EQ(value("u1"), "12");
        EXPECT_EQ(charged(), "0");
        EXPECT_EQ(notes_.waits_for, "");
    }
    void append_two() {
        append("u1", 1);
        append("u1", 2);
    }
};

TEST_F(OutageTest, ADroppedTableHoldsTheHandlerUntilItIsThereAgain) {
    append_two();
    sql_.query("create table public.copy (like people.people including all)");
    sql_.query("drop table people.people");
    run(6);
    EXPECT_THAT(notes_.waits_for, StartsWith("held: "));
    EXPECT_THAT(notes_.waits_for, HasSubstr("people"));
    EXPECT_EQ(charged(), "0");
    sql_.query("alter table public.copy set schema people");
    sql_.query("alter table people.copy rename to people");
    expect_goes_on();
}

TEST_F(OutageTest, WhatHoldsAHandlerIsToldWhileItIsHeld) {
    append_two();
    fail_with("42501");
    postgres::Catalog catalog(url_);
    postgres::Backlogs backlogs(url_);
    std::string told;
    std::optional<postgres::RegisteredHandler> people;
    std::vector<supervise::Backlog> waiting;
    std::vector<postgres::Explained> explained;
    in_each_call_ = [&] {
        told = note();
        people = catalog.handler(name_);
        waiting = backlogs.of_handlers();
        explained = postgres::explained_handlers(sql_, StreamId{1}, {});
    };  // the worker lives: what its row says in the second try is of the first
    run(6);
    EXPECT_THAT(told, StartsWith("held: "));
    EXPECT_THAT(told, HasSubstr("as ordered"));
    EXPECT_EQ(people->state, "held");
    EXPECT_THAT(people->state_reason, AllOf(StartsWith("postgres: "), HasSubstr("as ordered")));
    ASSERT_FALSE(waiting.empty());
    EXPECT_EQ(waiting.back().state, "held") << "readiness goes by it";
    EXPECT_EQ(waiting.back().state_reason, people->state_reason);
    EXPECT_THAT(explained, Contains(Field(&postgres::Explained::state, "held")));
    mend();
    in_each_call_ = nullptr;
    expect_goes_on();
}

class GrantTest : public OutageTest {
protected:
    GrantTest() : OutageTest(As::handler) {}
    std::string role() { return one("select lantern.role_of('people')"); }
};

TEST_F(GrantTest, AMissingGrantHoldsTheHandlerUntilItIsGivenAgain) {
    append_two();
    sql_.query("revoke insert on people.people from " + role());
    expect_waits(HasSubstr("held: postgres: ERROR:  permission denied for table people"));
    sql_.query("grant insert on people.people to " + role());
    expect_goes_on();
}

// The file of the handler's table is one that is always full. What PostgreSQL meets there, and says, is what it
// meets on a disk without space.
TEST_F(OutageTest, AFullDiskIsWaitedOutUntilThereIsSpace) {
    append_two();
    const std::filesystem::path data = one("show data_directory");
    const auto file = data / one("select pg_relation_filepath('people.people')"), kept = data / "kept";
    std::filesystem::rename(file, kept);
    std::filesystem::create_symlink("/dev/full", file);
    expect_waits(HasSubstr("No space left on device"));
    std::filesystem::rename(kept, file);
    expect_goes_on();
}

TEST_F(OutageTest, AServerThatHasNoRoomOrNoTimeForUsIsWaitedFor) {
    append_two();
    for (const char* sqlstate : {"53300", "57P03", "08006", "25006"}) {
        SCOPED_TRACE(sqlstate);
        sql_.query("truncate people.people, people.lantern_streams");
        sql_.query("update lantern.leases set feed_cursor = 0");
        fail_with(sqlstate);
        expect_waits(StartsWith("postgres: ERROR:  as ordered"));
        mend();
        expect_goes_on();
    }
}

TEST_F(OutageTest, ASerialisationFailureIsRedoneAndChargedToNobody) {
    append_two();
    sql_.query("create sequence public.tries");
    fail_with("40001", "nextval('public.tries') < 3");
    expect_goes_on();
}

TEST_F(OutageTest, RefusedDataIsChargedToItsEventAlone) {
    for (const char* user : {"u1", "u2", "u3"}) append(user, 1);
    append("u2", 2);
    sql_.query("alter table people.people add check (id <> 'u2' or value not like '1%')");
    run(2);
    EXPECT_EQ(value("u1"), "1");
    EXPECT_EQ(value("u2"), "");
    EXPECT_EQ(value("u3"), "1");
    EXPECT_EQ(one("select string_agg(distinct revision || ' ' || outcome, ', ') from lantern.attempts"), "1 retry");
    EXPECT_THAT(one("select last_error from people.lantern_streams where state <> 0"), HasSubstr("violates check"));
}

// A value that no index row can hold is its event's fault, though the server calls it a limit of the program.
TEST_F(OutageTest, AValueTooLargeForAnIndexHoldsBackItsStreamAlone) {
    append("u1", 1);
    ASSERT_TRUE(store_.append(append_of("u2", 0, {event_of("MADE", "2000")})));
    sql_.query(
        "create function public.blow() returns trigger language plpgsql as $$ begin"
        " new.value := (select string_agg(md5(n::text), '') from generate_series(1, new.value::int) n);"
        " return new; end $$");
    sql_.query("create trigger blow before insert on people.people for each row execute function public.blow()");
    sql_.query("create index on people.people (value)");
    run(2);
    EXPECT_NE(value("u1"), "");
    EXPECT_EQ(value("u2"), "");
    EXPECT_THAT(one("select last_error from people.lantern_streams where state <> 0"), HasSubstr("index row"));
}

// Sessions of the worker are ended while plugin calls, flushes and reads are under way.
TEST_F(OutageTest, EndedBackendsLoseAndDoubleNothing) {
    constexpr int kUsers = 8, kEvents = 25;
    for (int number = 1; number <= kEvents; ++number)
        for (int user = 0; user < kUsers; ++user) append("u" + std::to_string(user), number);
    sql_.query(
        "create function public.dawdle() returns trigger language plpgsql as $$ begin"
        " if random() < 0.02 then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$");
    sql_.query(
        "create trigger dawdle before insert or update on people.people for each row"
        " execute function public.dawdle()");
    int calls = 0;
    in_each_call_ = [&] {
        if (++calls % 37 == 0)
            sql_.query(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'lantern worker people'");
    };
    run(60);
    in_each_call_ = nullptr;
    sql_.query("drop function public.dawdle cascade");
    run(30);
    std::string expected;
    for (int number = 1; number <= kEvents; ++number) expected += std::to_string(number);
    for (int user = 0; user < kUsers; ++user) EXPECT_EQ(value("u" + std::to_string(user)), expected);
    EXPECT_EQ(charged(), "0");
}

// The server refuses new sessions for a while after it ended the old ones.
TEST_F(OutageTest, ADatabaseThatRefusesConnectionsIsWaitedFor) {
    append_two();
    const auto database = one("select current_database()");
    postgres::Connection elsewhere({.url = url_.substr(0, url_.rfind('/')) + "/postgres"});
    elsewhere.query("alter database " + database + " allow_connections false");
    elsewhere.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lantern worker people'");
    run(6);
    EXPECT_THAT(notes_.waits_for, HasSubstr("not currently accepting connections"));
    elsewhere.query("alter database " + database + " allow_connections true");
    sql_.ensure();
    expect_goes_on();
}

}  // namespace
}  // namespace lantern::test
