// The two sides of each port of the relay: in memory, and on real servers. A contract asks both the same.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "host/command/ports.hpp"
#include "host/core/clock.hpp"
#include "host/postgres/delivery/leadership.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/postgres/migrate.hpp"
#include "host/postgres/store/store.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/publisher.hpp"
#include "tests/support/answered.hpp"
#include "tests/support/servers.hpp"
#include "tests/unit/relay/fakes.hpp"

namespace lantern::relay::test {

enum class Side { fake, real };

inline std::string side_name(const ::testing::TestParamInfo<Side>& side) {
    return side.param == Side::fake ? "fake" : "real";
}

// A store to which the test appends.
class StoreSide {
public:
    virtual ~StoreSide() = default;
    virtual Source& source() = 0;
    virtual void append(std::int64_t stream, int count) = 0;
    // Another process's view of the relay's row.
    virtual std::unique_ptr<Leadership> leadership(int process) = 0;
};

class FakeStoreSide final : public StoreSide {
public:
    Source& source() override { return store_; }
    void append(std::int64_t stream, int count) override { store_.append(stream, count); }
    std::unique_ptr<Leadership> leadership(int process) override {
        return std::make_unique<FakeLeadership>(process, row_, store_, broker_, clock_, faults_);
    }

private:
    Faults faults_;
    FakeClock clock_;
    FakeStore store_{faults_};
    FakeBroker broker_{faults_};
    RelayRow row_;
};

class PostgresSide final : public StoreSide {
public:
    PostgresSide() : url_(lantern::test::fresh_database()), migrated_(postgres::migrate(url_)) {}
    Source& source() override { return source_; }
    void append(std::int64_t stream, int count) override {
        command::Append append;
        append.aggregate_type = "user";
        append.aggregate_id = "user-" + std::to_string(stream);
        for (int i = 0; i < count; ++i) {
            const Uuid id = Uuid::v7(SystemClock{}.now(), random_.next(), random_.next());
            append.events.push_back({id, "HAPPENED", 1, "{}", "{}"});
        }
        ASSERT_TRUE(store_.append(append).has_value());
    }
    std::unique_ptr<Leadership> leadership(int process) override {
        const auto number = static_cast<std::uint64_t>(process);
        return std::make_unique<postgres::Leadership>(url_, Uuid::v7(Timestamp{}, number, number));
    }

private:
    const std::string url_;
    const std::vector<std::string> migrated_;
    SystemRandom random_;
    postgres::Source source_{url_};
    postgres::Store store_{url_};
};

inline std::unique_ptr<StoreSide> store_of(Side side) {
    if (side == Side::fake) return std::make_unique<FakeStoreSide>();
    return std::make_unique<PostgresSide>();
}

// A broker in which events of type HAPPENED have a route.
class BrokerSide {
public:
    virtual ~BrokerSide() = default;
    virtual Publisher& publisher() = 0;
    virtual void lose_topology() = 0;
};

class FakeBrokerSide final : public BrokerSide {
public:
    Publisher& publisher() override { return broker_; }
    void lose_topology() override { broker_.lose_topology(); }

private:
    Faults faults_;
    FakeBroker broker_{faults_};
};

class RabbitSide final : public BrokerSide {
public:
    RabbitSide() { publisher_.route({handler_}); }
    Publisher& publisher() override { return publisher_; }
    void lose_topology() override {
        ASSERT_TRUE(lantern::test::answered([&] { delete_queues(); }));
    }

private:
    void delete_queues() {
        rabbitmq::Listener quiet;
        rabbitmq::Connection connection(rabbitmq::parse_address(url_), "test", quiet);
        connection.open_channel(1);
        for (int k = 0; k < handler_.partitions; ++k) {
            const std::string queue = rabbitmq::queue_name(handler_, Partition{k});
            amqp_queue_delete_t method{};
            method.queue = rabbitmq::bytes(queue);
            connection.call(1, AMQP_QUEUE_DELETE_METHOD, &method, AMQP_QUEUE_DELETE_OK_METHOD);
        }
    }

    const std::string url_ = lantern::test::fresh_vhost();
    const rabbitmq::TopologyHandler handler_{HandlerName{"read_model"}, 2, QueueType::quorum, {"HAPPENED"}};
    rabbitmq::Publisher publisher_{url_, Uuid::v7(Timestamp{}, 1, 1)};
};

inline std::unique_ptr<BrokerSide> broker_of(Side side) {
    if (side == Side::fake) return std::make_unique<FakeBrokerSide>();
    return std::make_unique<RabbitSide>();
}

}  // namespace lantern::relay::test
