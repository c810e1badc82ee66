// Routing is edited while a job folds history by it: what live workers apply from then on must not be missing from
// the model that is swapped in.
#include <future>

#include "tests/integration/backfill/fixture.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;

class EditTest : public BackfillTest {
protected:
    static constexpr const char* kOneType = R"(version: 1
events:
  USER_CREATED: [user_read_model]
)";
    static constexpr const char* kTwoTypes = R"(version: 1
events:
  USER_CREATED: [user_read_model]
  USER_UPDATED: [user_read_model]
)";
    static constexpr const char* kUsers = "1000";

    EditTest() {
        apply(kOneType);
        fill(std::stoi(kUsers), 1);  // while updates are of nobody's
        old_.script("begin isolation level repeatable read; select count(*) from user_read_model.users");
    }
    // Of the newest job; that it comes to wait for the old reader's end.
    bool waits(const std::string& reason) {
        return eventually(
            [&] {
                return one("select count(*) = 1 from lantern.jobs where job_id = (select max(job_id) from "
                           "lantern.jobs)"
                           " and slowed like 'the swap waits%' and reason like '" +
                           reason + "'") == "t";
            },
            std::chrono::seconds(120));
    }
    std::string newest() { return one("select max(job_id) from lantern.jobs"); }
    // Of rows of users, by the first name that an update gave them.
    std::string updated() {
        return one(
            "select count(*) || ' of ' || count(*) filter (where first_name = 'First 2' and revision = 2)"
            " from user_read_model.users");
    }

    postgres::Connection old_{
        {.url = url_, .application_name = "a report", .idle_in_transaction_timeout = std::chrono::minutes(10)}};
};

TEST_F(EditTest, WhatARouteAddedDuringARebuildBringsIsInTheModelThatIsSwappedIn) {
    auto verb =
        std::async(std::launch::async, [this] { return lantern("backfill user_read_model --processes 2"); });
    EXPECT_TRUE(waits(""));
    apply(kTwoTypes);
    EXPECT_TRUE(waits("%routing was edited meanwhile"));
    old_.script("commit");
    const auto said = verb.get();
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("routing was edited meanwhile"));
    EXPECT_EQ(updated(), std::string(kUsers) + " of " + kUsers);
    EXPECT_EQ(one("select generation from lantern.handlers where handler = 'user_read_model'"), "2");
    EXPECT_EQ(one("select count(*) from lantern.jobs"), "1");
}

TEST_F(EditTest, AProcessThatCameLaterFoldsNothingByOtherRoutesThanTheFirst) {
    old_.script("commit");
    ASSERT_EQ(lantern("backfill user_read_model --processes 0 --detach").status, 0);
    // As it stands after some other process has folded a share, which is gone.
    sql_.script(
        "update lantern.jobs set phase = 'load', folded_with = 'routes USER_DELETED', schema_name = "
        "'user_read_model@2';"
        "insert into lantern.job_slots (job_id, slot, last_stream, done, epoch) select job_id, 1, 500, true, 3"
        "  from lantern.jobs;"
        "insert into lantern.job_slots (job_id, slot, first_stream, cursor, last_stream, epoch)"
        " select job_id, 2, 500, 500, 1000, 2 from lantern.jobs");
    const auto said = lantern("jobs follow " + newest() + " --processes 2");
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_EQ(one("select count(*) from user_read_model.users"), kUsers);
    EXPECT_EQ(one("select min(epoch) > 3 from lantern.job_slots where slot > 0"), "t")
        << "who holds an old one is fenced";
}

}  // namespace
}  // namespace lantern::test
