// The relay between a real store and a real broker: whatever happens in between, every committed event arrives, and
// within its stream no revision arrives before the one below it.
#include <utility>

#include "host/core/fault.hpp"
#include "host/postgres/delivery/leadership.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/rabbitmq/publisher.hpp"
#include "host/relay/relay.hpp"
#include "tests/integration/relay/fixture.hpp"
#include "tests/support/proxy.hpp"

namespace lantern::relay::test {
namespace {

class RelayEndToEndTest : public RelayTest {
protected:
    // A relay with all its connections, as one process has them.
    struct Process {
        Process(RelayEndToEndTest& test, std::uint64_t number)
            : source(test.store_url_),
              leadership(test.store_url_, Uuid::v7(SystemClock{}.now(), number, number)),
              publisher(test.broker_url_, source.incarnation()),
              relay(source, leadership, publisher, clock) {
            publisher.route({test.handler_});
        }
        SystemClock clock;
        postgres::Source source;
        postgres::Leadership leadership;
        rabbitmq::Publisher publisher;
        Relay relay;
    };

    // Drives a relay until `enough`; waits as its steps say.
    template <class Enough>
    void drive(Relay& relay, Enough enough) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{180};
        while (!enough()) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the relay does not get on: " << troubles_;
            const Step step = relay.step();
            if (!step.trouble.empty()) troubles_ += step.trouble + "\n";
            std::this_thread::sleep_for(step.wait);
        }
    }
    void drive_until_trouble(Relay& relay, const std::string& trouble) {
        troubles_.clear();
        drive(relay, [&] { return troubles_.find(trouble) != std::string::npos; });
    }

    std::string troubles_;
};

TEST_F(RelayEndToEndTest, EventsAppendedByManyConnectionsAtOnceAllArriveInOrder) {
    Process process(*this, 1);
    append_concurrently();
    drive(process.relay, [&] { return all_written() && process.relay.step().kind == Step::Kind::idle; });
    process.relay.stop();
    expect_all_to_arrive();
}

TEST_F(RelayEndToEndTest, AnotherRelayGoesOnWhereTheFirstResigned) {
    auto first = std::make_unique<Process>(*this, 1);
    Process second(*this, 2);
    append_concurrently();
    drive(first->relay, [&] { return appended_ > 300; });
    EXPECT_EQ(second.relay.step().kind, Step::Kind::stood_by);
    first->relay.stop();
    drive(second.relay, [&] { return all_written() && second.relay.step().kind == Step::Kind::idle; });
    EXPECT_TRUE(second.relay.leads());
    expect_all_to_arrive();
}

TEST_F(RelayEndToEndTest, ABrokerThatStopsAndComesBackLosesNothing) {
    Process process(*this, 1);
    append_concurrently();
    drive(process.relay, [&] { return appended_ > 200; });
    lantern::test::rabbit().stop();
    Step step;
    drive(process.relay, [&] { return (step = process.relay.step()).kind == Step::Kind::held_up; });
    EXPECT_FALSE(step.trouble.empty());
    lantern::test::rabbit().start();
    drive(process.relay, [&] { return all_written() && process.relay.step().kind == Step::Kind::idle; });
    expect_all_to_arrive();
}

// Back-pressure: the broker's memory alarm stops the relay, and nothing is lost meanwhile.
TEST_F(RelayEndToEndTest, ABlockedBrokerHoldsTheRelayUpAndIsNamed) {
    Process process(*this, 1);
    append_concurrently();
    drive(process.relay, [&] { return appended_ > 100; });
    auto& broker = lantern::test::rabbit();
    ASSERT_TRUE(broker.control({"set_vm_memory_high_watermark", "absolute", "1"}).ended.clean());
    drive_until_trouble(process.relay, "takes no messages now: low on memory");
    process.leadership.hold();
    process.leadership.note(troubles_);
    postgres::Connection sql({.url = store_url_});
    EXPECT_EQ(sql.query("select note from lantern.marks where reader = 'relay'").text(0, 0), troubles_);

    ASSERT_TRUE(broker.control({"set_vm_memory_high_watermark", "0.4"}).ended.clean());
    drive(process.relay, [&] { return all_written() && process.relay.step().kind == Step::Kind::idle; });
    expect_all_to_arrive();
}

// The network between relay and broker goes silent, without a word to either: the relay gives the connection up and
// goes on with another.
TEST_F(RelayEndToEndTest, AHalfOpenConnectionIsFoundAndReplaced) {
    lantern::test::Proxy proxy(lantern::test::rabbit().port());
    const std::string straight =
        std::exchange(broker_url_, lantern::test::through(broker_url_, lantern::test::rabbit().port(), proxy));
    Process process(*this, 1);
    append_concurrently();
    drive(process.relay, [&] { return appended_ > 100; });
    proxy.set(lantern::test::Proxy::Flow::drop);
    drive_until_trouble(process.relay, "did not confirm");
    proxy.set(lantern::test::Proxy::Flow::forward);
    drive(process.relay, [&] { return all_written() && process.relay.step().kind == Step::Kind::idle; });

    // The same while there is nothing to publish: the heartbeat finds it.
    proxy.set(lantern::test::Proxy::Flow::pause);
    drive_until_trouble(process.relay, "heartbeat");
    proxy.set(lantern::test::Proxy::Flow::forward);
    broker_url_ = straight;
    expect_all_to_arrive();
}

// Messages that no route wants come back, and are counted where operators look.
TEST_F(RelayEndToEndTest, ReturnedMessagesAreCountedByType) {
    postgres::Leadership leadership(store_url_, Uuid::v7(SystemClock{}.now(), 1, 1));
    leadership.count_unroutable({{"A", 2}, {"B", 1}});
    leadership.count_unroutable({{"A", 3}});
    postgres::Connection sql({.url = store_url_});
    EXPECT_EQ(
        sql.query("select string_agg(event_type || messages, ' ' order by event_type) from lantern.unroutable")
            .text(0, 0),
        "A5 B1");
}

TEST_F(RelayEndToEndTest, ARelayWithoutNewsNotesNothing) {
    Process process(*this, 1);
    append_concurrently();
    drive(process.relay, [&] { return all_written() && process.relay.step().kind == Step::Kind::idle; });
    const Progress before = process.leadership.progress();
    EXPECT_FALSE(before.target);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(process.relay.step().kind, Step::Kind::idle);
    EXPECT_EQ(process.leadership.progress(), before);
}

}  // namespace
}  // namespace lantern::relay::test
