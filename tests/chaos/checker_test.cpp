// The checker of a chaos run finds what it is there to find: each table that was tampered with is named, with what
// is there and what was expected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/chaos/checks.hpp"
#include "tests/chaos/fold.hpp"

namespace lantern::chaos {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckerTest : public testing::Test {
protected:
    static Fact fact(const std::string& stream, std::int64_t revision, const std::string& id,
                     const std::string& type, const std::string& data = R"({"n":1})") {
        Fact made{.stream_id = stream,
                  .aggregate_type = "chaos",
                  .aggregate_id = "s" + stream,
                  .id = id,
                  .type = type,
                  .recorded_at = "then",
                  .data = data};
        made.revision = revision;
        made.position = 10 * std::atoi(stream.c_str()) + revision;
        return made;
    }

    const Handlers handlers_{{"steady"}, "users", "audit", "mail"};
    Story story_{
        .facts = {fact("1", 1, "a", "STEP"), fact("1", 2, "b", "OTHER"), fact("1", 3, "c", "STEP"),
                  fact("2", 1, "d", "STEP"), fact("3", 1, "e", "USER_CREATED", R"({"username":"sarah"})")},
        .routes = {
            {"steady", "STEP"}, {"users", "USER_CREATED"}, {"audit", "USER_CREATED"}, {"mail", "USER_CREATED"}}};
    Tables shown_ = fold(story_, handlers_);

    std::vector<std::string> found() { return differences(shown_, fold(story_, handlers_)); }
};

TEST_F(CheckerTest, WhatIsAsItMustBeIsAccepted) {
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_THAT(broken_streams(story_), IsEmpty());
    EXPECT_EQ(shown_.at("steady.steps").size(), 3u);  // the type OTHER is not routed
    EXPECT_EQ(shown_.at("steady.steps").at("s1 3").at("after"), "1");
    EXPECT_EQ(shown_.at("users.users").at("s3").at("username"), "sarah");
}

TEST_F(CheckerTest, AnEventAppliedTwiceIsFound) {
    shown_["steady.steps"]["s1 3"]["times"] = "2";
    EXPECT_THAT(found(), ElementsAre("steady.steps s1 3: times is 2, expected 1"));
}

TEST_F(CheckerTest, EventsOutOfOrderAreFound) {
    auto& head = shown_["steady.heads"]["s1"];
    std::swap(story_.facts[0].id, story_.facts[2].id);
    const Tables reordered = fold(story_, handlers_);
    std::swap(story_.facts[0].id, story_.facts[2].id);
    head = reordered.at("steady.heads").at("s1");
    EXPECT_THAT(found(), ElementsAre(HasSubstr("steady.heads s1: chain is ")));
}

TEST_F(CheckerTest, ALostRowAndOneTooManyAreFound) {
    shown_["users.users"].erase("s3");
    shown_["steady.steps"]["s9 1"] = {};
    EXPECT_THAT(found(),
                ElementsAre("steady.steps s9 1: a row that nothing explains", "users.users s3: no such row"));
}

TEST_F(CheckerTest, ACheckpointBehindAndAParkedStreamAreFound) {
    shown_["steady.lantern_streams"]["1"]["revision"] = "1";
    shown_["audit.lantern_streams"]["3"]["state"] = "2";
    EXPECT_THAT(found(), ElementsAre("audit.lantern_streams 3: state is 2, expected 0",
                                     "steady.lantern_streams 1: revision is 1, expected 3"));
}

TEST_F(CheckerTest, AnEffectThatIsPendingIsFound) {
    shown_["lantern.effects"]["e"]["state"] = "pending";
    EXPECT_THAT(found(), ElementsAre("lantern.effects e: state is pending, expected done"));
}

TEST_F(CheckerTest, AnIntervalThatBeginsLaterWantsLess) {
    story_.routes[0].begin = 11;
    EXPECT_THAT(found(), testing::Contains("steady.steps s1 1: a row that nothing explains"));
    story_.routes[0] = {"steady", "STEP", 0, 12};
    EXPECT_THAT(found(), testing::Contains("steady.steps s1 3: a row that nothing explains"));
}

TEST_F(CheckerTest, AcceptedEventsThatTheStoreDoesNotHaveAreFound) {
    EXPECT_THAT(lost(story_, {{"s1", 3, "STEP", "c"}, {"s3", 1, "USER_CREATED"}}), IsEmpty());
    EXPECT_THAT(lost(story_, {{"s1", 4, "STEP"}}), ElementsAre(HasSubstr("revision 4, but the store has no such")));
    EXPECT_THAT(lost(story_, {{"s1", 3, "STEP", "x"}}), ElementsAre(HasSubstr("but the store has STEP c there")));
}

TEST_F(CheckerTest, HolesInTheStoreAreFound) {
    story_.facts.erase(story_.facts.begin() + 1);
    EXPECT_THAT(broken_streams(story_), ElementsAre(HasSubstr("stream 1 has revision 3 after 1")));
    story_.facts[1] = fact("1", 2, "b", "OTHER");
    story_.facts[1].position = 5;
    EXPECT_THAT(broken_streams(story_), ElementsAre(HasSubstr("behind the one before")));
}

TEST_F(CheckerTest, ABrokenChainOfTheAuditLogIsFound) {
    Rows log{{"s 1", {{"subject", "s"}, {"revision", "1"}, {"previous_hash", kNull}, {"hash", "x"}}},
             {"s 3", {{"subject", "s"}, {"revision", "3"}, {"previous_hash", "x"}, {"hash", "y"}}}};
    EXPECT_THAT(broken_chains(log), IsEmpty());
    log["s 1"]["hash"] = "z";
    EXPECT_THAT(broken_chains(log), ElementsAre(HasSubstr("revision 3 does not follow")));
}

TEST_F(CheckerTest, MailsThatAreMissingOrSentTooOftenAreFound) {
    const Rows effects{{"a", {{"attempt", "1"}}}, {"b", {{"attempt", "2"}}}};
    EXPECT_THAT(wrong_mails(effects, {{"a", 1}, {"b", 2}}), IsEmpty());
    EXPECT_THAT(wrong_mails(effects, {{"a", 2}, {"b", 2}}), ElementsAre("mail for a: sent 2 times in 1 attempts"));
    EXPECT_THAT(
        wrong_mails(effects, {{"b", 1}, {"c", 1}}),
        ElementsAre(HasSubstr("mail for a: never sent"), HasSubstr("mail for c: sent, but not in the ledger")));
}

}  // namespace
}  // namespace lantern::chaos
