// Several workers of one handler share its partitions; one moves at a time.
#include "host/postgres/delivery/leases.hpp"

#include <gmock/gmock.h>

#include "host/postgres/delivery/ledger.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

class LeasesTest : public test::PostgresTest {
protected:
    LeasesTest() {
        Catalog catalog(url_);
        EXPECT_TRUE(
            catalog.apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 0));
    }
    Leases worker(int pid, const std::string& handler = "people") {
        return Leases(connection_, {test::fresh_id(), HandlerName{handler}, "here", pid, "b"});
    }
    // What a worker does with a view: releases what it is asked to, as if it had finished.
    static std::size_t turn(Leases& leases) {
        const auto view = leases.tick("", {});
        for (const auto& lease : view.held)
            for (const auto& partition : view.to_release)
                if (lease.partition == partition) leases.release(partition, lease.epoch);
        EXPECT_LE(view.to_release.size(), 1u);
        return view.held.size() - view.to_release.size();
    }

    Connection connection_{{.url = url_}};
};

TEST_F(LeasesTest, WorkersShareEvenlyAndEpochsRise) {
    auto first = worker(1), second = worker(2), third = worker(3);
    EXPECT_EQ(turn(first), 4u);
    EXPECT_EQ(turn(second), 0u) << "nothing is free yet";
    std::vector<std::size_t> held(3);
    for (int round = 0; round < 8; ++round) held = {turn(first), turn(second), turn(third)};
    EXPECT_THAT(held, ::testing::UnorderedElementsAre(2, 1, 1));
    EXPECT_EQ(one("select count(distinct worker_id) from lantern.leases"), "3");
    EXPECT_EQ(one("select max(epoch) from lantern.leases"), "2");
    second.leave();
    for (int round = 0; round < 8; ++round) held = {turn(first), turn(third), 0};
    EXPECT_THAT(held, ::testing::UnorderedElementsAre(2, 2, 0));
}

TEST_F(LeasesTest, ADeadWorkersLeasesAreTakenAndItIsFenced) {
    auto first = worker(1), second = worker(2);
    const auto lost = first.tick("", {}).held.at(0);
    sql_.query("update lantern.workers set heartbeat_at = now() - interval '1 hour'");
    EXPECT_EQ(second.tick("", {}).held.size(), 4u);
    EXPECT_FALSE(first.holds(lost.partition, lost.epoch));
    first.release(lost.partition, lost.epoch);
    EXPECT_EQ(one("select count(*) from lantern.leases where worker_id is null"), "0") << "not its to release";
    first.fed_up_to(lost.partition, lost.epoch, Position{99});
    EXPECT_EQ(one("select max(feed_cursor) from lantern.leases"), "0");
}

// A flush that entered and stands still within the server outlives its worker's heartbeat.
TEST_F(LeasesTest, APartitionIsNotTakenOverWhileSomeoneWritesUnderItsLease) {
    auto first = worker(1), second = worker(2);
    const auto held = first.tick("", {}).held;
    ASSERT_EQ(held.size(), 4u);
    Connection writing(session_of(url_, HandlerName{"people"}));
    ReadModel model(writing, HandlerName{"people"}, test::projection_plugin().tables, "b");
    worker::StreamRow before, after;
    before.stream = after.stream = StreamId{1};
    after.revision = Revision{1};
    const worker::Entry entry{Generation{1}, {{held[1].partition, held[1].epoch}}};
    writing.begin();
    ASSERT_EQ(model.flush({entry, {}, {{before, after}}, {}}), worker::Flushed::committed);

    sql_.query("update lantern.workers set heartbeat_at = now() - interval '1 hour'");
    EXPECT_EQ(second.tick("", {}).held.size(), 3u) << "and nobody waits for it";
    EXPECT_TRUE(one("select worker_id from lantern.leases where partition = 1 and handler = 'people'") == "(none)");
    writing.commit();
    EXPECT_EQ(second.tick("", {}).held.size(), 4u);
    EXPECT_EQ(model.flush({entry, {}, {{after, after}}, {}}), worker::Flushed::fenced);
}

// Further behind than its queues hold: fed from the store until they can hold the rest, then bound again.
TEST_F(LeasesTest, WhoIsFurtherBehindThanItsQueuesHoldIsDetachedAndBoundAgainNearTheEdge) {
    Store store(url_);
    for (int n = 0; n < 20; ++n) ASSERT_TRUE(store.append(test::append_of("a", n, {test::event_of("MADE")})));
    Leases small(connection_, {.id = test::fresh_id(),
                               .handler = HandlerName{"people"},
                               .host = "here",
                               .pid = 1,
                               .plugin_build = "b",
                               .queue_events_max = 10});
    auto view = small.tick("", {});
    EXPECT_EQ(view.queues, worker::Queues::detached);
    EXPECT_EQ(view.edge, Position{20});
    EXPECT_EQ(Catalog(url_).unbound(), std::set<HandlerName>{HandlerName{"people"}});
    for (const auto& lease : view.held) small.fed_up_to(lease.partition, lease.epoch, Position{15});
    EXPECT_EQ(small.tick("", {}).queues, worker::Queues::to_bind);
    small.bound();
    view = small.tick("", {});
    EXPECT_EQ(view.queues, worker::Queues::bound);
    EXPECT_EQ(view.held.at(0).feed_target, Position{20});
    EXPECT_EQ(view.held.at(0).feed_cursor, Position{15});
    EXPECT_TRUE(Catalog(url_).unbound().empty());
    small.detach("its queues are full");
    EXPECT_EQ(Catalog(url_).handler(HandlerName{"people"})->state_reason, "its queues are full");
}

TEST_F(LeasesTest, AForgottenWorkersLeasesAreFreeAtOnce) {
    auto first = worker(1), second = worker(2), elsewhere = worker(3, "mail");
    first.tick("", {});
    elsewhere.tick("", {});
    Catalog(url_).forget_worker("here", 1);
    EXPECT_EQ(second.tick("", {}).held.size(), 4u);
    EXPECT_EQ(elsewhere.tick("", {}).held.size(), 4u);
}

TEST_F(LeasesTest, APausedHandlerIsHeldByNobodyUntilItGoesOn) {
    Catalog catalog(url_);
    const HandlerName people{"people"};
    auto first = worker(1), second = worker(2);
    EXPECT_EQ(turn(first), 4u);
    EXPECT_EQ(catalog.pause(people, {"anna@desk", "mail provider moves"}), "attached");
    const auto view = first.tick("", {});
    EXPECT_EQ(view.to_release.size(), 4u) << "all at once";
    for (const auto& lease : view.held) first.release(lease.partition, lease.epoch);
    EXPECT_TRUE(first.tick("", {}).held.empty());
    EXPECT_TRUE(second.tick("", {}).held.empty());
    EXPECT_EQ(catalog.pause(people, {"bob", "again"}), "paused");
    EXPECT_EQ(catalog.handler(people)->state, "paused");
    EXPECT_EQ(catalog.handler(people)->state_reason, "by anna@desk: mail provider moves");
    EXPECT_EQ(catalog.pause(HandlerName{"nobody"}, {"bob", "x"}), std::nullopt);

    // A host that starts meanwhile leaves it paused.
    EXPECT_TRUE(catalog.apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 1));
    EXPECT_EQ(catalog.handler(people)->state, "paused");

    EXPECT_EQ(catalog.resume(people, {"anna@desk", ""}), "paused");
    EXPECT_EQ(catalog.resume(people, {"anna@desk", ""}), "detached") << "fed with what it missed";
    EXPECT_EQ(catalog.handler(people)->state_reason, "");
    EXPECT_EQ(first.tick("", {}).held.size(), 2u);
    EXPECT_EQ(second.tick("", {}).held.size(), 2u);
    EXPECT_EQ(one("select string_agg(format('%s %s %s %s', who, action, subject, reason), ', ' order by id)"
                  " from lantern.admin_log"),
              "anna@desk pause people mail provider moves, anna@desk resume people ");
}

TEST_F(LeasesTest, BoundNotesWhereHistoryEndsAndWhereNewRoutesBegin) {
    Store store(url_);
    for (int n = 0; n < 5; ++n) ASSERT_TRUE(store.append(test::append_of("a", n, {test::event_of("MADE")})));
    auto people = worker(1), mail = worker(2, "mail");
    people.tick("", {});
    mail.tick("", {});
    EXPECT_EQ(people.bound().all(), (std::vector<Route>{{"CHANGED", Position{0}, {}}, {"MADE", Position{0}, {}}}));
    EXPECT_EQ(mail.bound().all(), (std::vector<Route>{{"MADE", Position{5}, {}}})) << "side effects start now";
    const auto history = people.tick("", {}).held.at(0), none = mail.tick("", {}).held.at(0);
    EXPECT_EQ(history.feed_target, Position{5});
    EXPECT_EQ(history.feed_cursor, Position{0});
    EXPECT_TRUE(none.fed());
    ASSERT_TRUE(store.append(test::append_of("a", 5, {test::event_of("MADE")})));
    people.bound();
    mail.bound();
    EXPECT_EQ(people.tick("", {}).held.at(0).feed_target, Position{5}) << "noted once";
    EXPECT_EQ(mail.bound().all().at(0).begin, Position{5});
}

TEST_F(LeasesTest, AnEffectOfAYoungerLeaseIsLeftAlone) {
    const HandlerName name{"mail"};
    Connection connection(session_of(url_, name));
    Leases leases(connection, {test::fresh_id(), name, "here", 1, "b"});
    Ledger ledger(connection, name, "b");
    const auto lease = leases.tick("", {}).held.at(0);
    const worker::Entry entry{Generation{1}, {{lease.partition, lease.epoch}}};
    worker::Effect effect{
        test::fresh_id(), StreamId{1}, Revision{1}, test::fresh_id(), worker::EffectState::pending,
        Epoch{7},         1,           ""};
    ASSERT_EQ(ledger.commit({entry, {}, {}, {}, effect}), worker::Flushed::committed);
    effect.epoch = Epoch{6};
    EXPECT_EQ(ledger.commit({entry, effect, {}, {}, {}}), worker::Flushed::fenced);
    effect.epoch = Epoch{8};
    effect.state = worker::EffectState::done;
    EXPECT_EQ(ledger.commit({entry, effect, {}, {}, {}}), worker::Flushed::committed);
    EXPECT_EQ(ledger.commit({entry, effect, {}, {}, {}}), worker::Flushed::conflict) << "done once";
}

}  // namespace
}  // namespace lantern::postgres
