// A hand on jobs that have ended: what bears the name of their schema by now may be another's.
#include "tests/integration/backfill/fixture.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;

class JobsTest : public BackfillTest {
protected:
    JobsTest() { fill(20, 1); }
    std::string newest() { return one("select max(job_id) from lantern.jobs"); }
    // A rebuild that fails at its swap. Its number.
    std::string failed() {
        sql_.script("create view public.hanging as select id from user_read_model.users");
        EXPECT_THAT(lantern("backfill user_read_model").text, HasSubstr("view public.hanging"));
        sql_.script("drop view public.hanging");
        return newest();
    }
    std::string kept() {
        return one(
            "select string_agg(k.schema_name || ' ' || (to_regnamespace(quote_ident(k.schema_name)) is not null),"
            " ' ' order by k.schema_name) from lantern.kept_schemas k");
    }
    std::string users(const std::string& schema) { return one("select count(*) from \"" + schema + "\".users"); }
};

TEST_F(JobsTest, CancellingAFailedJobDropsNothingOfALaterOne) {
    const auto first = failed(), second = failed();
    ASSERT_EQ(lantern("jobs cancel " + first).status, 0);
    EXPECT_EQ(users("user_read_model@2"), "20") << "that is what the second has built";
    EXPECT_EQ(lantern("jobs resume " + second).text, "job " + second + " goes on\n");
    ASSERT_EQ(lantern("jobs follow " + second).status, 0);
    EXPECT_EQ(users("user_read_model"), "20");

    const auto third = failed();
    ASSERT_EQ(lantern("backfill user_read_model").status, 0);
    ASSERT_EQ(lantern("backfill user_read_model").status, 0);
    ASSERT_EQ(lantern("jobs cancel " + third).status, 0);
    EXPECT_EQ(kept(), "user_read_model@1 true user_read_model@2 true user_read_model@3 true");
    const auto fourth = failed();
    ASSERT_EQ(lantern("jobs cancel " + fourth).status, 0);
    EXPECT_EQ(one("select count(*) from pg_namespace where nspname = 'user_read_model@5'"), "0")
        << "its own it drops";
}

TEST_F(JobsTest, AFailedJobIsNotResumedBesideAnotherNorOnWhatThatHasBuilt) {
    const auto first = failed();
    const auto begun = lantern("backfill user_read_model --processes 0 --detach");
    ASSERT_EQ(begun.status, 0) << begun.text;
    const auto second = newest();
    auto said = lantern("jobs resume " + first);
    EXPECT_NE(said.status, 0);
    EXPECT_THAT(said.text, HasSubstr("job " + second + " of the same handler is running"));
    EXPECT_EQ(one("select state from lantern.jobs where job_id = " + first), "failed");
    // The second gets as far as the first, and is given up.
    sql_.script("create view public.hanging as select id from user_read_model.users");
    EXPECT_NE(lantern("jobs follow " + second + " --processes 1").status, 0);
    sql_.script("drop view public.hanging");
    said = lantern("jobs resume " + first);
    EXPECT_THAT(said.text, HasSubstr("goes on from the beginning: what it had built is gone, or another's by now"));
    said = lantern("jobs follow " + first + " --processes 1");
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_EQ(users("user_read_model"), "20");
    // Its name is the live model's generation by now.
    said = lantern("jobs resume " + second);
    EXPECT_THAT(said.text, HasSubstr("from the beginning"));
    ASSERT_EQ(lantern("jobs follow " + second + " --processes 1").status, 0);
    EXPECT_EQ(kept(), "user_read_model@1 true user_read_model@2 true");
}

}  // namespace
}  // namespace lantern::test
