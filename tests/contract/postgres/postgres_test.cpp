// The adapters of host/postgres keep the contracts of their ports, on a real server.
#include "host/postgres/delivery/history.hpp"
#include "host/postgres/delivery/leadership.hpp"
#include "host/postgres/delivery/leases.hpp"
#include "host/postgres/delivery/ledger.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/postgres/store/arrivals.hpp"
#include "host/postgres/store/store.hpp"
#include "host/postgres/tables/handler_role.hpp"
#include "tests/contract/arrivals_contract.hpp"
#include "tests/contract/relay_contract.hpp"
#include "tests/contract/store_contract.hpp"
#include "tests/contract/worker_contract.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::contract {

struct PostgresStoreWorld {
    command::Store& store() { return store_; }
    command::Store& another() { return another_; }

    const std::string url_ = test::migrated_database();
    postgres::Store store_{url_}, another_{url_};
};
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, StoreContract, PostgresStoreWorld);

struct PostgresArrivalsWorld {
    intake::Arrivals& arrivals() { return arrivals_; }
    intake::Arrivals& another() { return another_; }
    std::int64_t head(const std::string& id) { return store_.load("order", id, 1, "", {}).head.value; }
    std::int64_t counter(const std::string& name) {
        return postgres::Connection({.url = url_})
            .query("select coalesce(sum(value), 0)::bigint from lantern.counters where name = $1",
                   postgres::Params{}.add(name))
            .integer(0, 0);
    }

    const std::string url_ = test::migrated_database();
    postgres::Store store_{url_};
    postgres::Arrivals arrivals_{url_}, another_{url_};
};
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ArrivalsContract, PostgresArrivalsWorld);

struct PostgresRelayWorld {
    using Transaction = std::unique_ptr<postgres::Connection>;

    relay::Source& source() { return source_; }
    Transaction begin(std::int64_t stream, int events) {
        auto transaction = std::make_unique<postgres::Connection>(
            postgres::Session{.url = url_, .idle_in_transaction_timeout = std::chrono::minutes(10)});
        transaction->begin();
        for (int n = 0; n < events; ++n)
            transaction->query(
                "select lantern.append('user', $1, -1, array[$2::uuid], '{MADE}', '{1}', '{null}', '{\"{}\"}', "
                "null,"
                " null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)",
                postgres::Params{}.add(stream).add(test::fresh_id()));
        return transaction;
    }
    void commit(const Transaction& transaction) { transaction->commit(); }
    relay::Leadership& leader(int number) { return number == 0 ? first_ : second_; }
    void pass(Milliseconds time) {
        postgres::Connection({.url = url_})
            .query("update lantern.marks set leader_seen_at = leader_seen_at - $1::bigint * interval '1 ms'",
                   postgres::Params{}.add(std::int64_t{time.count()}));
    }

    const std::string url_ = test::migrated_database();
    postgres::Source source_{url_};
    postgres::Leadership first_{url_, test::fresh_id()}, second_{url_, test::fresh_id()};
};
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, RelayContract, PostgresRelayWorld);

struct PostgresWorkerWorld {
    // The url with which workers connect: what they may not do as their handler's role fails here.
    std::string registered() {
        auto plugin = test::projection_plugin();
        plugin.tables = tables_;
        postgres::Catalog catalog(url_);
        const auto routing = test::routing_of({test::routed("people", "people", {"WANTED"})}, "r");
        EXPECT_TRUE(catalog.apply(routing, {plugin}, "tester", 0));
        return postgres::url_of_handler(url_, name_).value();
    }
    Event append(std::int64_t stream, const std::string& type) {
        const auto id = std::to_string(stream);
        EXPECT_TRUE(store_.append(test::append_of(id, -1, {test::event_of(type)})));
        return store_.load("user", id, 1, "", {}).events.back();
    }
    worker::History& history() { return history_; }
    worker::ReadModel& model() { return model_; }
    worker::Ledger& ledger() { return ledger_; }
    worker::Leases& leases() { return leases_; }

    const std::string url_ = test::migrated_database();
    const HandlerName name_{"people"};
    const std::vector<Table> tables_{
        {"people", Ownership::owned, {{"id", ColumnType::text}, {"value", ColumnType::text}}, 1, {}}};
    postgres::Store store_{url_};
    postgres::Connection connection_{postgres::session_of(registered(), name_)};
    postgres::History history_{connection_};
    postgres::Leases leases_{connection_, {test::fresh_id(), name_, "here", 1, "b"}};
    postgres::ReadModel model_{connection_, name_, tables_, "b"};
    postgres::Ledger ledger_{connection_, name_, "b"};
};
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, WorkerContract, PostgresWorkerWorld);

}  // namespace lantern::contract
