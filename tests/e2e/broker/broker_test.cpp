// What the broker loses, and what it is not given, comes from the store.
#include <csignal>

#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/topology.hpp"
#include "tests/e2e/live/world.hpp"
#include "tests/support/answered.hpp"

namespace lantern::test {
namespace {

using rabbitmq::TopologyHandler;

constexpr std::chrono::seconds kFurnishedWithin{240};  // a node starts within it

class BrokerTest : public LiveTest {
protected:
    // Whatever a test that failed left frozen.
    void TearDown() override {
        for (const pid_t pid : instance.tree()) ::kill(pid, SIGCONT);
        LiveTest::TearDown();
    }

    static TopologyHandler handler(const char* name) {
        return {HandlerName{name}, 4, QueueType::quorum, {"USER_CREATED", "USER_UPDATED"}};
    }
    // How many of its queues there are; -1: the broker does not answer.
    int queues(const TopologyHandler& handler) {
        try {
            rabbitmq::Connection connection(broker(), "test", quiet);
            rabbitmq::Topology topology(connection);
            int there = 0;
            for (int k = 0; k < handler.partitions; ++k) there += is_there(topology, handler, Partition{k});
            return there;
        } catch (const Fault&) {
            return -1;
        }
    }
    static bool is_there(rabbitmq::Topology& topology, const TopologyHandler& handler, Partition partition) {
        try {
            topology.ready(queue_name(handler, partition));
            return true;
        } catch (const Fault& fault) {
            if (fault.code() != std::to_string(AMQP_NOT_FOUND)) throw;
            return false;
        }
    }
    bool has_queues(const TopologyHandler& handler) {
        return eventually([&] { return queues(handler) == handler.partitions; }, kFurnishedWithin);
    }
    bool has_none(const TopologyHandler& handler) {
        return eventually([&] { return queues(handler) == 0; }, kFurnishedWithin);
    }
    rabbitmq::Address broker() const { return rabbitmq::parse_address(instance.endpoint("amqp_url")); }
    std::int64_t waiting(const std::string& handler) {
        return count("select count(*) from lantern.unprocessed_events where handler = '" + handler + "'");
    }
    std::string state(const std::string& handler) {
        return instance.sql("select state from lantern.handlers where handler = '" + handler + "'").text(0, 0);
    }
    bool is_state(const std::string& handler, const std::string& wanted) {
        return eventually([&] { return state(handler) == wanted; });
    }

    // The audit log's queues hold messages that nobody has taken when `lose` comes upon them.
    template <class Lose>
    void with_messages_waiting(const SteadyClient& client, Lose lose) {
        const pid_t host = instance.find({" host --config "}).at(0);
        ::kill(host, SIGSTOP);  // so that it starts no other worker
        for (const pid_t worker : workers("audit_log")) ::kill(worker, SIGKILL);
        ASSERT_TRUE(client.goes_on());
        const auto published = count("select max(position) from lantern.events");
        ASSERT_TRUE(eventually(
            [&] { return count("select floor from lantern.marks where reader = 'relay'") >= published; }));
        ASSERT_GE(waiting("audit_log"), 20);
        lose();
        ::kill(host, SIGCONT);
    }
    void wipe_broker() {
        const pid_t dev = instance.dev_pid();
        const pid_t node = instance.find({"beam.smp"}).at(0);
        ::kill(dev, SIGSTOP);  // so that it starts the node after its data is gone, and not before
        ::kill(node, SIGKILL);
        EXPECT_TRUE(eventually([&] { return !alive(node); }));
        fs::remove_all(instance.data() / "rabbit" / "data");
        ::kill(dev, SIGCONT);
    }
    void delete_topology() {
        ASSERT_TRUE(answered([&] { try_to_delete_topology(); }));
    }
    void try_to_delete_topology() {
        rabbitmq::Connection connection(broker(), "test", quiet);
        rabbitmq::Topology topology(connection);
        for (const char* name : {"user_read_model", "audit_log"}) topology.retire({HandlerName{name}, "4", ""});
        connection.open_channel(1);
        amqp_exchange_delete_t exchange{};
        exchange.exchange = amqp_cstring_bytes(rabbitmq::kExchange);
        connection.call(1, AMQP_EXCHANGE_DELETE_METHOD, &exchange, AMQP_EXCHANGE_DELETE_OK_METHOD);
    }

    // As a fold of the whole store makes them.
    void expect_fresh(const std::string& handler) {
        const auto verified = instance.lantern({"verify", handler});
        EXPECT_TRUE(verified.ended.clean()) << verified.output;
    }
    void expect_all_there(SteadyClient& client) {
        expect_complete(client);
        EXPECT_EQ(count("select count(*) from audit_log.audit_log"), count("select count(*) from lantern.events"));
        for (const char* name : {"user_read_model", "audit_log"}) {
            EXPECT_TRUE(has_queues(handler(name))) << name;
            expect_fresh(name);
        }
    }

    rabbitmq::Listener quiet;
};

TEST_F(BrokerTest, a_wiped_broker_is_furnished_again_and_what_it_lost_comes_from_the_store) {
    SteadyClient client(instance, "wiped");
    ASSERT_TRUE(client.goes_on());
    with_messages_waiting(client, [&] { wipe_broker(); });
    ASSERT_TRUE(client.goes_on());
    EXPECT_TRUE(has_queues(handler("audit_log")));
    ASSERT_TRUE(client.goes_on());
    expect_all_there(client);
}

TEST_F(BrokerTest, queues_and_exchange_that_are_deleted_under_way_are_declared_again) {
    SteadyClient client(instance, "deleted");
    ASSERT_TRUE(client.goes_on());
    with_messages_waiting(client, [&] { delete_topology(); });
    ASSERT_TRUE(client.goes_on());
    EXPECT_TRUE(has_queues(handler("audit_log")));
    delete_topology();  // from under their consumers
    ASSERT_TRUE(client.goes_on());
    expect_all_there(client);
}

TEST_F(BrokerTest, a_paused_handler_is_fed_what_its_queues_would_not_hold_and_is_bound_again) {
    constexpr std::int64_t kLength = 100;
    SteadyClient client(instance, "paused");
    ASSERT_TRUE(client.goes_on());
    edit(std::string(kUsual) + "handlers:\n  audit_log: {queue_length: " + std::to_string(kLength) + "}\n");
    auto small = handler("audit_log");
    small.queue_length_max = kLength;
    // Another length is other queues.
    ASSERT_TRUE(has_queues(small)) << status();
    EXPECT_TRUE(has_none(handler("audit_log")));
    ASSERT_TRUE(client.goes_on());

    ASSERT_TRUE(instance.lantern({"pause", "audit_log", "--reason", "test"}).ended.clean());
    EXPECT_TRUE(has_none(small)) << "the broker keeps none";
    ASSERT_TRUE(eventually([&] {
        return count("select count(worker_id) from lantern.leases where handler = 'audit_log'") == 0;
    })) << "its worker has ended what it was at";
    const auto before = count("select count(*) from audit_log.audit_log");
    const auto readers = workers("user_read_model");
    while (waiting("audit_log") <= 2 * kLength) ASSERT_TRUE(client.goes_on());
    EXPECT_EQ(count("select count(*) from audit_log.audit_log"), before);
    EXPECT_TRUE(has_none(small));
    // The other handler goes on as if nothing were.
    const auto edge = count("select max(position) from lantern.events");
    EXPECT_TRUE(eventually([&] {
        return count(
                   "select count(*) from lantern.unprocessed_events where handler = 'user_read_model' and "
                   "position <= " +
                   std::to_string(edge)) == 0;
    }));
    EXPECT_EQ(workers("user_read_model"), readers);
    EXPECT_EQ(state("user_read_model"), "attached");

    // Its worker is frozen meanwhile, so that the state between can be seen; and the host, which would replace it.
    const pid_t host = instance.find({" host --config "}).at(0);
    ::kill(host, SIGSTOP);
    for (const pid_t worker : workers("audit_log")) ::kill(worker, SIGSTOP);
    ASSERT_TRUE(instance.lantern({"resume", "audit_log"}).ended.clean());
    EXPECT_EQ(state("audit_log"), "detached");
    EXPECT_TRUE(has_none(small)) << "fed from the store first";
    for (const pid_t worker : workers("audit_log")) ::kill(worker, SIGCONT);
    ::kill(host, SIGCONT);
    EXPECT_TRUE(is_state("audit_log", "attached")) << status();
    ASSERT_TRUE(client.goes_on());
    EXPECT_TRUE(has_queues(small));
    EXPECT_EQ(workers("user_read_model"), readers);
    expect_complete(client);
    EXPECT_EQ(count("select count(*) from audit_log.audit_log"), count("select count(*) from lantern.events"));
    expect_fresh("audit_log");
}

}  // namespace
}  // namespace lantern::test
