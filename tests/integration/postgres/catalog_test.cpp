#include "host/postgres/operate/catalog.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "host/postgres/delivery/leadership.hpp"
#include "host/postgres/delivery/leases.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

using ::testing::HasSubstr;

class CatalogTest : public test::PostgresTest {
protected:
    Result<Applied, std::vector<std::string>> apply(const Routing& routing, std::int64_t parent) {
        return catalog_.apply(routing, plugins_, "tester", parent);
    }
    std::string routes() {
        return one(
            "select string_agg(handler || ' ' || event_type || ' ' || coalesce(begin_position::text, '?') || '-'"
            " || coalesce(end_position::text, ''), ', ' order by route_id) from lantern.routes");
    }
    HandlerStatus status(const std::string& name) {
        for (const auto& status : catalog_.handlers())
            if (status.handler.name.value == name) return status;
        ADD_FAILURE() << "no handler " << name;
        return {};
    }

    Catalog catalog_{url_};
    std::vector<Description> plugins_{test::projection_plugin(), test::effect_plugin()};
};

TEST_F(CatalogTest, TheFirstRoutingRegistersHandlersAndBeginsRoutes) {
    EXPECT_FALSE(catalog_.routing());
    const auto applied = apply(test::usual_routing(), 0);
    ASSERT_TRUE(applied);
    EXPECT_TRUE(applied.value().made_revision);
    EXPECT_EQ(applied.value().revision.number, 1);
    EXPECT_EQ(catalog_.routing()->applied_by, "tester");
    EXPECT_EQ(routes(), "mail MADE ?-, people CHANGED 0-, people MADE 0-");
    const auto people = catalog_.handler(HandlerName{"people"});
    ASSERT_TRUE(people);
    EXPECT_EQ(people->declaration_hash, "h1");
    EXPECT_EQ(people->partitions, 4);
    EXPECT_EQ(one("select count(*) from people.people"), "0");
    EXPECT_EQ(one("select count(*) from mail.lantern_streams"), "0");

    const auto again = apply(test::usual_routing(), 0);
    ASSERT_TRUE(again) << "the same text again, whatever its parent";
    EXPECT_FALSE(again.value().made_revision);
    EXPECT_EQ(again.value().revision.number, 1);
}

TEST_F(CatalogTest, AnEditTouchesOnlyWhatChanged) {
    ASSERT_TRUE(apply(test::usual_routing(), 0));
    Store store(url_);
    for (int n = 0; n < 3; ++n) ASSERT_TRUE(store.append(test::append_of("a", n, {test::event_of("MADE")})));
    const auto edit = test::routing_of({test::routed("people", "people", {"MADE", "MOVED"})}, "r2");
    const auto applied = apply(edit, 1);
    ASSERT_TRUE(applied);
    EXPECT_EQ(applied.value().revision.number, 2);
    EXPECT_EQ(applied.value().revision.parent, 1);
    EXPECT_EQ(applied.value().changes.handlers_removed, std::vector<HandlerName>{HandlerName{"mail"}});
    EXPECT_EQ(routes(), "mail MADE 3-3, people CHANGED 0-3, people MADE 0-, people MOVED ?-");
    EXPECT_EQ(catalog_.handler(HandlerName{"mail"})->state, "removed");
    EXPECT_EQ(catalog_.handlers().size(), 1u);
    ASSERT_TRUE(apply(test::routing_of(test::usual_routing().handlers, "r3"), 2));
    EXPECT_EQ(catalog_.handler(HandlerName{"mail"})->state, "attached");
}

TEST_F(CatalogTest, AnEditOnAnOlderRevisionIsRefused) {
    ASSERT_TRUE(apply(test::usual_routing(), 0));
    const auto late = apply(test::routing_of(test::usual_routing().handlers, "r2"), 0);
    ASSERT_FALSE(late);
    EXPECT_THAT(late.error().at(0), HasSubstr("revision 1 by tester is in force"));
}

TEST_F(CatalogTest, HostsThatStartTogetherApplyOnce) {
    std::vector<std::jthread> hosts;
    for (int host = 0; host < 6; ++host)
        hosts.emplace_back([&] {
            Catalog catalog(url_);
            EXPECT_TRUE(catalog.apply(test::usual_routing(), plugins_, "host", 0));
        });
    hosts.clear();
    EXPECT_EQ(one("select count(*) from lantern.routing_revisions"), "1");
    EXPECT_EQ(one("select count(*) from lantern.routes"), "3");
}

TEST_F(CatalogTest, TablesThatDoNotFitAreRefusedAndTheRestApplied) {
    ASSERT_TRUE(apply(test::usual_routing(), 0));
    plugins_[0].declaration_hash = "h2";
    auto answer = apply(test::usual_routing(), 1);
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer.value().refused.at(HandlerName{"people"}), HasSubstr("raise schema_version"));
    plugins_[0].schema_version = 2;
    answer = apply(test::usual_routing(), 1);
    EXPECT_THAT(answer.value().refused.at(HandlerName{"people"}), HasSubstr("rebuilt"));
    EXPECT_EQ(catalog_.handler(HandlerName{"people"})->schema_version, 1);
    EXPECT_EQ(routes(), "mail MADE ?-, people CHANGED 0-, people MADE 0-") << "it keeps its routes";

    const auto reserved =
        test::routing_of({test::routed("lantern", "mail", {"MADE"}), test::routed("pg_mail", "mail", {"MADE"}),
                          test::routed("other", "nowhere", {"MADE"})},
                         "r2");
    answer = apply(reserved, 1);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer.value().refused.size(), 3u);
}

TEST_F(CatalogTest, StatusCountsWhatIsStillToApply) {
    ASSERT_TRUE(apply(test::usual_routing(), 0));
    Store store(url_);
    for (int n = 0; n < 4; ++n) {
        ASSERT_TRUE(store.append(test::append_of("a", n, {test::event_of("MADE")})));
        ASSERT_TRUE(store.append(test::append_of("b", n, {test::event_of(n % 2 ? "CHANGED" : "OTHER")})));
    }
    EXPECT_EQ(status("people").lag_events, 6);
    EXPECT_EQ(status("mail").lag_events, 0) << "its route has no beginning yet";
    const auto stream = [&](const std::string& id) { return *store.load("user", id, 1, "", {}).stream; };
    const auto applied = [&](const std::string& id, int revision, int state) {
        sql_.query(
            "insert into people.lantern_streams (stream_id, revision, state) values ($1, $2, $3) on conflict"
            " (stream_id) do update set revision = excluded.revision, state = excluded.state",
            Params{}.add(stream(id).value).add(revision).add(state));
    };
    applied("a", 3, 0);
    applied("b", 0, 1);
    auto people = status("people");
    EXPECT_EQ(people.lag_events, 1) << "parked streams are counted apart";
    EXPECT_EQ(people.retrying, 1);
    EXPECT_EQ(people.dead, 0);
    applied("a", 4, 0);
    applied("b", 4, 0);
    EXPECT_EQ(status("people").lag_events, 0);
    ASSERT_TRUE(store.append(test::append_of("a", 4, {test::event_of("MADE")})));
    EXPECT_EQ(status("people").lag_events, 1);
}

TEST_F(CatalogTest, StatusNamesWorkersAndWhatTheyHold) {
    ASSERT_TRUE(apply(test::usual_routing(), 0));
    Leases leases(sql_, {test::fresh_id(), HandlerName{"people"}, "here", 42, "build7"});
    leases.tick("applies", {});
    auto people = status("people");
    ASSERT_EQ(people.workers.size(), 1u);
    EXPECT_EQ(people.workers[0].pid, 42);
    EXPECT_EQ(people.workers[0].plugin_build, "build7");
    EXPECT_EQ(people.workers[0].partitions.size(), 4u);
    EXPECT_EQ(people.partitions_unheld, 0);
    EXPECT_EQ(people.partitions_feeding, 4);
    leases.bound();
    EXPECT_EQ(status("people").partitions_feeding, 0) << "the store is empty";
    EXPECT_EQ(status("mail").partitions_unheld, 4);
    EXPECT_THAT(people.event_types, ::testing::ElementsAre("CHANGED", "MADE"));
}

TEST_F(CatalogTest, RelayStatusBeforeAndAfterItLed) {
    EXPECT_FALSE(catalog_.relay().led);
    Leadership relay(url_, test::fresh_id());
    relay.hold();
    EXPECT_TRUE(catalog_.relay().led);
    EXPECT_EQ(catalog_.relay().last_position, Position{0});
    EXPECT_NE(catalog_.incarnation(), Uuid());
}

}  // namespace
}  // namespace lantern::postgres
