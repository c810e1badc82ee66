// RabbitMQ 3.10 forgets the quorum queue that was declared last when it is killed soon after: who consumes from it
// or publishes to it gets no answer. Whether it does so is the broker's affair; that events flow in the end is
// ours.
#include "tests/integration/rabbitmq/fixture.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::rabbitmq::test {
namespace {

using lantern::test::eventually;

constexpr int kKillsMax = 3;
constexpr std::chrono::seconds kHealedWithin{180};

class ForgottenTest : public BrokerTest {
protected:
    // Runs until it goes through; what it met until then.
    static std::vector<std::string> troubles_until(const std::function<bool()>& works) {
        std::vector<std::string> troubles;
        EXPECT_TRUE(eventually(
            [&] {
                try {
                    return works();
                } catch (const Fault& fault) {
                    EXPECT_TRUE(fault.retryable()) << fault.what();
                    troubles.emplace_back(fault.what());
                    return false;
                }
            },
            kHealedWithin))
            << (troubles.empty() ? "no trouble" : troubles.back());
        return troubles;
    }
    static bool renewed_one(const std::vector<std::string>& troubles) {
        return std::any_of(troubles.begin(), troubles.end(), [](const std::string& trouble) {
            return trouble.find("it was deleted and declared anew") != std::string::npos;
        });
    }
    // A handler whose queues were declared right before the broker was killed.
    static TopologyHandler declared_and_killed(const std::string& url, int number) {
        TopologyHandler handler = read_model();
        handler.name = HandlerName{"forgotten_" + std::to_string(number)};
        Deliveries before(url, handler);
        EXPECT_TRUE(lantern::test::answered([&] {
            before.disconnect();
            before.declare();
        }));
        before.disconnect();
        lantern::test::rabbit().kill();
        lantern::test::rabbit().start();
        return handler;
    }
    // One stream for each partition.
    static std::vector<Event> some_events() {
        return {event_of(0, 1), event_of(1, 1), event_of(2, 1), event_of(3, 1)};
    }
};

TEST_F(ForgottenTest, AWorkerRenewsAQueueThatDoesNotAnswerAndGetsItsEvents) {
    bool renewed = false;
    for (int kill = 0; kill < kKillsMax && !renewed; ++kill) {
        const auto handler = declared_and_killed(url_, kill);
        Deliveries deliveries(url_, handler);
        renewed = renewed_one(troubles_until([&] {
            deliveries.disconnect();
            deliveries.declare();
            for (int k = 0; k < handler.partitions; ++k) deliveries.subscribe(Partition{k});
            return true;
        }));
        auto publisher = publisher_for({handler});
        EXPECT_EQ(publisher->publish(some_events()), 4u);
        EXPECT_EQ(take(deliveries, 4).size(), 4u) << "it is bound again";
    }
}

TEST_F(ForgottenTest, TheRelayRenewsAQueueThatDoesNotAnswerThoughNobodyReadsIt) {
    bool renewed = false;
    for (int kill = 0; kill < kKillsMax && !renewed; ++kill) {
        const auto handler = declared_and_killed(url_, kill);
        const auto events = some_events();
        Publisher publisher(url_, kIncarnation);
        publisher.route({read_model(), handler});
        std::size_t confirmed = 0;
        renewed = renewed_one(troubles_until([&] {
            publisher.declare_topology();
            confirmed += publisher.publish(std::span(events).subspan(confirmed));
            return confirmed == events.size();
        }));
        EXPECT_EQ(take(*deliveries_for(handler), 4).size(), 4u);
    }
}

}  // namespace
}  // namespace lantern::rabbitmq::test
