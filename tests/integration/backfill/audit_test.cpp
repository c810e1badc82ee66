// `lantern audit verify` on an audit log that somebody with SQL rights has changed.
#include <boost/json.hpp>

#include "tests/integration/backfill/fixture.hpp"

namespace lantern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class AuditTest : public BackfillTest {
protected:
    // The log of 300 users with three events each.
    AuditTest() {
        fill(300, 2);
        EXPECT_EQ(lantern("backfill audit_log").status, 0);
        EXPECT_EQ(one("select count(*) from audit_log.audit_log"), "900");
    }
    std::string event_of(const std::string& subject, int revision) {
        return one("select event_id from audit_log.audit_log where subject = '" + subject +
                   "' and revision = " + std::to_string(revision));
    }
};

TEST_F(AuditTest, NamesTheRowsThatWereChangedAndNoOthers) {
    const auto clean = lantern("audit verify");
    EXPECT_EQ(clean.status, 0) << clean.text;
    EXPECT_THAT(clean.text, AllOf(HasSubstr("audit_log: 300 streams, 1 200 rows looked through; nothing was found"),
                                  Not(HasSubstr("user_read_model"))));

    sql_.script(
        "update audit_log.audit_log set actor = 'nobody' where subject = 'u42' and revision = 2;"
        "delete from audit_log.audit_log where subject = 'u43' and revision = 3;"
        "delete from audit_log.audit_log where subject = 'u44'; delete from audit_log.audit_heads where subject = "
        "'u44'");
    const auto said = lantern("audit verify");
    EXPECT_EQ(said.status, 3) << said.text;
    EXPECT_THAT(said.text,
                AllOf(HasSubstr("audit_log, user/u42: audit_log (subject u42, event_id " + event_of("u42", 2) +
                                ")\n  found     hash "),
                      HasSubstr("audit_log, user/u43: audit_heads (subject u43, subject_type user)\n  found"),
                      HasSubstr("found     no row in the log\n  expected  one of revision 3"),
                      HasSubstr("300 streams, 1 195 rows looked through; findings: 4")));

    const auto one_stream = lantern("audit verify audit_log --stream user/u42 -o json");
    EXPECT_EQ(one_stream.status, 3) << one_stream.text;
    const auto shown = boost::json::parse(one_stream.text).at("handlers").at(0);
    EXPECT_EQ(shown.at("streams"), 1);
    EXPECT_EQ(shown.at("findings_total"), 1);
    EXPECT_EQ(shown.at("findings").at(0).at("stream"), "user/u42");
    EXPECT_EQ(shown.at("findings").at(0).at("key").at("event_id"), boost::json::value(event_of("u42", 2)));
    EXPECT_EQ(lantern("audit verify --stream user/u45").status, 0);
    EXPECT_THAT(lantern("audit verify --stream user/nobody").text, HasSubstr("there is no stream user/nobody"));
}

TEST_F(AuditTest, WithAKeyAChainThatWasMadeWithoutItShows) {
    apply(std::string(kRouting) + "handlers:\n  audit_log:\n    settings: {hmac_key: a key that nobody knows}\n");
    const auto said = lantern("audit verify --stream user/u7");
    EXPECT_EQ(said.status, 3) << said.text;
    EXPECT_THAT(said.text, AllOf(HasSubstr("findings: 3"), Not(HasSubstr("nobody knows"))));
    ASSERT_EQ(lantern("backfill audit_log").status, 0);
    const auto made_anew = lantern("audit verify audit_log");
    EXPECT_EQ(made_anew.status, 0) << made_anew.text;
}

TEST_F(AuditTest, APluginThatCannotTellSaysSo) {
    const auto said = lantern("audit verify user_read_model");
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.text,
                HasSubstr("the plugin of handler user_read_model cannot say whether its rows were changed"));
    apply("version: 1\nevents:\n  USER_CREATED: [user_read_model]\n");
    const auto none = lantern("audit verify");
    EXPECT_EQ(none.status, 1);
    EXPECT_THAT(none.text, HasSubstr("no routed plugin can say"));
}

}  // namespace
}  // namespace lantern::test
