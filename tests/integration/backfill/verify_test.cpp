// A projection with a defect, compared with the model that a sound build wrote.
#include "tests/integration/backfill/fickle.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;

class VerifyTest : public FickleTest {
protected:
    std::string generation() {
        return one("select generation::text from lantern.handlers where handler = 'fickle'");
    }
};

TEST_F(VerifyTest, ABuildThatDropsOneEventInTenThousandIsToldByExactlyTheRowsItLacks) {
    fill_users(30'000, 0);
    ASSERT_EQ(lantern("backfill fickle").status, 0);
    install("fickle_drops");
    const auto said = lantern("backfill fickle --verify");
    EXPECT_EQ(said.status, 3) << said.text;
    EXPECT_THAT(said.text, HasSubstr("survived: 29997 rows equal, 3 differ, 0 could not be compared"));
    const auto lacking = sql_.query(
        "select s.aggregate_id from lantern.events e join lantern.streams s using (stream_id)"
        " where e.position % 10000 = 0");
    ASSERT_EQ(lacking.size(), 3u);
    for (std::size_t row = 0; row < lacking.size(); ++row)
        EXPECT_THAT(said.text, HasSubstr("live  {\"id\":\"" + lacking.text(row, 0) + "\""));
    EXPECT_EQ(generation(), "2") << "it was not swapped in";
    EXPECT_EQ(one("select count(*) from fickle.survived"), "30000");

    EXPECT_EQ(lantern("verify fickle").status, 3) << "the installed build folds otherwise";
    install("fickle_tame");
    EXPECT_EQ(lantern("verify fickle").status, 0);

    sql_.script(
        "update fickle.survived set version = 'wrong' where id in (select id from fickle.survived limit 1234)");
    const auto many = lantern("verify fickle");
    EXPECT_THAT(many.text, HasSubstr("survived: 28766 rows equal, 1234 differ"));
    EXPECT_THAT(many.text, HasSubstr("  234 more rows that differ are not shown"));
    EXPECT_THAT(lantern("jobs show " + one("select max(job_id) from lantern.jobs") + " -o json").text,
                HasSubstr(R"("not_shown":234)"));
}

}  // namespace
}  // namespace lantern::test
