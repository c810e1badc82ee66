// A handler with tables, a schema beside it and a job that fills it.
#pragma once

#include "host/postgres/backfill/beside.hpp"
#include "host/postgres/backfill/swap.hpp"
#include "tests/integration/postgres/handlers.hpp"

namespace lantern::postgres {

class BesideTest : public test::PostgresTest {
protected:
    BesideTest() {
        Catalog catalog(url_);
        EXPECT_TRUE(
            catalog.apply(test::usual_routing(), {test::projection_plugin(), test::effect_plugin()}, "tester", 0));
        schema_ = {HandlerName{"people"}, catalog.handler(HandlerName{"people"})->id,
                   test::projection_plugin().tables, "people@2"};
        create_beside(connection_, schema_);
        job_ = jobs_.start({HandlerName{"people"}, "rebuild", "{}", "tester", 0, ""}).value();
        sql_.script("update lantern.jobs set phase = 'load'");
        for (int stream = 1; stream <= 20; ++stream)
            sql_.query(
                "insert into lantern.streams (aggregate_type, aggregate_id, revision) values ('user', $1, 10)",
                Params{}.add("u" + std::to_string(stream)));
    }
    static Row person(const Uuid& id, const std::string& name) {
        return {id.text(),        name,
                std::int64_t{41}, 1.5,
                std::int64_t{1},  std::int64_t{1'795'232'006'000'123},
                std::int64_t{-1}, std::string(R"({"a": "b\"c"})")};
    }
    static std::vector<Value> monday(const std::string& country) { return {std::int64_t{20'000}, country}; }

    Connection connection_{session_of_backfill(url_)};
    Jobs jobs_{url_};
    HandlerSchema schema_;
    std::int64_t job_ = 0;
    const WorkerId self_ = test::fresh_id(), other_ = test::fresh_id();
};

}  // namespace lantern::postgres
