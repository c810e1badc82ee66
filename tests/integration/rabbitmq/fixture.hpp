// A vhost of its own, one handler, events to publish, and the raw protocol for what no port offers.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/deliveries.hpp"
#include "host/rabbitmq/publisher.hpp"
#include "tests/support/answered.hpp"
#include "tests/support/servers.hpp"

namespace lantern::rabbitmq::test {

inline const Uuid kIncarnation = *Uuid::parse("0198c5a1-0000-7000-8000-000000000001");

inline TopologyHandler read_model(std::vector<std::string> types = {"USER_CREATED", "USER_UPDATED"}) {
    return {HandlerName{"read_model"}, 4, QueueType::quorum, std::move(types)};
}

inline Event event_of(std::int64_t stream, std::int64_t revision, std::string type = "USER_CREATED") {
    static SystemRandom random(1);
    static std::int64_t position = 0;
    Event event;
    event.id = Uuid::v7(SystemClock{}.now(), random.next(), random.next());
    event.stream = StreamId{stream};
    event.revision = Revision{revision};
    event.position = Position{++position};
    event.aggregate_type = "user";
    event.aggregate_id = "user-" + std::to_string(stream);
    event.type = std::move(type);
    event.recorded_at = SystemClock{}.now();
    event.data = R"({"username":"sarah"})";
    event.metadata = "{}";
    return event;
}

class BrokerTest : public ::testing::Test {
protected:
    static constexpr Milliseconds kSoon{120'000};

    std::unique_ptr<Publisher> publisher_for(std::vector<TopologyHandler> handlers) {
        auto publisher = std::make_unique<Publisher>(url_, kIncarnation);
        publisher->route(std::move(handlers));
        declare(*publisher);
        return publisher;
    }
    std::unique_ptr<Deliveries> deliveries_for(const TopologyHandler& handler, std::uint16_t prefetch = 1000) {
        auto deliveries = std::make_unique<Deliveries>(url_, handler, prefetch);
        connect(*deliveries, handler);
        return deliveries;
    }

    static void declare(Publisher& publisher) {
        EXPECT_TRUE(lantern::test::answered([&] { publisher.declare_topology(); }));
    }
    static void connect(Deliveries& deliveries, const TopologyHandler& handler) {
        EXPECT_TRUE(lantern::test::answered([&] {
            deliveries.disconnect();
            deliveries.declare();
            for (int k = 0; k < handler.partitions; ++k) deliveries.subscribe(Partition{k});
        }));
    }

    // Until `count` have come or the deadline has passed.
    static std::vector<worker::Delivery> take(Deliveries& from, std::size_t count) {
        std::vector<worker::Delivery> all;
        const auto deadline = std::chrono::steady_clock::now() + kSoon;
        while (all.size() < count && std::chrono::steady_clock::now() < deadline) {
            for (auto& one : from.take(count - all.size(), 64u << 20, Milliseconds{1000})) {
                all.push_back(std::move(one));
            }
        }
        return all;
    }

    // Runs until it throws; the Fault. Anything else fails the test.
    template <class Work>
    static Fault fault_of(Work work) {
        const auto deadline = std::chrono::steady_clock::now() + kSoon;
        try {
            do {
                work();
            } while (std::chrono::steady_clock::now() < deadline);
        } catch (const Fault& fault) {
            return fault;
        }
        ADD_FAILURE() << "no fault came";
        return Fault(FaultKind::data, "test", "none");
    }

    void delete_queue(const std::string& queue) {
        ask([&](Connection& connection) {
            amqp_queue_delete_t method{};
            method.queue = bytes(queue);
            connection.call(1, AMQP_QUEUE_DELETE_METHOD, &method, AMQP_QUEUE_DELETE_OK_METHOD);
        });
    }
    void delete_exchange() {
        ask([&](Connection& connection) {
            amqp_exchange_delete_t method{};
            method.exchange = amqp_cstring_bytes(kExchange);
            connection.call(1, AMQP_EXCHANGE_DELETE_METHOD, &method, AMQP_EXCHANGE_DELETE_OK_METHOD);
        });
    }
    void declare_plain_queue(const std::string& queue) {
        ask([&](Connection& connection) {
            amqp_queue_declare_t method{};
            method.queue = bytes(queue);
            method.durable = 1;
            connection.call(1, AMQP_QUEUE_DECLARE_METHOD, &method, AMQP_QUEUE_DECLARE_OK_METHOD);
        });
    }

    Listener quiet_;
    const std::string url_ = lantern::test::fresh_vhost();

private:
    // On channel 1 of a connection of its own.
    template <class Question>
    void ask(Question question) {
        ASSERT_TRUE(lantern::test::answered([&] {
            Connection connection(parse_address(url_), "test", quiet_);
            connection.open_channel(1);
            question(connection);
        }));
    }
};

}  // namespace lantern::rabbitmq::test
