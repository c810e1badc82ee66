// What an edit of the routing means for leases, routes and queues while workers of the edition before still run.
#include <gmock/gmock.h>

#include "host/postgres/delivery/leases.hpp"
#include "host/postgres/delivery/ledger.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/operate/hosts.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LiveChangesTest : public test::PostgresTest {
protected:
    LiveChangesTest() { apply(test::usual_routing(), 0); }

    void apply(const Routing& routing, std::int64_t parent) {
        ASSERT_TRUE(catalog_.apply(routing, {test::projection_plugin(), test::effect_plugin()}, "tester", parent));
    }
    static Routing edit(std::vector<std::string> types, int partitions, const std::string& hash) {
        auto people = test::routed("people", "people", std::move(types));
        people.partitions = partitions;
        return test::routing_of({test::routed("mail", "mail", {"MADE"}), people}, hash);
    }
    // A worker of handler people.
    Leases worker(int pid, int partitions, std::int64_t revision, std::vector<std::string> types) {
        WorkerIdentity self{test::fresh_id(), HandlerName{"people"}, "here", pid, "build" + std::to_string(pid)};
        self.bound = {std::to_string(partitions), partitions, revision, std::move(types)};
        return {connection_, self};
    }
    void append(const std::string& id, std::int64_t after) {
        ASSERT_TRUE(Store(url_).append(test::append_of(id, after, {test::event_of("MADE")})));
    }
    std::string routes_of_people() {
        return one(
            "select string_agg(event_type || ' ' || coalesce(begin_position::text, '?') || '-' ||"
            " coalesce(end_position::text, ''), ', ' order by route_id) from lantern.routes where handler = "
            "'people'");
    }

    Catalog catalog_{url_};
    Connection connection_{{.url = url_}};
    const std::vector<std::string> kUsual{"CHANGED", "MADE"};
};

TEST_F(LiveChangesTest, OtherQueuesAreInForceOnceAWorkerOfTheEditHasBoundThem) {
    auto before = worker(1, 4, 1, kUsual);
    before.bound();
    const auto held = before.tick("", {}).held;
    ASSERT_EQ(held.size(), 4u);
    append("a", 0);
    apply(edit(kUsual, 8, "r2"), 1);
    EXPECT_EQ(before.tick("", {}).held.size(), 4u) << "the old ones go on until the new ones are ready";
    EXPECT_EQ(catalog_.handler(HandlerName{"people"})->partitions, 4);

    auto next = worker(2, 8, 2, kUsual);
    next.bound();
    EXPECT_FALSE(before.holds(held[0].partition, held[0].epoch)) << "fenced";
    EXPECT_THAT(before.tick("", {}).held, IsEmpty()) << "it reads queues that are no longer in force";
    const auto taken = next.tick("", {}).held;
    ASSERT_EQ(taken.size(), 8u);
    for (const auto& lease : taken) {
        EXPECT_EQ(lease.feed_cursor, Position{0}) << "what the old queues held comes from the store";
        EXPECT_EQ(lease.feed_target, Position{1});
    }
    EXPECT_GT(taken[0].epoch, held[0].epoch);

    before.bound();
    EXPECT_EQ(catalog_.handler(HandlerName{"people"})->queues, "8") << "an older edition does not take them back";
    EXPECT_EQ(catalog_.handler(HandlerName{"people"})->plugin_build, "build1") << "the one that got ready last";
    const RetiredBinding old{HandlerName{"people"}, "4", ""};
    EXPECT_THAT(catalog_.retired_bindings(), IsEmpty()) << "somebody may still read them";
    before.leave();
    EXPECT_THAT(catalog_.retired_bindings(), ElementsAre(old));
    EXPECT_TRUE(catalog_.forget(old));
    EXPECT_FALSE(catalog_.forget(old));
}

TEST_F(LiveChangesTest, FewerPartitionsAndMoreAgainFenceAZombieOfTheFirst) {
    auto first = worker(1, 4, 1, kUsual);
    first.bound();
    const auto zombie = first.tick("", {}).held.at(3);
    apply(edit(kUsual, 2, "r2"), 1);
    auto second = worker(2, 2, 2, kUsual);
    second.bound();
    EXPECT_EQ(second.tick("", {}).held.size(), 2u);
    apply(edit(kUsual, 4, "r3"), 2);
    auto third = worker(3, 4, 3, kUsual);
    third.bound();
    sql_.query("update lantern.workers set heartbeat_at = now() - interval '1 hour' where pid = 1");
    ASSERT_EQ(third.tick("", {}).held.size(), 4u);
    EXPECT_GT(third.tick("", {}).held.at(3).epoch, zombie.epoch);
}

// Epochs are a partition's, and the ledger compares them: a stream's must not fall when it gets another partition.
TEST_F(LiveChangesTest, AnEffectIsTriedAgainWhateverPartitionsItsStreamHasPassedThrough) {
    const HandlerName mail{"mail"};
    Connection connection(session_of(url_, mail));
    Ledger ledger(connection, mail, "b");
    const StreamId stream{5};
    worker::Effect effect{test::fresh_id(), stream, Revision{1}, test::fresh_id(), {}, {}, 0, ""};
    std::int64_t revision = 1;
    int pid = 0;
    // Workers come and go, the last one begins to act and fails.
    const auto tried_with = [&](int partitions, int workers) {
        for (; workers > 0; --workers) {
            WorkerIdentity self{test::fresh_id(), mail, "here", ++pid, "b"};
            self.bound = {std::to_string(partitions), partitions, revision, {"MADE"}};
            Leases leases(connection, self);
            leases.bound();
            const auto held = leases.tick("", {}).held;
            const auto lease = std::find_if(held.begin(), held.end(), [&](const worker::Lease& one) {
                return one.partition == partition_of(bucket_of(stream), partitions);
            });
            if (lease == held.end()) return false;
            const worker::Entry entry{Generation{1}, {{lease->partition, lease->epoch}}};
            effect.epoch = lease->epoch;
            ++effect.attempt;
            for (const auto state : {worker::EffectState::pending, worker::EffectState::failed}) {
                effect.state = state;
                if (ledger.commit({entry, effect, {}, {}, {}}) != worker::Flushed::committed) return false;
            }
            leases.leave();
        }
        return true;
    };
    const auto repartition = [&](int partitions) {
        auto edited = test::routed("mail", "mail", {"MADE"});
        edited.partitions = partitions;
        apply(test::routing_of({edited, test::routed("people", "people", kUsual)},
                               "r" + std::to_string(revision + 1)),
              revision);
        ++revision;
    };
    EXPECT_TRUE(tried_with(4, 3));
    repartition(8);
    EXPECT_TRUE(tried_with(8, 1)) << "a partition that is new";
    repartition(4);
    EXPECT_TRUE(tried_with(4, 3));
    repartition(8);
    EXPECT_TRUE(tried_with(8, 1)) << "a partition that has rested meanwhile";
}

// An edit and its taking back come so close that no worker of the edit has bound its queues by then.
TEST_F(LiveChangesTest, AWorkerOfAnEditThatWasTakenBackIsTooLateWithItsQueues) {
    worker(1, 4, 1, kUsual).bound();
    apply(edit(kUsual, 8, "r2"), 1);
    apply(edit(kUsual, 4, "r3"), 2);
    auto third = worker(3, 4, 3, kUsual);
    third.bound();
    auto second = worker(2, 8, 2, kUsual);
    second.bound();
    EXPECT_EQ(catalog_.handler(HandlerName{"people"})->queues, "4");
    EXPECT_EQ(third.tick("", {}).held.size(), 4u);
    EXPECT_EQ(third.tick("", {}).queues, worker::Queues::bound);
    EXPECT_THAT(second.tick("", {}).held, IsEmpty());
    EXPECT_EQ(second.tick("", {}).queues, worker::Queues::others) << "refused, so it never takes over";
}

TEST_F(LiveChangesTest, ATypeBeginsWhenAWorkerHasBoundItAndWhatTheOldOneDroppedIsFed) {
    apply(edit({"MADE"}, 4, "r2"), 1);
    auto before = worker(1, 4, 2, {"MADE"});
    before.bound();
    const auto held = before.tick("", {}).held;
    append("a", 0);
    apply(edit(kUsual, 4, "r3"), 2);
    append("a", 1);
    before.bound();
    EXPECT_THAT(routes_of_people(), HasSubstr("CHANGED ?-")) << "it has not bound that";

    auto next = worker(2, 4, 3, kUsual);
    next.bound();
    EXPECT_THAT(routes_of_people(), HasSubstr("CHANGED 2-"));
    EXPECT_FALSE(before.holds(held[0].partition, held[0].epoch));
    append("a", 2);
    const auto again = before.tick("", {}).held;
    ASSERT_FALSE(again.empty());
    before.bound();
    EXPECT_TRUE(before.routes().want("CHANGED", Position{3})) << "who holds leases knows the routes as they are";
    EXPECT_EQ(before.tick("", {}).held.at(0).feed_cursor, Position{2});
}

TEST_F(LiveChangesTest, WhoAppliesByRoutesThatEndIsFencedBeforeTheyEnd) {
    auto people = worker(1, 4, 1, kUsual);
    people.bound();
    const auto held = people.tick("", {}).held;
    append("a", 0);
    apply(edit({"MADE"}, 4, "r2"), 1);
    EXPECT_FALSE(people.holds(held[0].partition, held[0].epoch));
    EXPECT_THAT(routes_of_people(), HasSubstr("CHANGED 0-1"));
    EXPECT_THAT(catalog_.retired_bindings(), ElementsAre(RetiredBinding{HandlerName{"people"}, "4", "CHANGED"}));
    apply(edit(kUsual, 4, "r3"), 2);
    EXPECT_THAT(catalog_.retired_bindings(), IsEmpty()) << "wanted again";
}

TEST_F(LiveChangesTest, ARemovedHandlerIsHeldByNobodyAndItsQueuesAreTakenAway) {
    auto people = worker(1, 4, 1, kUsual);
    people.bound();
    ASSERT_EQ(people.tick("", {}).held.size(), 4u);
    apply(test::routing_of({test::routed("mail", "mail", {"MADE"})}, "r2"), 1);
    EXPECT_THAT(people.tick("", {}).held, IsEmpty());
    people.leave();
    EXPECT_THAT(catalog_.retired_bindings(), ::testing::Contains(RetiredBinding{HandlerName{"people"}, "4", ""}));
}

TEST_F(LiveChangesTest, ARevertIsANewRevisionAndIsLogged) {
    apply(edit({"MADE"}, 4, "r2"), 1);
    const auto made = catalog_.revert(1, {"anna@desk", "too early"});
    ASSERT_TRUE(made);
    EXPECT_EQ(made.value().number, 3);
    EXPECT_EQ(made.value().content, "text of r1");
    EXPECT_EQ(one("select who || ': ' || reason from lantern.admin_log where action = 'routes revert'"),
              "anna@desk: too early");
    EXPECT_THAT(catalog_.revert(1, {}).error(), HasSubstr("says the same as revision 1"));
    EXPECT_THAT(catalog_.revert(9, {}).error(), HasSubstr("the newest is 3"));
    EXPECT_EQ(catalog_.routings(2).at(1).number, 2);
}

TEST_F(LiveChangesTest, HostsSayHowTheirFilesStand) {
    Hosts hosts(url_);
    EXPECT_FALSE(hosts.judged("here", "/etc/routing.yaml"));
    HostNote note{"here", "/etc/routing.yaml",     {"worker"}, {}, test::fresh_id(), 42, 3, "h3",
                  2,      HostNote::File::differs, {}};
    note.problems = {{"routing", "found it to differ"}, {"mail", "does not run"}};
    hosts.note(note);
    EXPECT_EQ(hosts.judged("here", "/etc/routing.yaml")->file_base, 2);
    const auto seen = hosts.seen_within(Milliseconds{60'000});
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].problems, note.problems);
    EXPECT_EQ(seen[0].file, HostNote::File::differs);
    sql_.query("update lantern.hosts set seen_at = now() - interval '1 hour'");
    EXPECT_THAT(hosts.seen_within(Milliseconds{60'000}), IsEmpty());
}

}  // namespace
}  // namespace lantern::postgres
