// What failed is found, tried again, and passed over, by an operator and a worker on a real database.
#include <gmock/gmock.h>

#include "tests/integration/parked/fixture.hpp"

namespace lantern::postgres {
namespace {

using test::ParkedTest;

Motive because(const std::string& reason) {
    return {"anna@desk", reason, R"({"handler":"people"})"};
}

Outcome rejected(const std::string& why) {
    return {Outcome::Kind::rejected, why, {}, {}};
}

TEST_F(ParkedTest, ErrorsThatDifferInNumbersIdsAndQuotedTextAreOneKind) {
    const auto pattern = [&](const std::string& error) {
        return sql_.query("select lantern.error_pattern($1)", Params{}.add(error)).text(0, 0);
    };
    EXPECT_EQ(pattern("no user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 at 10.0.0.7:25, waited 1.5 s"),
              "no user <uuid> at <n>, waited <n> s");
    EXPECT_EQ(pattern("column \"age\" of 'Bob'  refuses\n12"), "column <text> of <text> refuses <n>");
    EXPECT_EQ(pattern("can't reach host, don't know why"), "can't reach host, don't know why");
    EXPECT_EQ(pattern("mailbox anna@example.org is full"), "mailbox <address> is full");
    EXPECT_EQ(pattern("hash 9f86d081884c7d659a2feaa0c55ad015 differs"), "hash <hex> differs");
    EXPECT_EQ(pattern(""), "");
}

TEST_F(ParkedTest, TenThousandEqualFailuresAreOneLine) {
    sql_.query(
        "insert into people.lantern_streams (stream_id, revision, state, seen, attempts, last_error)"
        " select n, 0, 2, 1, 8, format('mailbox \"%s\" of %s busy after %s ms', n, gen_random_uuid(), n * 7)"
        " from generate_series(1, 10000) n");
    sql_.query("insert into people.lantern_streams (stream_id, revision, state) values (10001, 5, 0)");
    const auto groups = parked_.groups({});
    ASSERT_EQ(groups.size(), 1u);
    EXPECT_EQ(groups[0].count, 10'000);
    EXPECT_EQ(groups[0].pattern, "mailbox <text> of <uuid> busy after <n> ms");
    EXPECT_EQ(groups[0].state, "dead");
    EXPECT_EQ(parked_.streams({.fingerprint = groups[0].fingerprint}).size(), 10'000u);
    EXPECT_TRUE(parked_.streams({.fingerprint = "0123456789ab"}).empty());
}

TEST_F(ParkedTest, StreamsAreChosenByHandlerStreamErrorAndAge) {
    for (const char* user : {"anna", "bob", "carl"}) append(user, 1);
    park("people", "anna", "busy 1");
    park("people", "bob", "busy 2");
    park("mail", "bob", "refused");
    EXPECT_EQ(parked_.groups({}).size(), 2u);
    EXPECT_EQ(parked_.streams(of("people")).size(), 2u);
    const auto bob = parked_.find("user/bob");
    ASSERT_TRUE(bob);
    EXPECT_FALSE(parked_.find("user/nobody"));
    EXPECT_FALSE(parked_.find("bob"));
    const auto streams = parked_.streams({.stream = bob});
    ASSERT_EQ(streams.size(), 2u);
    EXPECT_EQ(streams[1].name(), "user/bob");
    EXPECT_EQ(streams[1].failing, Revision{1});
    EXPECT_EQ(streams[1].event_type, "MADE");
    EXPECT_EQ(parked_.streams({}, 1).size(), 1u);

    EXPECT_TRUE(parked_.streams({.older_than = Milliseconds(1000)}).empty());
    sql_.query(
        "insert into lantern.attempts (handler, stream_id, revision, event_id, attempt, at, outcome, error, "
        "plugin_build)"
        " values ('people', $1::bigint, 1, gen_random_uuid(), 1, now() - interval '1 hour', 'retry', 'busy', 'b')",
        Params{}.add(bob->value));
    EXPECT_EQ(parked_.streams({.older_than = Milliseconds(3'500'000)}).size(), 1u);
    EXPECT_TRUE(parked_.streams({.older_than = Milliseconds(3'700'000)}).empty());
}

TEST_F(ParkedTest, RetryIsANoteForTheWorkerThatCatchesUpInOrder) {
    for (int number = 1; number <= 4; ++number) append("anna", number);
    script_["2"] = rejected("no such country");
    work();
    EXPECT_EQ(value("anna"), "1");
    EXPECT_EQ(row("anna"), "revision 1 state 2 attempts 1");
    const auto groups = parked_.groups({});
    ASSERT_EQ(groups.size(), 1u);
    EXPECT_EQ(groups[0].stream, "user/anna");
    EXPECT_EQ(one("select fingerprint from lantern.attempts"), groups[0].fingerprint) << "kept with the attempt";
    sql_.query("update lantern.attempts set fingerprint = 'as it failed'");
    EXPECT_EQ(parked_.groups({}).at(0).fingerprint, "as it failed") << "and not computed again";
    EXPECT_EQ(parked_.streams({.fingerprint = "as it failed"}).size(), 1u);

    const auto streams = parked_.streams(of("people"));
    EXPECT_EQ(parked_.act(ParkedAction::retry, streams, because("")), 1);
    EXPECT_EQ(row("anna"), "revision 1 state 1 attempts 0");
    work();
    EXPECT_EQ(row("anna"), "revision 1 state 2 attempts 1") << "it still fails";
    script_.clear();
    EXPECT_EQ(parked_.act(ParkedAction::retry, parked_.streams(of("people")), because("fixed")), 1);
    work();
    EXPECT_EQ(value("anna"), "1234");
    EXPECT_EQ(row("anna"), "revision 4 state 0 attempts 0");
    EXPECT_EQ(one("select string_agg(format('%s %s %s %s', who, action, subject, reason), '; ' order by id)"
                  " from lantern.admin_log"),
              "anna@desk parked retry people ; anna@desk parked retry people fixed");
    EXPECT_EQ(parked_.attempts(HandlerName{"people"}, streams[0].stream, 10).size(), 2u);
}

TEST_F(ParkedTest, SkipPassesOverTheFailingEventAloneAndIsKept) {
    for (int number = 1; number <= 4; ++number) append("anna", number);
    script_["2"] = rejected("no such country");
    work();
    const auto streams = parked_.streams(of("people"));
    EXPECT_THROW(parked_.act(ParkedAction::skip, streams, because(" ")), Fault);
    EXPECT_EQ(parked_.act(ParkedAction::skip, streams, because("known to be wrong")), 1);
    EXPECT_EQ(row("anna"), "revision 2 state 1 attempts 0");
    work();
    EXPECT_EQ(value("anna"), "134");
    EXPECT_EQ(row("anna"), "revision 4 state 0 attempts 0");
    const auto attempts = parked_.attempts(HandlerName{"people"}, streams[0].stream, 10);
    ASSERT_EQ(attempts.size(), 2u);
    EXPECT_EQ(attempts[0].outcome, "skipped");
    EXPECT_EQ(attempts[0].revision, Revision{2});
    EXPECT_EQ(attempts[0].error, "skipped by anna@desk: known to be wrong");
    EXPECT_EQ(one("select count(*) from lantern.attempts where fingerprint = ''"), "0");
    EXPECT_EQ(one("select format('%s %s %s', action, reason, detail->>'streams') from lantern.admin_log"),
              "parked skip known to be wrong [" + std::to_string(streams[0].stream.value) + "]");
}

// Typed twice while nobody works: what is behind the skipped event never failed.
TEST_F(ParkedTest, ASecondSkipPassesOverNoHealthyEvent) {
    for (int number = 1; number <= 4; ++number) append("anna", number);
    script_["2"] = rejected("no such country");
    work();
    ASSERT_EQ(parked_.act(ParkedAction::skip, parked_.streams({}), because("wrong")), 1);
    const auto again = parked_.streams({});
    ASSERT_EQ(again.size(), 1u) << "it waits to be caught up";
    EXPECT_FALSE(again[0].failing);
    EXPECT_FALSE(again[0].can_be_skipped());
    EXPECT_EQ(parked_.act(ParkedAction::skip, again, because("wrong")), 0);
    EXPECT_EQ(one("select count(*) from lantern.admin_log"), "1");
    script_["4"] = rejected("too long");
    work();
    EXPECT_EQ(value("anna"), "13");
    EXPECT_EQ(parked_.act(ParkedAction::skip, parked_.streams({}), because("wrong")), 1) << "it failed since";
    EXPECT_EQ(row("anna"), "revision 4 state 1 attempts 0");
}

TEST_F(ParkedTest, TheLastEventOfAStreamCanBeSkipped) {
    append("anna", 1);
    script_["1"] = rejected("no");
    work();
    EXPECT_EQ(parked_.act(ParkedAction::skip, parked_.streams({}), because("wrong")), 1);
    EXPECT_FALSE(parked_.streams({}).at(0).failing);
    work();
    EXPECT_EQ(row("anna"), "revision 1 state 0 attempts 0");
}

TEST_F(ParkedTest, WhatMovedMeanwhileIsLeftAlone) {
    for (int number = 1; number <= 3; ++number) append("anna", number);
    script_["2"] = rejected("no");
    work();
    const auto seen = parked_.streams({});
    ASSERT_EQ(parked_.act(ParkedAction::skip, seen, because("wrong")), 1);
    EXPECT_EQ(parked_.act(ParkedAction::skip, seen, because("wrong")), 0) << "not a second event";
    work();
    EXPECT_EQ(parked_.act(ParkedAction::retry, seen, because("")), 0) << "it is live";
    EXPECT_EQ(value("anna"), "13");
    EXPECT_EQ(one("select count(*) from lantern.admin_log"), "1");
    EXPECT_EQ(one("select count(*) from lantern.attempts where outcome = 'skipped'"), "1");
}

TEST_F(ParkedTest, ASkippedSideEffectSaysSoInItsLedger) {
    append("bob", 1);
    sql_.query("update lantern.routes set begin_position = 0");
    park("mail", "bob", "mailbox gone");
    sql_.query(
        "insert into lantern.effects (handler, event_id, stream_id, revision, key, state, epoch, attempt)"
        " select 'mail', id, stream_id, revision, gen_random_uuid(), 'failed', 1, 8 from lantern.events");
    EXPECT_EQ(parked_.act(ParkedAction::skip, parked_.streams(of("mail")), because("moved away")), 1);
    EXPECT_EQ(one("select state || ', ' || note from lantern.effects"),
              "skipped, skipped by anna@desk: moved away");
    EXPECT_EQ(row("bob", "mail"), "revision 1 state 1 attempts 0");
}

TEST_F(ParkedTest, APausedHandlerTakesNothingAndCatchesUpFromTheStore) {
    Catalog catalog(url_);
    append("anna", 1);
    work();
    EXPECT_EQ(value("anna"), "1");
    ASSERT_EQ(catalog.pause(name_, {"anna@desk", "disk is moved"}), "attached");
    work();
    EXPECT_EQ(one("select count(worker_id) from lantern.leases where handler = 'people'"), "0");
    // Its queues fill and lose their oldest: nothing of these is ever delivered.
    append("anna", 2);
    append("bob", 1);
    work();
    EXPECT_EQ(value("anna"), "1");
    ASSERT_EQ(catalog.resume(name_, {"anna@desk", ""}), "paused");
    work();
    EXPECT_EQ(value("anna"), "12");
    EXPECT_EQ(value("bob"), "1");
    EXPECT_EQ(one("select count(*) from lantern.leases where handler = 'people' and feed_cursor >= feed_target"),
              "4");
}

TEST_F(ParkedTest, ANoteLeftWhilePausedIsWorkedOffAfterwards) {
    Catalog catalog(url_);
    for (int number = 1; number <= 3; ++number) append("anna", number);
    script_["2"] = rejected("no such country");
    work();
    ASSERT_EQ(catalog.pause(name_, {"anna@desk", "a new build"}), "attached");
    work();
    script_.clear();
    ASSERT_EQ(parked_.act(ParkedAction::retry, parked_.streams({}), because("")), 1);
    work();
    EXPECT_EQ(value("anna"), "1");
    ASSERT_EQ(catalog.resume(name_, {"anna@desk", ""}), "paused");
    work();
    EXPECT_EQ(value("anna"), "123");
}

}  // namespace
}  // namespace lantern::postgres
