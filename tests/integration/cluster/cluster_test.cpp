// A cluster of three RabbitMQ nodes on this machine: the node that leads the queues is killed under load, and two
// of three are.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/processes/child.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/deliveries.hpp"
#include "host/rabbitmq/publisher.hpp"
#include "tests/support/answered.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::rabbitmq::test {
namespace {

using lantern::test::eventually;
using private_servers::PrivateRabbit;

constexpr int kStreams = 40;
constexpr int kRevisions = 250;
constexpr std::size_t kPage = 100;

class ClusterTest : public ::testing::Test {
protected:
    ClusterTest() {
        for (int number = 0; number < 3; ++number) {
            nodes_.push_back(std::make_unique<PrivateRabbit>(
                PrivateRabbit::Options{.directory = lantern::test::fresh_directory() / "rabbit",
                                       .vhosts = {"lantern"},
                                       .durability = private_servers::Durability::none,
                                       .peer = number == 0 ? nullptr : nodes_[0].get()}));
            nodes_.back()->start();
        }
    }
    ~ClusterTest() override {
        while (!nodes_.empty()) nodes_.pop_back();
    }

    // The addresses of all nodes.
    std::string urls() const {
        std::string urls;
        for (const auto& node : nodes_) urls += (urls.empty() ? "" : ",") + node->url("lantern");
        return urls;
    }
    std::string queues(const PrivateRabbit& asked) {
        return asked
            .control({"list_queues", "-q", "-p", "lantern", "name", "leader", "members", "messages_ready",
                      "messages_unacknowledged", "consumers"})
            .output;
    }
    // Of the first queue.
    PrivateRabbit& leader() {
        const std::string text = queues(*nodes_[0]);
        std::size_t best = std::string::npos;
        PrivateRabbit* found = nullptr;
        for (const auto& node : nodes_) {
            const auto at = text.find(node->name());
            if (at < best) {
                best = at;
                found = node.get();
            }
        }
        EXPECT_NE(found, nullptr) << text;
        return *found;
    }

    std::vector<std::unique_ptr<PrivateRabbit>> nodes_;  // the first one has the epmd
    const TopologyHandler handler_{HandlerName{"read_model"}, 4, QueueType::quorum, {"HAPPENED"}};
};

std::vector<Event> all_events() {
    std::vector<Event> events;
    for (int revision = 1; revision <= kRevisions; ++revision) {
        for (int stream = 1; stream <= kStreams; ++stream) {
            Event event;
            event.position = Position{static_cast<std::int64_t>(events.size()) + 1};
            event.id = Uuid::v7(Timestamp{}, static_cast<std::uint64_t>(event.position.value), 7);
            event.stream = StreamId{stream};
            event.revision = Revision{revision};
            event.aggregate_type = "thing";
            event.aggregate_id = "t" + std::to_string(stream);
            event.type = "HAPPENED";
            event.data = event.metadata = "{}";
            events.push_back(event);
        }
    }
    return events;
}

// As the relay does it: in order, on after what was confirmed.
class Sending {
public:
    Sending(const std::string& urls, const TopologyHandler& handler)
        : publisher_(urls, Uuid::v7(Timestamp{}, 1, 1)) {
        publisher_.route({handler});
    }
    void step() {
        try {
            publisher_.declare_topology();
            const auto page = std::min(kPage, events_.size() - done_);
            done_ += publisher_.publish(std::span(events_).subspan(done_, page));
        } catch (const Fault& fault) {
            ASSERT_TRUE(fault.retryable()) << fault.what();
            ++faults_;
        }
    }
    bool done() const { return done_ == events_.size(); }
    std::size_t confirmed() const { return done_; }
    int faults() const { return faults_; }

private:
    const std::vector<Event> events_ = all_events();
    std::size_t done_ = 0;
    int faults_ = 0;
    Publisher publisher_;
};

// As a worker does it: acknowledges what it noted, and connects anew after a fault.
class Receiving {
public:
    Receiving(const std::string& urls, const TopologyHandler& handler)
        : handler_(handler), deliveries_(urls, handler) {}

    void step() {
        try {
            if (!connected_) connect();
            const auto taken = deliveries_.take(500, 4u << 20, Milliseconds{20});
            for (const auto& delivery : taken) note(delivery);
            if (!taken.empty()) deliveries_.acknowledge_up_to(taken.back().tag);
        } catch (const Fault& fault) {
            ASSERT_TRUE(fault.retryable()) << fault.what();
            deliveries_.disconnect();
            connected_ = false;
            ++faults_;
        }
    }
    bool complete() const {
        return heads_.size() == kStreams && std::all_of(heads_.begin(), heads_.end(), [](const auto& head) {
                   return head.second == Revision{kRevisions};
               });
    }

    std::string text() const {
        std::string text;
        for (const auto& [stream, head] : heads_)
            if (head.value != kRevisions)
                text += std::to_string(stream.value) + " at " + std::to_string(head.value) + ", ";
        return text + std::to_string(faults_) + " faults";
    }

private:
    void connect() {
        deliveries_.declare();
        for (int k = 0; k < handler_.partitions; ++k) deliveries_.subscribe(Partition{k});
        connected_ = true;
    }
    void note(const worker::Delivery& delivery) {
        ASSERT_EQ(delivery.malformed, "");
        Revision& head = heads_[delivery.event.stream];
        ASSERT_LE(delivery.event.revision.value, head.value + 1) << "one was lost, or overtaken";
        head = std::max(head, delivery.event.revision);
    }

    const TopologyHandler handler_;
    Deliveries deliveries_;
    bool connected_ = false;
    int faults_ = 0;
    std::map<StreamId, Revision> heads_;
};

TEST_F(ClusterTest, TheLeaderOfTheQueuesIsKilledUnderLoadAndNothingIsLostOrReordered) {
    Sending sending(urls(), handler_);
    Receiving receiving(urls(), handler_);
    ASSERT_TRUE(eventually([&] {
        sending.step();
        receiving.step();
        return sending.confirmed() >= 10 * kPage;
    }));
    const std::string before = queues(*nodes_[0]);
    for (const auto& node : nodes_)
        EXPECT_NE(before.find(node->name()), std::string::npos) << "a queue has a member on each node\n" << before;
    PrivateRabbit& victim = leader();
    ASSERT_FALSE(sending.done());
    victim.kill();
    EXPECT_TRUE(eventually(
        [&] {
            sending.step();
            receiving.step();
            return sending.done() && receiving.complete();
        },
        std::chrono::minutes(4)))
        << sending.confirmed() << " confirmed, " << sending.faults() << " faults; " << receiving.text() << "\n"
        << queues(&victim == nodes_[0].get() ? *nodes_[1] : *nodes_[0]);
    EXPECT_FALSE(victim.running());
}

class DoctorOfClusterTest : public ClusterTest {
protected:
    DoctorOfClusterTest() {
        std::ofstream(config_ / "routing.yaml")
            << "version: 1\nevents: {HAPPENED: [read_model]}\nhandlers: {read_model: {queue_type: quorum}}\n";
        std::ofstream(config_ / "lantern.yaml") << "version: 1\n";
    }
    struct Said {
        std::string level, found, remedy;
    };
    Said of_queues() const {
        const auto finished =
            processes::run({.argv = {LANTERN_BINARY, "doctor", "-o", "json", "--config", config_.string()},
                            .environment = {{"LANTERN_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/x"},
                                            {"LANTERN_AMQP_URL", urls()},
                                            {"LANTERN_CACHE_DIR", (config_ / "cache").string()}}},
                           std::chrono::minutes(4));
        const auto document = boost::json::parse(finished.output);
        for (const auto& one : document.at("findings").as_array()) {
            const auto text = [&](const char* member) { return std::string(one.at(member).as_string()); };
            if (text("subject").ends_with("queues of read_model"))
                return {text("level"), text("found"), text("remedy")};
        }
        return {"", finished.output, ""};
    }
    bool is(const std::string& level) {
        return eventually([&] { return (said_ = of_queues()).level == level; }, std::chrono::minutes(5));
    }

    const std::filesystem::path config_ = lantern::test::fresh_directory();
    Said said_;
};

TEST_F(DoctorOfClusterTest, QueuesWithoutALeaderAreNamedWithTheRemedyUntilTheirNodesAreBack) {
    // A queue is led by the node that it was declared at: half of them by one that dies, the others by the one that
    // stays and is no majority.
    const auto declare_at = [&](std::size_t node) {
        Listener listener;
        Connection connection(parse_address(nodes_[node]->url("lantern")), "test", listener);
        Topology topology(connection);
        topology.declare_exchange();
        if (node == 0) topology.declare(handler_);
        for (const int k : {0, 1}) topology.declare_queue(handler_, Partition{k});
    };
    for (const std::size_t node : {1u, 0u}) ASSERT_TRUE(lantern::test::answered([&] { declare_at(node); }));
    EXPECT_TRUE(is("ok")) << said_.found;
    for (const int node : {1, 2}) nodes_[static_cast<std::size_t>(node)]->kill();
    ASSERT_TRUE(is("problem")) << said_.found;
    EXPECT_THAT(said_.found, ::testing::StartsWith("4 of 4 have no leader, and deliver nothing: "));
    EXPECT_THAT(said_.remedy, ::testing::StartsWith("start the broker's missing nodes"));
    for (const int node : {1, 2}) nodes_[static_cast<std::size_t>(node)]->start();
    EXPECT_TRUE(is("ok")) << said_.found;
}

}  // namespace
}  // namespace lantern::rabbitmq::test
