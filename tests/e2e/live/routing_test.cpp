// An edited routing.yaml is applied while events flow.
#include "tests/e2e/live/world.hpp"

namespace lantern::test {
namespace {

using RoutingTest = LiveTest;

TEST_F(RoutingTest, an_edit_touches_only_what_changed) {
    SteadyClient client(instance, "edited");
    ASSERT_TRUE(client.goes_on());
    const auto readers = workers("user_read_model"), auditors = workers("audit_log");
    ASSERT_EQ(readers.size(), 1u);

    edit(R"(version: 1
events:
  USER_CREATED: [user_read_model, audit_log, second_log]
  USER_UPDATED: [user_read_model, audit_log, second_log]
handlers:
  second_log: {plugin: audit_log, concurrency: 2}
)");
    ASSERT_TRUE(eventually([&] { return workers("second_log").size() == 2; })) << status();
    ASSERT_TRUE(client.goes_on());
    EXPECT_EQ(workers("user_read_model"), readers);
    EXPECT_EQ(workers("audit_log"), auditors);
    // Born with its history.
    EXPECT_TRUE(eventually([&] {
        return count("select count(*) - (select count(*) from second_log.audit_log) from audit_log.audit_log") <= 5;
    }));

    edit(kUsual);
    ASSERT_TRUE(eventually([&] { return workers("second_log").empty(); })) << status();
    ASSERT_TRUE(client.goes_on());
    EXPECT_EQ(workers("user_read_model"), readers);
    EXPECT_EQ(workers("audit_log"), auditors);
    EXPECT_EQ(revision(), 3);
    EXPECT_TRUE(eventually([&] { return count("select count(*) from lantern.retired_bindings") == 0; }));
    expect_complete(client);
    EXPECT_EQ(count("select count(*) from second_log.audit_log l join lantern.events e on e.id = l.event_id "
                    "join lantern.routes r on r.handler = 'second_log' and r.event_type = e.type "
                    "where e.position > r.end_position"),
              0);
}

TEST_F(RoutingTest, a_type_begins_once_it_is_bound_and_ends_at_the_edit) {
    SteadyClient client(instance, "typed");
    ASSERT_TRUE(client.goes_on());
    const auto readers = workers("user_read_model");
    edit(R"(version: 1
events:
  USER_CREATED: [user_read_model, audit_log]
  USER_UPDATED: [user_read_model]
)");
    ASSERT_TRUE(eventually([&] { return revision() == 2; })) << status();
    ASSERT_TRUE(client.goes_on());
    edit(kUsual);
    ASSERT_TRUE(eventually([&] { return revision() == 3; })) << status();
    ASSERT_TRUE(eventually([&] {
        return count(
                   "select count(*) from lantern.routes where handler = 'audit_log' and begin_position is null") ==
               0;
    }));
    ASSERT_TRUE(client.goes_on());
    EXPECT_EQ(workers("user_read_model"), readers);
    expect_complete(client);
    // Applied is exactly what the intervals want.
    const std::string wanted =
        "exists (select from lantern.routes r where r.handler = 'audit_log' and r.event_type = e.type and "
        "e.position > r.begin_position and (r.end_position is null or e.position <= r.end_position))";
    const std::string applied = "exists (select from audit_log.audit_log l where l.event_id = e.id)";
    EXPECT_EQ(count("select count(*) from lantern.events e where " + applied + " and not " + wanted), 0);
    EXPECT_EQ(count("select count(*) from lantern.events e where " + wanted + " and not " + applied), 0);
    EXPECT_GT(count("select count(*) from lantern.events e where not " + wanted), 0) << "there was an interval";
}

TEST_F(RoutingTest, a_bad_edit_leaves_everything_as_it_was_and_says_where) {
    SteadyClient client(instance, "refused");
    ASSERT_TRUE(client.goes_on());
    const auto readers = workers("user_read_model"), auditors = workers("audit_log");
    edit("version: 1\nevents:\n  USER_CREATED: [user_read_model\n  USER_UPDATED: [audit_log]\n");
    EXPECT_TRUE(status_says("is refused")) << status();
    EXPECT_TRUE(status_says(routing.string() + ":4:")) << status();

    edit("version: 1\nevents:\n  USER_CREATED: [user_read_model, audit_logg]\n");
    EXPECT_TRUE(status_says(routing.string() + ":3:35: found the handler \"audit_logg\" of an unknown plugin"))
        << status();
    EXPECT_NE(status().find("did you mean \"audit_log\"?"), std::string::npos) << status();
    EXPECT_NE(log().find(":3:35: found the handler"), std::string::npos);
    ASSERT_TRUE(client.goes_on());
    EXPECT_EQ(revision(), 1);
    EXPECT_EQ(workers("user_read_model"), readers);
    EXPECT_EQ(workers("audit_log"), auditors);

    // What dies now comes back by the revision, not by the file.
    ::kill(auditors.front(), SIGKILL);
    EXPECT_TRUE(eventually([&] { return workers("audit_log").size() == 1 && workers("audit_log") != auditors; }));
    edit(kUsual);
    EXPECT_TRUE(status_drops("is refused")) << status();
    EXPECT_EQ(revision(), 1);
    expect_complete(client);
}

TEST_F(RoutingTest, another_number_of_partitions_keeps_the_order) {
    SteadyClient client(instance, "shared");
    ASSERT_TRUE(client.goes_on());
    const auto readers = workers("user_read_model");
    for (const char* audit :
         {"{partitions: 8, concurrency: 3}", "{partitions: 2}", "{partitions: 8}", "{queue_type: classic}"}) {
        const auto before = workers("audit_log");
        const auto number = revision();
        edit(std::string(kUsual) + "handlers:\n  audit_log: " + audit + "\n");
        ASSERT_TRUE(eventually([&] { return revision() == number + 1; })) << status();
        ASSERT_TRUE(eventually([&] {
            return count(
                       "select count(*) from lantern.handlers where handler = 'audit_log' and queues_revision = " +
                       std::to_string(number + 1)) == 1;
        })) << status();
        ASSERT_TRUE(client.goes_on());
        ASSERT_TRUE(eventually([&] { return count("select count(*) from lantern.retired_bindings") == 0; }))
            << "the queues before are taken away";
        for (const pid_t old : before) EXPECT_TRUE(ends(old));
    }
    EXPECT_EQ(workers("user_read_model"), readers);
    expect_complete(client);
    EXPECT_EQ(count("select count(*) from audit_log.audit_log"), count("select count(*) from lantern.events"));
}

TEST_F(RoutingTest, plan_history_and_revert) {
    ASSERT_EQ(instance.create_user("before").status, 201);
    const std::string next = R"(version: 1
events:
  USER_CREATED: [user_read_model, second_log]
  USER_UPDATED: [user_read_model, audit_log]
handlers:
  second_log: {plugin: audit_log}
)";
    std::ofstream(place / "next.yaml") << next;
    const auto plan = instance.lantern({"routes", "plan", (place / "next.yaml").string(), "-o", "json"});
    ASSERT_TRUE(plan.ended.clean()) << plan.output;
    const auto planned = boost::json::parse(plan.output);
    EXPECT_EQ(planned.at("handlers_added").as_array().at(0).as_string(), "second_log");
    EXPECT_EQ(planned.at("added").as_array().at(0).at("events_before").to_number<int>(), 1) << plan.output;
    EXPECT_EQ(planned.at("ended").as_array().at(0).at("handler").as_string(), "audit_log") << plan.output;
    EXPECT_EQ(revision(), 1) << "a plan changes nothing";

    edit(next);
    ASSERT_TRUE(eventually([&] { return workers("second_log").size() == 1; })) << status();
    const auto history = instance.lantern({"routes", "history"});
    EXPECT_NE(history.output.find(routing.string()), std::string::npos) << history.output;

    const auto reverted = instance.lantern({"routes", "revert", "1", "--reason", "too early"});
    ASSERT_TRUE(reverted.ended.clean()) << reverted.output;
    EXPECT_NE(reverted.output.find("revision 3"), std::string::npos) << reverted.output;
    EXPECT_TRUE(eventually([&] { return workers("second_log").empty(); })) << status();
    EXPECT_TRUE(status_says("differs")) << "the file still says what was reverted";
    EXPECT_EQ(revision(), 3);
    EXPECT_EQ(count("select count(*) from lantern.admin_log where action = 'routes revert'"), 1);

    // The file is an edit again once it was the same as what is in force.
    edit(kUsual);
    EXPECT_TRUE(status_drops("differs")) << status();
    edit(next);
    EXPECT_TRUE(eventually([&] { return revision() == 4; })) << status();
}

}  // namespace
}  // namespace lantern::test
