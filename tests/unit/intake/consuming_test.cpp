#include "host/intake/consuming.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <deque>

#include "tests/unit/intake/fakes.hpp"

namespace lantern::intake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A broker with one queue: what is not acknowledged before a disconnect comes again.
class FakeQueue final : public Queue {
public:
    static constexpr std::size_t kBytesMax = 1000;             // of what is held
    std::deque<Message> lying;                                 // in the queue
    std::vector<Message> given;                                // not acknowledged
    std::vector<std::pair<std::string, std::string>> refused;  // body, problem
    int acknowledgements = 0;
    std::size_t most = 0;  // that was asked for at once
    bool down = false, refuses_nothing = false;

    void put(const std::string& body) {
        Message message;
        message.content_type = "application/cloudevents+json";
        message.body = body;
        lying.push_back(message);
    }
    std::vector<Message> take(std::size_t max, Milliseconds) override {
        check();
        most = std::max(most, max);
        std::vector<Message> taken;
        for (; !lying.empty() && taken.size() < max; lying.pop_front()) {
            taken.push_back(lying.front());
            taken.back().tag = ++tag_;
            given.push_back(taken.back());
            if (taken.back().body.size() <= kBytesMax) continue;
            refused.emplace_back(std::move(taken.back().body), command::to_json(too_large(kBytesMax)));
            taken.back().body.clear();
            taken.back().lies_aside = true;
        }
        return taken;
    }
    void refuse(const Message& message, const std::string& problem) override {
        check();
        if (refuses_nothing) throw Fault(FaultKind::outage, "rabbitmq", "refused messages are not taken");
        refused.emplace_back(message.body, problem);
    }
    void acknowledge_up_to(std::uint64_t tag) override {
        check();
        ++acknowledgements;
        std::erase_if(given, [&](const auto& message) { return message.tag <= tag; });
    }
    void service() override { check(); }
    void disconnect() override {
        lying.insert(lying.begin(), given.begin(), given.end());
        given.clear();
    }

private:
    void check() const {
        if (down) throw Fault(FaultKind::outage, "rabbitmq", "away");
    }
    std::uint64_t tag_ = 0;
};

class ConsumingTest : public testing::Test {
protected:
    static std::string event(const std::string& id, const std::string& subject = "order/7",
                             const std::string& more = {}) {
        return R"({"specversion":"1.0","source":"shop","id":")" + id + R"(","type":"PLACED","subject":")" +
               subject + "\"" + more + R"(,"data":{}})";
    }
    Consuming::Turn turn() { return consuming.turn(Milliseconds{0}); }
    std::size_t events(const std::string& stream = "order/7") { return store.streams[stream].size(); }

    IntakeSettings settings;
    std::set<std::string> owned;
    command::Aggregates aggregates;
    command::fakes::MemoryStore store;
    fakes::MemoryArrivals arrivals{store};
    command::fakes::MemoryHeads heads;
    command::fakes::NotedCalls calls;
    SystemClock clock;
    SystemRandom random;
    FakeQueue queue;
    std::string defect_at, flawed;  // ids of events
    Intake intake{{settings, owned, aggregates, [](const std::string&, int) { return true; },
                   [this](const Arrival& event) {
                       if (event.id == defect_at) throw std::runtime_error("as no one thought");
                       if (event.id != flawed) return std::vector<command::Rejection>{};
                       return std::vector<command::Rejection>{
                           {command::RejectionKind::invalid, "valid_n", "n", "is required", "/n"}};
                   },
                   heads, clock, &calls}};
    Consuming consuming{{intake,
                         {arrivals, [this]() -> command::Store& { return store; }, random},
                         queue,
                         "lantern.intake",
                         FakeQueue::kBytesMax}};
};

TEST_F(ConsumingTest, WhatHasArrivedIsAppendedAtOnceAndThenAcknowledged) {
    for (const auto* id : {"1", "2", "3"}) queue.put(event(id));
    const auto done = turn();
    EXPECT_EQ(done.appended, 3u);
    EXPECT_EQ(arrivals.appends, 1);
    EXPECT_EQ(events(), 3u);
    EXPECT_THAT(queue.given, IsEmpty());
    const auto metadata = boost::json::parse(store.streams["order/7"].front().metadata);
    EXPECT_EQ(metadata.at("actor").at("id"), "queue:lantern.intake");
}

TEST_F(ConsumingTest, LargeMessagesAreFewInHand) {
    constexpr std::size_t kMiB = 1u << 20;
    EXPECT_EQ(in_hand_max(1000), limits::kIntakePrefetch);
    EXPECT_EQ(in_hand_max(kMiB), 64);
    EXPECT_EQ(in_hand_max(32 * kMiB), 2);
    EXPECT_EQ(in_hand_max(65 * kMiB), 1) << "never none";
    EXPECT_EQ(in_hand_max(0), limits::kIntakePrefetch);
    Consuming large{{intake,
                     {arrivals, [this]() -> command::Store& { return store; }, random},
                     queue,
                     "lantern.intake",
                     32 * kMiB}};
    for (const auto* id : {"1", "2", "3"}) queue.put(event(id));
    EXPECT_EQ(large.turn(Milliseconds{0}).appended, 2u);
    EXPECT_EQ(queue.most, 2u);
    EXPECT_EQ(large.turn(Milliseconds{0}).appended, 1u);
}

TEST_F(ConsumingTest, TheBinaryModeAndTheUserThatTheBrokerKnows) {
    Message message;
    message.content_type = "application/json";
    message.user = "shop-writer";
    message.body = "7";
    for (const auto* name : {"specversion", "source", "id", "type", "subject"})
        message.headers.emplace_back(std::string("cloudEvents:") + name,
                                     std::map<std::string, std::string>{{"specversion", "1.0"},
                                                                        {"source", "shop"},
                                                                        {"id", "1"},
                                                                        {"type", "PLACED"},
                                                                        {"subject", "order/7"}}[name]);
    queue.lying.push_back(message);
    EXPECT_EQ(turn().appended, 1u);
    EXPECT_EQ(store.streams["order/7"].front().data, "7");
    EXPECT_THAT(store.streams["order/7"].front().metadata, HasSubstr("queue:shop-writer"));
}

TEST_F(ConsumingTest, BadMessagesAreLaidAsideAndHoldBackNoOther) {
    queue.put("no json");
    queue.put(event("1"));
    queue.put(std::string(1001, 'x'));
    queue.put(event("2", "order/7", R"(,"revision":9)"));
    queue.put(event("1", "order/8"));
    queue.put(event("3"));
    const auto done = turn();
    EXPECT_EQ(done.appended, 2u);
    EXPECT_EQ(done.refused, 4u);
    EXPECT_EQ(done.last_refusal, "/id: Another event came with this source and id before.");
    EXPECT_EQ(events(), 2u);
    EXPECT_THAT(queue.given, IsEmpty());
    std::vector<std::int64_t> statuses;
    for (const auto& [body, problem] : queue.refused)
        statuses.push_back(boost::json::parse(problem).at("status").as_int64());
    EXPECT_THAT(statuses, ElementsAre(413, 400, 412, 409)) << "what is too large lies there before it is given";
}

TEST_F(ConsumingTest, AnOutageOfTheStoreAcknowledgesNothingAndNothingIsLaidAsideTwice) {
    queue.put("no json");
    queue.put(event("1"));
    for (const auto kind : {FaultKind::outage, FaultKind::in_doubt}) {
        arrivals.fault = {1, kind};
        const auto waits = turn();
        EXPECT_FALSE(waits.trouble.empty());
        EXPECT_EQ(queue.acknowledgements, 0);
    }
    const auto done = turn();
    EXPECT_EQ(done.trouble, "");
    EXPECT_EQ(done.known, 1u) << "the append in doubt had been done";
    EXPECT_EQ(events(), 1u);
    EXPECT_EQ(queue.refused.size(), 1u);
    EXPECT_THAT(queue.given, IsEmpty());
}

TEST_F(ConsumingTest, WhatWasTooLargeToBeHeldIsToldOnceAndAcknowledgedWithTheRest) {
    queue.put(event("1"));
    queue.put(std::string(1001, 'x'));
    arrivals.fault = {1, FaultKind::outage};
    const auto waits = turn();
    EXPECT_FALSE(waits.trouble.empty());
    EXPECT_EQ(waits.refused, 1u);
    EXPECT_EQ(waits.last_refusal, "At most 1000 bytes are taken.");
    const auto done = turn();
    EXPECT_EQ(done.appended, 1u);
    EXPECT_EQ(done.refused, 0u);
    EXPECT_EQ(queue.refused.size(), 1u);
    EXPECT_THAT(queue.given, IsEmpty());
}

TEST_F(ConsumingTest, WhatItsSchemaRefusesWaitsWhileNobodyCanTellWhetherItIsKnown) {
    queue.put(event("1"));
    EXPECT_EQ(turn().appended, 1u);
    flawed = "1";
    queue.put(event("1"));
    arrivals.away = true;
    EXPECT_FALSE(turn().trouble.empty());
    EXPECT_THAT(queue.refused, IsEmpty());
    arrivals.away = false;
    EXPECT_EQ(turn().known, 1u);
    EXPECT_THAT(queue.refused, IsEmpty());
    EXPECT_THAT(queue.given, IsEmpty());
}

TEST_F(ConsumingTest, AnOutageOfTheBrokerLetsItComeAgain) {
    queue.put(event("1"));
    queue.put("no json");
    queue.refuses_nothing = true;
    EXPECT_FALSE(turn().trouble.empty());
    EXPECT_EQ(events(), 0u);
    EXPECT_EQ(queue.lying.size(), 2u) << "comes again";
    queue.refuses_nothing = false;
    EXPECT_EQ(turn().appended, 1u);
    queue.put(event("2"));
    queue.down = true;
    EXPECT_FALSE(turn().trouble.empty());
    queue.down = false;
    EXPECT_EQ(turn().appended, 1u);
    EXPECT_EQ(queue.refused.size(), 1u);
}

TEST_F(ConsumingTest, AnAggregateThatIsNotLoadedIsWaitedFor) {
    settings.into_aggregates = {"account"};
    owned = {"account"};
    queue.put(event("1"));
    queue.put(event("2", "account/7"));
    EXPECT_THAT(turn().trouble, HasSubstr("No plugin for the aggregate type account is loaded"));
    EXPECT_THAT(queue.refused, IsEmpty());
    EXPECT_EQ(queue.acknowledgements, 0);
    aggregates["account"] = {std::make_shared<command::fakes::Account>(),
                             std::make_shared<command::fakes::NoUpcasts>()};
    const auto done = turn();
    EXPECT_EQ(done.trouble, "");
    EXPECT_EQ(done.appended, 1u);
    EXPECT_EQ(done.known, 1u);
}

TEST_F(ConsumingTest, WhatProcessesDiedOfTooOftenIsLaidAside) {
    settings.into_aggregates = {"account"};
    owned = {"account"};
    aggregates["account"] = {std::make_shared<command::fakes::Account>(),
                             std::make_shared<command::fakes::NoUpcasts>()};
    calls.blocked_commands = {"intake"};
    queue.put(event("1", "account/7"));
    queue.put(event("2"));
    const auto done = turn();
    EXPECT_EQ(done.trouble, "");
    EXPECT_EQ(done.appended, 1u);
    ASSERT_EQ(queue.refused.size(), 1u);
    EXPECT_THAT(queue.refused[0].second, HasSubstr("command-blocked"));
    EXPECT_THAT(queue.given, IsEmpty());
}

TEST_F(ConsumingTest, ADefectLaysAsideTheMessageThatMetIt) {
    defect_at = "2";
    for (const auto* id : {"1", "2", "3"}) queue.put(event(id));
    const auto done = turn();
    EXPECT_EQ(done.appended, 2u);
    ASSERT_EQ(queue.refused.size(), 1u);
    EXPECT_THAT(queue.refused[0].second, HasSubstr("as no one thought"));
    EXPECT_THAT(queue.given, IsEmpty());
}

TEST_F(ConsumingTest, DataThatTheStoreRefusesIsLaidAsideAlone) {
    queue.put(event("1"));
    queue.put(event("2", "order/8"));
    arrivals.fault = {1, FaultKind::data};
    const auto both = turn();
    EXPECT_EQ(both.appended, 2u) << "one by one";
    queue.put(event("3"));
    arrivals.fault = {1, FaultKind::data};
    EXPECT_EQ(turn().refused, 1u);
    EXPECT_THAT(queue.refused.at(0).second, HasSubstr("refused-by-store"));
}

}  // namespace
}  // namespace lantern::intake
