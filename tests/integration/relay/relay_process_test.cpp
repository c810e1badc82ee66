// Relays as processes, without a host that would notice their death: kill -9 of the leader while events are
// appended, and the next leader goes on where the broker's confirms end.
#include <gtest/gtest.h>

#include <csignal>
#include <memory>

#include "host/processes/child.hpp"
#include "tests/integration/relay/fixture.hpp"
#include "tests/support/answered.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::relay::test {
namespace {

using lantern::test::eventually;

class RelayProcessTest : public RelayTest {
protected:
    using Process = std::unique_ptr<processes::Child>;

    Process start() const {
        return std::make_unique<processes::Child>(processes::Program{
            .argv = {LANTERN_BINARY, "relay", "--config", LANTERN_CONFIG},
            .environment = {{"LANTERN_POSTGRES_URL", store_url_}, {"LANTERN_AMQP_URL", broker_url_}},
            .output = lantern::test::fresh_directory() / "log"});
    }
    std::string one(const std::string& query) {
        const auto rows = sql_.query(query);
        return rows.empty() || rows.null(0, 0) ? "" : rows.text(0, 0);
    }
    std::string leader() { return one("select leader from lantern.marks where reader = 'relay'"); }
    // It dies in the middle of its work: something is published, and there is more.
    void kill_at_work(const Process& leader) {
        append_concurrently();
        ASSERT_TRUE(eventually([&] {
            return one("select greatest(cursor, floor) > 100 from lantern.marks where reader = 'relay'") == "t";
        })) << one("select row_to_json(m) from lantern.marks m where reader = 'relay'");
        leader->signal(SIGKILL);
        leader->wait(std::chrono::minutes(2));
        append_concurrently();
    }
    // Queues that no handler of the store reads: they see what is published.
    void bind_witness() {
        ASSERT_TRUE(lantern::test::answered([&] { rabbitmq::Deliveries(broker_url_, handler_).declare(); }));
    }

    postgres::Connection sql_{{.url = store_url_}};
};

TEST_F(RelayProcessTest, ALeaderThatIsKilledIsReplacedByItsStandby) {
    bind_witness();
    const auto first = start();
    ASSERT_TRUE(eventually([&] { return !leader().empty(); }));
    const std::string dead = leader();
    const auto standby = start();
    kill_at_work(first);
    EXPECT_TRUE(eventually([&] { return !leader().empty() && leader() != dead; }));
    expect_all_to_arrive();
}

TEST_F(RelayProcessTest, ALeaderThatIsKilledAloneIsReplacedByTheNextThatStarts) {
    bind_witness();
    const auto first = start();
    ASSERT_TRUE(eventually([&] { return !leader().empty(); }));
    const std::string dead = leader();
    kill_at_work(first);
    const auto next = start();
    EXPECT_TRUE(eventually([&] { return !leader().empty() && leader() != dead; }));
    expect_all_to_arrive();
}

}  // namespace
}  // namespace lantern::relay::test
