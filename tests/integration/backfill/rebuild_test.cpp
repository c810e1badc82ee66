#include <signal.h>

#include <future>

#include "tests/integration/backfill/fixture.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;

class RebuildTest : public BackfillTest {
protected:
    std::string generation() {
        return one("select generation::text from lantern.handlers where handler = 'user_read_model'");
    }
    std::string rows() { return one("select count(*) from user_read_model.users"); }
    // Of what every row must be, by the events.
    void expect_model(int users, int updates) {
        EXPECT_EQ(rows(), std::to_string(users));
        const auto last = std::to_string(updates + 1);
        EXPECT_EQ(one("select count(*) from user_read_model.users u join lantern.streams s on s.aggregate_id = u.id"
                      " where u.revision = " +
                      last +
                      " and u.username = 'user' || substr(u.id, 2)"
                      " and u.first_name = " +
                      (updates > 0 ? "'First " + last + "'" : "E'A\\tB\\\\'") +
                      " and u.last_name = 'L' and u.status = 'active'"),
                  std::to_string(users));
        EXPECT_EQ(
            one("select count(*) from user_read_model.lantern_streams l join lantern.streams s using (stream_id)"
                " where l.revision = s.revision and l.state = 0"),
            std::to_string(users));
    }
};

// `lantern backfill JOB`, with this test's database in the environment.
std::vector<pid_t> processes_of_the_job(const std::string& job, const std::string& url) {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const pid_t pid = std::atoi(entry.path().filename().c_str());
        if (pid <= 0) continue;
        const auto text_of = [&](const char* name) {
            std::ifstream in(entry.path() / name, std::ios::binary);
            return std::string{std::istreambuf_iterator<char>(in), {}};
        };
        std::string words = text_of("cmdline");
        std::replace(words.begin(), words.end(), '\0', ' ');
        if (words.find(" backfill " + job + " ") != std::string::npos &&
            text_of("environ").find("LANTERN_POSTGRES_URL=" + url) != std::string::npos)
            found.push_back(pid);
    }
    return found;
}

TEST_F(RebuildTest, FoldsAllOfHistoryAndSwapsItIn) {
    fill(300, 4);
    sql_.script("create role reader" + std::to_string(getpid()) +
                "; grant usage on schema user_read_model to reader" + std::to_string(getpid()) +
                "; grant select on user_read_model.users to reader" + std::to_string(getpid()) +
                "; comment on table user_read_model.users is 'as they are'");
    sql_.script("prepare named as select count(*) from user_read_model.users");
    EXPECT_EQ(one("execute named"), "0");
    const auto said = lantern("backfill user_read_model --processes 2");
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("is done; 1 500 events folded"));
    expect_model(300, 4);
    EXPECT_EQ(generation(), "2");
    EXPECT_EQ(one("execute named"), "300");
    // What was the new schema's is as if it had been there from the first day.
    EXPECT_EQ(one("select string_agg(indexname, ' ' order by indexname) from pg_indexes where schemaname ="
                  " 'user_read_model'"),
              one("select string_agg(indexname, ' ' order by indexname) from pg_indexes where schemaname ="
                  " 'user_read_model@1'"));
    EXPECT_EQ(one("select has_table_privilege('reader" + std::to_string(getpid()) +
                  "', 'user_read_model.users', 'select') and has_schema_privilege('reader" +
                  std::to_string(getpid()) + "', 'user_read_model', 'usage')"),
              "t");
    EXPECT_EQ(one("select obj_description('user_read_model.users'::regclass)"), "as they are");
    EXPECT_EQ(one("select count(*) from pg_tables where schemaname = 'user_read_model'"), "2");
    EXPECT_EQ(one("select schema_name from lantern.kept_schemas"), "user_read_model@1");
    EXPECT_THAT(lantern("jobs list").text, HasSubstr("done"));
    EXPECT_EQ(one("select count(*) from lantern.effects"), "0") << "a backfill runs no side effect";
}

TEST_F(RebuildTest, VerifyNamesExactlyTheRowsThatDiffer) {
    fill(100, 2);
    ASSERT_EQ(lantern("backfill user_read_model").status, 0);
    EXPECT_EQ(lantern("verify user_read_model").status, 0);
    sql_.script(
        "update user_read_model.users set first_name = 'wrong' where id = 'u42';"
        "delete from user_read_model.users where id = 'u43'");
    const auto said = lantern("verify user_read_model");
    EXPECT_EQ(said.status, 3) << said.text;
    EXPECT_THAT(said.text, HasSubstr("users: 98 rows equal, 2 differ, 0 could not be compared"));
    EXPECT_THAT(said.text, HasSubstr(R"("first_name":"wrong")"));
    EXPECT_THAT(said.text, HasSubstr(R"("username":"user43")"));
    EXPECT_EQ(generation(), "2") << "verify swaps nothing";
    EXPECT_EQ(one("select count(*) from pg_namespace where nspname like 'user_read_model@%'"), "1");

    EXPECT_EQ(lantern("backfill user_read_model --verify").status, 3);
    EXPECT_EQ(generation(), "2");
    EXPECT_EQ(lantern("backfill user_read_model --verify --swap-always").status, 3);
    EXPECT_EQ(generation(), "3");
    expect_model(100, 2);
}

TEST_F(RebuildTest, ProcessesThatAreKilledCostNoMoreThanWhatTheyHeld) {
    fill(2000, 99);
    auto verb = std::async(std::launch::async,
                           [&] { return lantern("backfill user_read_model --processes 2 --max-rate 10000"); });
    // Slowly, so that there is much left to do whenever this test comes to look.
    int killed = 0;
    while (killed < 3) {
        const bool some = eventually(
            [&] {
                return one("select coalesce(sum(events), 0) > " + std::to_string(20'000 * (killed + 1)) +
                           " from lantern.job_slots") == "t";
            },
            std::chrono::seconds(120));
        ASSERT_TRUE(some);
        const auto at_work = processes_of_the_job(one("select max(job_id) from lantern.jobs"), url_);
        ASSERT_FALSE(at_work.empty());
        for (const pid_t pid : at_work) ::kill(pid, SIGKILL);
        ++killed;
    }
    EXPECT_EQ(lantern("jobs throttle " + one("select max(job_id) from lantern.jobs") + " 0").status, 0);
    const auto said = verb.get();
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("200 000 events folded"));
    expect_model(2000, 99);
}

TEST_F(RebuildTest, WhatOthersHungOnTheTablesStopsTheSwapUntilItIsGone) {
    fill(10, 0);
    sql_.script("create schema reports; create view reports.active as select id from user_read_model.users");
    auto said = lantern("backfill user_read_model");
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.text, HasSubstr("view reports.active"));
    EXPECT_EQ(generation(), "1");
    EXPECT_EQ(rows(), "0");
    sql_.script("drop view reports.active");
    const auto job = one("select max(job_id) from lantern.jobs");
    EXPECT_EQ(lantern("jobs resume " + job).status, 0);
    said = lantern("jobs follow " + job);
    EXPECT_EQ(said.status, 0) << said.text;
    expect_model(10, 0);

    sql_.script("create view reports.active as select id from user_read_model.users");
    EXPECT_EQ(lantern("backfill user_read_model --move-dependents").status, 0);
    EXPECT_EQ(one("select count(*) from reports.active"), "10");
    sql_.script("insert into user_read_model.users (id) values ('x')");
    EXPECT_EQ(one("select count(*) from reports.active"), "11") << "the view is on the new table";
}

TEST_F(RebuildTest, AReaderWhoseTransactionIsOlderThanTheNewModelHoldsTheSwapUpAndSeesItsOwn) {
    fill(50, 1);
    ASSERT_EQ(lantern("backfill user_read_model").status, 0);
    postgres::Connection reader(
        {.url = url_, .application_name = "a report", .idle_in_transaction_timeout = std::chrono::minutes(10)});
    reader.script("begin isolation level repeatable read");
    const auto seen = [&] { return reader.query("select count(*) from user_read_model.users").text(0, 0); };
    EXPECT_EQ(seen(), "50");
    auto verb = std::async(std::launch::async, [&] { return lantern("backfill user_read_model"); });
    EXPECT_TRUE(eventually([&] {
        return one("select slowed from lantern.jobs order by job_id desc limit 1").find("the swap waits") == 0;
    })) << lantern("jobs list").text;
    EXPECT_TRUE(eventually([&] { return lantern("status").text.find("(a report, process ") != std::string::npos; }))
        << lantern("status").text;
    EXPECT_EQ(seen(), "50");
    EXPECT_EQ(generation(), "2");
    reader.script("commit");
    const auto said = verb.get();
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_EQ(generation(), "3");
    EXPECT_EQ(seen(), "50");
}

TEST_F(RebuildTest, OneJobForAHandlerAndAHandOnIt) {
    fill(2000, 49);
    auto verb = std::async(std::launch::async,
                           [&] { return lantern("backfill user_read_model --processes 1 --max-rate 5000"); });
    ASSERT_TRUE(eventually([&] { return one("select coalesce(sum(events), 0) > 0 from lantern.job_slots") == "t"; },
                           std::chrono::seconds(120)));
    const auto job = one("select max(job_id) from lantern.jobs");
    const auto second = lantern("backfill user_read_model");
    EXPECT_NE(second.status, 0);
    EXPECT_THAT(second.text, HasSubstr("job " + job + " is running for it"));
    EXPECT_EQ(lantern("jobs pause " + job).status, 0);
    EXPECT_THAT(lantern("jobs show " + job + " -o json").text, HasSubstr(R"("state":"paused")"));
    EXPECT_EQ(lantern("jobs resume " + job).status, 0);
    EXPECT_EQ(lantern("jobs throttle " + job + " 0").status, 0);
    EXPECT_EQ(verb.get().status, 0);
    expect_model(2000, 49);

    auto given_up = std::async(std::launch::async,
                               [&] { return lantern("backfill user_read_model --processes 1 --max-rate 5000"); });
    ASSERT_TRUE(eventually([&] { return one("select max(job_id) > " + job + " from lantern.jobs") == "t"; },
                           std::chrono::seconds(120)));
    EXPECT_EQ(lantern("jobs cancel " + one("select max(job_id) from lantern.jobs")).status, 0);
    EXPECT_EQ(given_up.get().status, 1);
    EXPECT_EQ(generation(), "2");
    expect_model(2000, 49);
}

TEST_F(RebuildTest, RollbackBringsTheOldModelBackCaughtUp) {
    fill(50, 1);
    for (int swaps = 0; swaps < 2; ++swaps) {
        const auto swapped = lantern("backfill user_read_model");
        ASSERT_EQ(swapped.status, 0) << swapped.text;
    }
    // Later events, which only the live model has.
    ASSERT_EQ(
        lantern("import " +
                file("in.ndjson",
                     R"({"specversion":"1.0","id":"1","source":"s","type":"USER_UPDATED","subject":"user/u7",)"
                     R"("data":{"first_name":"Later"}})")
                    .string())
            .status,
        0);
    sql_.script("update user_read_model.users set last_name = 'only in the newer model'");
    const auto said = lantern("rollback user_read_model");
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_EQ(generation(), "4");
    EXPECT_EQ(
        one("select first_name || ' ' || last_name || ' ' || revision from user_read_model.users where id = 'u7'"),
        "Later L 3");
    EXPECT_EQ(one("select string_agg(schema_name, ' ' order by schema_name) from lantern.kept_schemas"),
              "user_read_model@1 user_read_model@3");
}

TEST_F(RebuildTest, AProjectionThatFindsItsOwnRowsAndTheDryRun) {
    fill(40, 3);
    const auto dry = lantern("backfill audit_log --dry-run");
    EXPECT_EQ(dry.status, 0) << dry.text;
    EXPECT_THAT(dry.text, HasSubstr("would fold 160 events of 40 streams"));
    EXPECT_EQ(one("select count(*) from lantern.jobs"), "0");
    ASSERT_EQ(lantern("backfill audit_log").status, 0);
    EXPECT_EQ(one("select count(*) from audit_log.audit_log"), "160");
    EXPECT_EQ(one("select count(*) from audit_log.audit_log a join audit_log.audit_log b on b.subject = a.subject"
                  " and b.revision = a.revision - 1 where a.previous_hash = b.hash"),
              "120");
}

TEST_F(RebuildTest, ChosenStreamsAreFoldedAnewInTheLiveTables) {
    fill(30, 2);
    ASSERT_EQ(lantern("backfill user_read_model").status, 0);
    sql_.script(
        "update user_read_model.users set first_name = 'wrong' where id in ('u3', 'u4');"
        "delete from user_read_model.users where id = 'u5';"
        // Applied up to revision 2 only: a worker will do the rest.
        "update user_read_model.lantern_streams l set revision = 2 from lantern.streams s"
        " where s.stream_id = l.stream_id and s.aggregate_id = 'u5'");
    EXPECT_THAT(lantern("backfill user_read_model --stream user/u3 --dry-run").text,
                HasSubstr("would refold 1 streams"));
    // What was to hold the live tables back is not passed over.
    for (const char* option : {"--verify --no-swap", "--no-swap", "--swap-if-equal", "--swap-always", "--detach",
                               "--processes 2", "--max-rate 5", "--keep 7d", "--move-dependents"}) {
        const auto refused = lantern(std::string("backfill user_read_model --stream user/u3 ") + option);
        EXPECT_EQ(refused.status, 2) << option;
        EXPECT_THAT(refused.text, HasSubstr(std::string(option).substr(0, std::string(option).find(' '))));
        EXPECT_THAT(refused.text,
                    HasSubstr("expected without --stream user/u3: chosen streams are folded anew in"));
    }
    // A shell variable that is not set does not mean all of them.
    EXPECT_THAT(lantern("backfill user_read_model --stream ''").text, HasSubstr("--stream: found nothing"));
    EXPECT_EQ(one("select generation from lantern.handlers where handler = 'user_read_model'"), "2");
    EXPECT_EQ(one("select first_name from user_read_model.users where id = 'u3'"), "wrong");
    EXPECT_EQ(lantern("backfill user_read_model --stream user/u3").status, 0);
    EXPECT_EQ(one("select first_name from user_read_model.users where id = 'u3'"), "First 3");
    EXPECT_EQ(one("select first_name from user_read_model.users where id = 'u4'"), "wrong");
    const auto all = lantern("backfill user_read_model --type USER_UPDATED --from 1");
    EXPECT_EQ(all.status, 0) << all.text;
    EXPECT_THAT(all.text, HasSubstr("refolded 30 streams"));
    EXPECT_EQ(one("select first_name from user_read_model.users where id = 'u4'"), "First 3");
    EXPECT_EQ(one("select first_name || ' ' || revision from user_read_model.users where id = 'u5'"), "First 2 2");
    EXPECT_EQ(generation(), "2") << "no swap";
    EXPECT_NE(lantern("backfill user_read_model --stream user/nobody").status, 0);
    EXPECT_EQ(one("select count(*) from lantern.admin_log where action = 'replay' and who = 'anna@desk'"), "2");
}

// Rows are found by the id alone: those of the other stream would be gone.
TEST_F(RebuildTest, AStreamThatSharesItsIdWithOneOfAnotherTypeIsNotFoldedAlone) {
    fill(3, 1);
    ASSERT_EQ(lantern("backfill user_read_model").status, 0);
    sql_.script(
        "with other as (insert into lantern.streams (aggregate_type, aggregate_id, revision)"
        "               values ('member', 'u2', 1) returning stream_id)"
        " insert into user_read_model.lantern_streams (stream_id, revision) select stream_id, 1 from other;"
        "update user_read_model.users set first_name = 'wrong'");
    const auto said = lantern("backfill user_read_model --aggregate user");
    EXPECT_NE(said.status, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("a stream of another type has the same id"));
    EXPECT_EQ(one("select string_agg(id || ' ' || first_name, ', ' order by id) from user_read_model.users"),
              "u1 First 2, u2 wrong, u3 First 2");
}

}  // namespace
}  // namespace lantern::test
