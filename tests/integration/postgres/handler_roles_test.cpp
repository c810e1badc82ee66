// What a handler's worker, and so SQL of its plugin, may do in the database, and that all a worker does is among it
// (the port contracts run as that role too).
#include "host/postgres/tables/handler_role.hpp"

#include <gtest/gtest.h>

#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {
namespace {

class HandlerRolesTest : public test::PostgresTest {
protected:
    HandlerRolesTest() {
        apply();
        Store store(url_);
        EXPECT_TRUE(store.append(test::append_of("1", 0, {test::event_of("MADE"), test::event_of("CHANGED")})));
        EXPECT_TRUE(store.append(test::append_of("2", 0, {test::event_of("SECRET")})));
    }
    void apply() const {
        EXPECT_TRUE(
            Catalog(url_).apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 0));
    }
    // A worker's session.
    std::unique_ptr<Connection> worker(const std::string& handler) const {
        const HandlerName name{handler};
        const auto url = url_of_handler(url_, name);
        EXPECT_TRUE(url) << "the role was not made";
        return std::make_unique<Connection>(session_of(url.value(), name));
    }
    // "done", "refused", or what else came of it.
    static std::string outcome(Connection& session, const std::string& sql) {
        try {
            session.query(sql);
            return "done";
        } catch (const Fault& fault) {
            const std::string why = fault.what();
            for (const char* refusal :
                 {"permission denied", "must be owner", "must be superuser", "row-level security"})
                if (why.find(refusal) != std::string::npos) return "refused";
            return why;
        }
    }
};

TEST_F(HandlerRolesTest, events_cannot_be_changed_and_only_routed_ones_be_seen) {
    const auto session = worker("mail");
    EXPECT_EQ(outcome(*session, "delete from lantern.events"), "refused");
    EXPECT_EQ(outcome(*session, "truncate lantern.events"), "refused");
    EXPECT_EQ(outcome(*session, "insert into lantern.streams (aggregate_type, aggregate_id) values ('user', 'x')"),
              "refused");
    EXPECT_EQ(session->query("select string_agg(type, ',') from lantern.events").text(0, 0), "MADE");
    EXPECT_EQ(one("select count(*) from lantern.events"), "3");
}

TEST_F(HandlerRolesTest, another_handlers_tables_and_rows_are_out_of_reach) {
    const auto session = worker("mail");
    EXPECT_EQ(outcome(*session, "insert into people.people (id) values (gen_random_uuid())"), "refused");
    EXPECT_EQ(outcome(*session, "select from people.people"), "refused");
    EXPECT_EQ(outcome(*session, "update lantern.handlers set state = 'paused' where handler = 'people'"), "done");
    EXPECT_EQ(one("select state from lantern.handlers where handler = 'people'"), "attached");
    EXPECT_EQ(outcome(*session, "insert into lantern.leases (handler, partition) values ('people', 31)"),
              "refused");
    EXPECT_EQ(session->query("select string_agg(handler, ',') from lantern.handlers").text(0, 0), "mail");
}

TEST_F(HandlerRolesTest, its_own_tables_are_its_own) {
    const auto session = worker("people");
    EXPECT_EQ(outcome(*session, "insert into people.people (id) values (gen_random_uuid())"), "done");
    EXPECT_EQ(one("select count(*) from people.people"), "1");
    EXPECT_EQ(outcome(*session, "drop table people.people"), "refused");
    EXPECT_EQ(outcome(*session, "create table people.more ()"), "refused");
}

TEST_F(HandlerRolesTest, secrets_and_what_operators_do_are_out_of_reach) {
    const auto session = worker("people");
    for (const char* table :
         {"role_key", "idempotency", "snapshots", "unique_keys", "admin_log", "routing_revisions"})
        EXPECT_EQ(outcome(*session, "select from lantern." + std::string(table)), "refused") << table;
    EXPECT_EQ(outcome(*session, "select lantern.pause('people', 'me', 'why')"), "refused");
    EXPECT_EQ(outcome(*session, "select lantern.handler_login('mail')"), "refused");
}

TEST_F(HandlerRolesTest, nothing_gets_the_session_another_role) {
    const auto session = worker("people");
    const auto owner = one("select current_user");
    for (const std::string sql : {"reset role", "reset session authorization"}) outcome(*session, sql);
    EXPECT_EQ(outcome(*session, "set role " + owner), "refused");
    EXPECT_EQ(outcome(*session, "set session authorization " + owner), "refused");
    EXPECT_EQ(outcome(*session, "alter role current_user superuser"), "refused");
    EXPECT_EQ(outcome(*session, "delete from lantern.events"), "refused");
    EXPECT_EQ(session->query("select lantern.session_handler()").text(0, 0), "people");
}

TEST_F(HandlerRolesTest, databases_of_one_cluster_have_roles_of_their_own) {
    const auto other = test::migrated_database();
    EXPECT_TRUE(
        Catalog(other).apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 0));
    EXPECT_NE(*url_of_handler(url_, HandlerName{"people"}), *url_of_handler(other, HandlerName{"people"}));
    apply();  // made once, then there
    EXPECT_EQ(outcome(*worker("people"), "select from people.people"), "done");
}

TEST_F(HandlerRolesTest, a_user_who_may_not_create_roles_is_told_what_to_do) {
    sql_.query("create role plain login password 'plain' nosuperuser");
    sql_.query("create database plain owner plain");
    const auto plain = url_with_login(url_, {"plain", "plain"});
    const auto at = plain.find("dbname='");
    const auto url = plain.substr(0, at) + "dbname='plain'" + plain.substr(plain.find('\'', at + 8) + 1);
    migrate(url);
    EXPECT_TRUE(
        Catalog(url).apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 0));
    EXPECT_FALSE(url_of_handler(url, HandlerName{"people"}));
    EXPECT_NE(remedy_without_role(HandlerName{"people"}).find("createrole"), std::string::npos);

    // Once it may, the next start makes them.
    sql_.query("alter role plain createrole");
    EXPECT_TRUE(
        Catalog(url).apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "t", 1));
    const auto own = url_of_handler(url, HandlerName{"people"});
    ASSERT_TRUE(own);
    Connection session(session_of(*own, HandlerName{"people"}));
    EXPECT_EQ(outcome(session, "select from people.people"), "done");
    EXPECT_EQ(outcome(session, "delete from lantern.events"), "refused");
}

TEST(UrlWithLogin, keeps_all_but_user_and_password) {
    const auto from_uri =
        url_with_login("postgresql://boss:secret@db:5433/shop?sslmode=require", {"worker", "it's"});
    EXPECT_EQ(from_uri.find("secret"), std::string::npos);
    EXPECT_EQ(from_uri.find("boss"), std::string::npos);
    EXPECT_TRUE(from_uri.starts_with("user='worker' password='it\\'s'")) << from_uri;
    for (const char* kept : {"host='db'", "port='5433'", "dbname='shop'", "sslmode='require'"})
        EXPECT_NE(from_uri.find(kept), std::string::npos) << from_uri;
    EXPECT_EQ(url_with_login("host=db user=boss password=secret", {"w", "p"}), "user='w' password='p' host='db'");
    EXPECT_THROW(url_with_login("postgresql://[broken", {"w", "p"}), Fault);
}

}  // namespace
}  // namespace lantern::postgres
