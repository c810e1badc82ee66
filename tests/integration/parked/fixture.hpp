// A projection "notes" on a real database, with a real worker whose plugin fails as the test says. History is fed
// from the store, so no broker is needed.
#pragma once

#include <map>

#include "host/postgres/delivery/history.hpp"
#include "host/postgres/delivery/leases.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/operate/parked.hpp"
#include "host/postgres/store/store.hpp"
#include "host/postgres/tables/handler_role.hpp"
#include "host/worker/projection_applier.hpp"
#include "host/worker/worker.hpp"
#include "tests/integration/postgres/handlers.hpp"
#include "tests/unit/worker/fakes.hpp"

namespace lantern::test {

class ParkedTest : public PostgresTest {
protected:
    // As whom the worker connects: as the test does, or with the handler's own role and its rights.
    enum class As { owner, handler };
    explicit ParkedTest(As worker = As::owner) : worker_url_(register_handlers(worker)) {}

    // Event `number` of a user, its data the number.
    void append(const std::string& user, int number) {
        ASSERT_TRUE(store_.append(append_of(user, number - 1, {event_of("MADE", std::to_string(number))})));
    }
    // Parked in the database, without a worker: dead with this error.
    void park(const std::string& handler, const std::string& user, const std::string& error) {
        sql_.query("insert into " + handler +
                       ".lantern_streams (stream_id, revision, state, seen, attempts, last_error)"
                       " select stream_id, 0, 2, 1, 8, $2 from lantern.streams where aggregate_id = $1",
                   postgres::Params{}.add(user).add(error));
    }
    void work(int turns = 4) {
        for (int turn = 0; turn < turns; ++turn) {
            worker_.turn(Milliseconds(0));
            clock_.advance(std::chrono::seconds(2));
        }
    }
    std::string value(const std::string& user) {
        return one("select coalesce((select value from people.people where id = '" + user + "'), '')");
    }
    std::string row(const std::string& user, const std::string& handler = "people") {
        return one(
            "select format('revision %s state %s attempts %s', s.revision, s.state, s.attempts) from " + handler +
            ".lantern_streams s join lantern.streams n using (stream_id) where n.aggregate_id = '" + user + "'");
    }
    static postgres::ParkedSelection of(const std::string& handler) { return {.handler = HandlerName{handler}}; }

    // Turns with recovery, as the process does it.
    void run(int turns) {
        worker_.run([&](Milliseconds wait) {
            clock_.advance(std::max<Milliseconds>(wait, std::chrono::seconds(1)));
            return --turns < 0;
        });
    }

    const HandlerName name_{"people"};
    const std::vector<Table> tables_{
        {"people", Ownership::owned, {{"id", ColumnType::text}, {"value", ColumnType::text}}, 1, {}}};
    postgres::Store store_{url_};
    postgres::Parked parked_{url_};
    std::map<std::string, Outcome> script_;  // by data
    std::function<void()> in_each_call_;

private:
    std::string register_handlers(As worker) {
        auto plugin = projection_plugin();
        plugin.tables = tables_;
        EXPECT_TRUE(postgres::Catalog(url_).apply(
            routing_of({routed("mail", "mail", {"MADE"}), routed("people", "people", {"MADE"})}, "r"),
            {plugin, effect_plugin()}, "tester", 0));
        return worker == As::owner ? url_ : postgres::url_of_handler(url_, name_).value();
    }

    const std::string worker_url_;
    worker::fake::Trouble trouble_;
    worker::fake::Queue queue_{trouble_, 4};
    worker::fake::NoUpcasts upcasts_;
    SystemRandom random_{3};
    postgres::Connection connection_{postgres::session_of(worker_url_, name_)};
    postgres::Leases leases_{connection_, {fresh_id(), name_, "here", 1, "b"}};
    postgres::ReadModel model_{connection_, name_, tables_, "b"};
    postgres::History history_{connection_};
    worker::Rows rows_{model_};

protected:
    worker::fake::Notes notes_;
    worker::fake::ManualClock clock_;

private:
    worker::ProjectionApplier applier_{{
        .tables = tables_,
        .make_object =
            [this] {
                return std::make_unique<worker::fake::Appender>([this](const Event& event) {
                    if (in_each_call_) in_each_call_();
                    const auto failing = script_.find(event.data);
                    return failing == script_.end() ? Outcome{} : failing->second;
                });
            },
        .model = model_,
        .rows = rows_,
        .upcasts = upcasts_,
        .watch = notes_,
        .clock = clock_,
        .parking = {Backoff{}, clock_, random_},
    }};
    worker::Worker worker_{{routed("people", "people", {"MADE"}), queue_, leases_, history_, model_, applier_,
                            rows_, notes_, clock_, random_}};
};

}  // namespace lantern::test
