// What the tests of the relay share: a store that many connections append to at once, and a handler's queues as
// witness of what was published, in which order.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "host/core/clock.hpp"
#include "host/postgres/migrate.hpp"
#include "host/postgres/store/store.hpp"
#include "host/rabbitmq/deliveries.hpp"
#include "tests/support/answered.hpp"
#include "tests/support/servers.hpp"

namespace lantern::relay::test {

class RelayTest : public ::testing::Test {
protected:
    static constexpr int kWriters = 6;
    static constexpr int kAppendsEach = 150;
    static constexpr int kStreams = 9;

    RelayTest() { postgres::migrate(store_url_); }

    void append_concurrently() {
        writing_ += kWriters;
        for (int writer = 0; writer < kWriters; ++writer) {
            writers_.emplace_back([this, writer] {
                postgres::Store store(store_url_);
                SystemRandom random(static_cast<std::uint64_t>(writer) + 1);
                for (int i = 0; i < kAppendsEach; ++i) {
                    command::Append append;
                    append.aggregate_type = "user";
                    append.aggregate_id = "u" + std::to_string(random.next() % kStreams);
                    const auto events = 1 + random.next() % 3;
                    for (std::uint64_t n = 0; n < events; ++n) {
                        const Uuid id = Uuid::v7(SystemClock{}.now(), random.next(), random.next());
                        append.events.push_back({id, "USER_UPDATED", 1, R"({"n":1})", "{}"});
                    }
                    ASSERT_TRUE(store.append(append).has_value());
                    appended_ += static_cast<int>(events);
                }
                --writing_;
            });
        }
    }

    // Takes until all that was appended has come; checks order.
    void expect_all_to_arrive() {
        rabbitmq::Deliveries deliveries(broker_url_, handler_);
        ASSERT_TRUE(lantern::test::answered([&] {
            deliveries.disconnect();
            deliveries.declare();
            for (int k = 0; k < handler_.partitions; ++k) deliveries.subscribe(Partition{k});
        }));
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{180};
        std::set<EventId> arrived;
        std::map<StreamId, Revision> heads;
        while ((!all_written() || arrived.size() < static_cast<std::size_t>(appended_)) &&
               std::chrono::steady_clock::now() < deadline) {
            const auto taken = deliveries.take(500, 4u << 20, Milliseconds{1000});
            for (const auto& delivery : taken) {
                ASSERT_EQ(delivery.malformed, "");
                Revision& head = heads[delivery.event.stream];
                ASSERT_LE(delivery.event.revision.value, head.value + 1) << "a revision overtook another";
                head = std::max(head, delivery.event.revision);
                arrived.insert(delivery.event.id);
            }
            if (!taken.empty()) deliveries.acknowledge_up_to(taken.back().tag);
        }
        EXPECT_EQ(arrived.size(), static_cast<std::size_t>(appended_));
    }

    bool all_written() const { return writing_ == 0; }
    void TearDown() override {
        for (auto& writer : writers_) writer.join();
    }

    const std::string store_url_ = lantern::test::fresh_database();
    std::string broker_url_ = lantern::test::fresh_vhost();
    const rabbitmq::TopologyHandler handler_{HandlerName{"read_model"}, 4, QueueType::quorum, {"USER_UPDATED"}};
    std::atomic<int> appended_{0};
    std::atomic<int> writing_{0};
    std::vector<std::thread> writers_;
};

}  // namespace lantern::relay::test
