// The queue of events from outside: the adapter on a real broker.
#include "tests/integration/intake/intake_fixture.hpp"

namespace lantern::rabbitmq {
namespace {

using testing::IsEmpty;

TEST_F(IntakeQueueTest, WhatIsNotAcknowledgedComesAgainAndWhatIsRefusedLiesAsItWas) {
    IntakeQueue first(url_, kQueue);
    EXPECT_THAT(first.take(1, Milliseconds{0}), IsEmpty());
    Producer producer(url_);
    producer.put("one", {{"cloudEvents:id", "1"}}, "application/json");
    producer.put("two");
    auto taken = take(first, 2);
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_EQ(taken[0].body, "one");
    EXPECT_EQ(taken[0].content_type, "application/json");
    first.refuse(taken[0], R"({"status":400})");
    first.acknowledge_up_to(taken[0].tag);
    first.disconnect();

    IntakeQueue second(url_, kQueue);
    taken = take(second, 1);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0].body, "two");
    EXPECT_TRUE(test::eventually([&] { return second.depth().refused == 1; }));

    IntakeQueue aside(url_, refused_queue(kQueue));
    taken = take(aside, 1);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0].body, "one");
    EXPECT_EQ(taken[0].content_type, "application/json");
    EXPECT_THAT(taken[0].headers,
                testing::UnorderedElementsAre(testing::Pair("cloudEvents:id", "1"),
                                              testing::Pair("lantern_refused", R"({"status":400})")));
}

TEST_F(IntakeQueueTest, WhatIsRefusedIsNotLostWithTheQueueForIt) {
    IntakeQueue queue(url_, kQueue, {.body_bytes_max = 1000, .too_large = "{}"});
    queue.depth();
    Producer producer(url_);
    producer.put("bad");
    auto taken = take(queue, 1);
    ASSERT_EQ(taken.size(), 1u);
    producer.remove(refused_queue(kQueue));
    EXPECT_THROW(queue.refuse(taken[0], "{}"), Fault);
    queue.disconnect();
    taken = take(queue, 1);
    ASSERT_EQ(taken.size(), 1u) << "it comes again";
    queue.refuse(taken[0], "{}");
    queue.acknowledge_up_to(taken[0].tag);
    EXPECT_TRUE(test::eventually([&] { return queue.depth().refused == 1; }));

    producer.remove(refused_queue(kQueue));
    producer.put(std::string(1001, 'x'));
    EXPECT_THROW(take(queue, 1), Fault);
    queue.disconnect();
    taken = take(queue, 1);
    ASSERT_EQ(taken.size(), 1u) << "it comes again";
    EXPECT_TRUE(taken[0].lies_aside);
    queue.acknowledge_up_to(taken[0].tag);
    EXPECT_TRUE(test::eventually([&] { return queue.depth().refused == 1; }));
}

TEST_F(IntakeQueueTest, TheBrokerGivesNoMoreThanMayBeInHand) {
    IntakeQueue queue(url_, kQueue, {.in_hand_max = 2});
    queue.depth();  // declares
    Producer producer(url_);
    for (const char* body : {"one", "two", "three", "four", "five"}) producer.put(body);
    const auto taken = take(queue, 2);
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_TRUE(test::eventually([&] { return queue.depth().waiting == 3; })) << queue.depth().waiting;
    EXPECT_THAT(queue.take(100, Milliseconds{200}), IsEmpty());
    queue.refuse(taken[0], "{}");
    queue.refuse(taken[1], "{}");
    queue.acknowledge_up_to(taken[1].tag);
    EXPECT_EQ(take(queue, 2).at(1).body, "four");
    EXPECT_TRUE(test::eventually([&] { return queue.depth().refused == 2; }));
    queue.disconnect();
    // All that are refused are seen and put back, though they are more than may be in hand.
    const IntakeQueue one(url_, kQueue, {.in_hand_max = 1});
    std::string seen;
    EXPECT_EQ(one.see_refused(100, [&](const intake::Message& message) { seen += message.body + " "; }), 2u);
    EXPECT_EQ(seen, "one two ");
    std::size_t back = 0;  // once the broker has them again from who saw them
    EXPECT_TRUE(test::eventually([&] { return (back += one.put_back(100)) == 2; })) << back;
}

// Each frame of it differs from the others.
std::string large_body(std::size_t bytes) {
    std::string body;
    for (std::size_t n = 0; body.size() < bytes; ++n) body += std::to_string(n) + " ";
    return body;
}

TEST_F(IntakeQueueTest, WhatIsTooLargeToBeHeldLiesAsideWhole) {
    IntakeQueue queue(url_, kQueue, {.in_hand_max = 10, .body_bytes_max = 1000, .too_large = R"({"status":413})"});
    queue.depth();  // declares
    const auto large = large_body(20'000'000);
    Producer producer(url_);
    producer.put("bad");
    producer.put("worse");
    producer.put(large, {{"cloudEvents:id", "1"}}, "application/json");
    producer.put(std::string(1001, 'x'));
    producer.put(std::string(1000, 'y'));
    // One by one, so that others are refused while the large one is on its way.
    std::vector<intake::Message> taken;
    const auto take_next = [&] {
        for (auto& message : queue.take(1, Milliseconds{200})) taken.push_back(std::move(message));
        return !taken.empty() && taken.back().body.size() == 1000;
    };
    ASSERT_TRUE(test::eventually([&] {
        const auto before = taken.size();
        const bool last = take_next();
        if (taken.size() > before && taken.size() < 3) queue.refuse(taken.back(), "{}");
        return last;
    }));
    ASSERT_EQ(taken.size(), 5u);
    for (const auto place : {2u, 3u}) {
        EXPECT_TRUE(taken[place].lies_aside);
        EXPECT_EQ(taken[place].body, "");
    }
    EXPECT_FALSE(taken[4].lies_aside);
    queue.acknowledge_up_to(taken[3].tag);
    EXPECT_TRUE(test::eventually([&] { return queue.depth().refused == 4; }));
    queue.disconnect();

    IntakeQueue aside(url_, refused_queue(kQueue));
    std::map<std::string, intake::Message> lying;
    for (auto& message : take(aside, 4)) lying[message.body.substr(0, 4)] = message;
    const auto& whole = lying[large.substr(0, 4)];
    EXPECT_TRUE(whole.body == large) << whole.body.size() << " of " << large.size() << " bytes";
    EXPECT_EQ(whole.content_type, "application/json");
    EXPECT_THAT(whole.headers,
                testing::UnorderedElementsAre(testing::Pair("cloudEvents:id", "1"),
                                              testing::Pair("lantern_refused", R"({"status":413})")));
    EXPECT_EQ(lying["xxxx"].body, std::string(1001, 'x'));
    EXPECT_EQ(lying.size(), 4u);
    aside.disconnect();

    // Back into the queue it comes whole as well.
    std::size_t back = 0;  // once the broker has them again from who saw them
    EXPECT_TRUE(test::eventually([&] { return (back += queue.put_back(100)) == 4; })) << back;
    IntakeQueue again(url_, kQueue);
    bool found = false;
    for (const auto& message : take(again, 5)) found = found || message.body == large;
    EXPECT_TRUE(found);
}

}  // namespace
}  // namespace lantern::rabbitmq
