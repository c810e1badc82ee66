// The queue of events from outside: the adapter on a real broker, and `lantern intake` as a process that is killed.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>

#include "host/core/fault.hpp"
#include "host/postgres/migrate.hpp"
#include "host/postgres/operate/intake_status.hpp"
#include "host/postgres/store/store.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/processes/child.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/intake_queue.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::rabbitmq {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kQueue = "lantern.intake";
constexpr std::string_view kJson = "application/cloudevents+json";

class Producer {
public:
    explicit Producer(const std::string& url) : connection_(parse_address(url), "producer", quiet_) {
        connection_.open_channel(1);
    }
    void put(const std::string& body, std::vector<std::pair<std::string, std::string>> headers = {},
             std::string_view type = kJson) {
        std::vector<amqp_table_entry_t> entries;
        for (const auto& [name, value] : headers) {
            auto& entry = entries.emplace_back();
            entry.key = bytes(name);
            entry.value.kind = AMQP_FIELD_KIND_UTF8;
            entry.value.value.bytes = bytes(value);
        }
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
        properties.content_type = bytes(type);
        properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
        properties.headers = {static_cast<int>(entries.size()), entries.data()};
        connection_.publish(1, kQueue, properties, body);
    }
    void remove(const std::string& queue) {
        amqp_queue_delete_t removal{};
        removal.queue = bytes(queue);
        connection_.call(1, AMQP_QUEUE_DELETE_METHOD, &removal, AMQP_QUEUE_DELETE_OK_METHOD);
    }

private:
    Listener quiet_;
    Connection connection_;
};

std::string event(int id, const std::string& subject, const std::string& type = "STOCK_COUNTED",
                  const std::string& data = R"({"pieces":3})") {
    return R"({"specversion":"1.0","source":"shop","id":")" + std::to_string(id) + R"(","type":")" + type +
           R"(","subject":")" + subject + R"(","data":)" + data + "}";
}

class IntakeQueueTest : public testing::Test {
protected:
    std::vector<intake::Message> take(IntakeQueue& queue, std::size_t count) {
        std::vector<intake::Message> all;
        test::eventually([&] {
            for (auto& message : queue.take(100, Milliseconds{200})) all.push_back(std::move(message));
            return all.size() >= count;
        });
        return all;
    }

    const std::string url_ = test::fresh_vhost();
};

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

class IntakeProcessTest : public IntakeQueueTest {
protected:
    IntakeProcessTest() {
        postgres::migrate(database_);
        std::ofstream(schemas_ / "STOCK_COUNTED.1.json")
            << R"({"type": "object", "required": ["pieces"], "properties": {"pieces": {"type": "integer"}}})";
        std::ofstream(directory_ / "lantern.yaml")
            << "version: 1\npostgres: {url: \"" << database_ << "\"}\namqp: {url: \"" << url_
            << "\"}\nschemas: {directory: schemas}\n";
    }

    // What was freed counts as memory for long otherwise.
    static std::string sanitizer_options() {
        const char* given = std::getenv("ASAN_OPTIONS");
        return (given ? std::string(given) + ":" : "") + "quarantine_size_mb=1";
    }
    std::unique_ptr<processes::Child> intake() const {
        processes::Program program;
        program.argv = {LANTERN_BINARY, "intake", "--config", directory_.string(), "--plugins", LANTERN_PLUGINS};
        program.environment = {{"LANTERN_LOG_LEVEL", "warn"},
                               {"ASAN_OPTIONS", sanitizer_options()},
                               {"LANTERN_CACHE_DIR", (directory_ / "cache").string()}};
        return std::make_unique<processes::Child>(program);
    }
    std::string lantern(std::vector<std::string> words) const {
        words.insert(words.begin(), LANTERN_BINARY);
        words.insert(words.end(), {"--config", directory_.string(), "--plugins", LANTERN_PLUGINS});
        return processes::run({.argv = std::move(words)}, std::chrono::minutes(1)).output;
    }
    std::vector<std::string> data(const std::string& id) {
        std::vector<std::string> all;
        for (const auto& event : store_.load("shelf", id, 1, "", {}).events) all.push_back(event.data);
        return all;
    }
    bool has(const std::string& id, std::size_t count) {
        try {
            return data(id).size() == count;
        } catch (const Fault&) {
            return false;
        }
    }
    std::size_t events(int streams) {
        std::size_t count = 0;
        for (int n = 0; n < streams; ++n) count += data(std::to_string(n)).size();
        return count;
    }

    const std::string database_ = test::fresh_database();
    const std::filesystem::path directory_ = test::fresh_directory();
    const std::filesystem::path schemas_ = [this] {
        std::filesystem::create_directories(directory_ / "schemas");
        return directory_ / "schemas";
    }();
    postgres::Store store_{database_};
};

TEST_F(IntakeProcessTest, EachMessageIsInTheStoreOnceThoughItsProcessIsKilledAgainAndAgain) {
    constexpr int kEvents = 2000, kStreams = 7;
    { IntakeQueue(url_, kQueue).depth(); }  // declares
    auto process = intake();
    Producer producer(url_);
    int next = 0;
    for (int kill = 0; kill < 4; ++kill) {
        const auto before = events(kStreams);
        for (; next < kEvents * (kill + 1) / 4; ++next)
            producer.put(event(next, "shelf/" + std::to_string(next % kStreams), "STOCK_COUNTED",
                               R"({"pieces":)" + std::to_string(next) + "}"));
        ASSERT_TRUE(test::eventually([&] { return events(kStreams) > before; }));
        process->signal(SIGKILL);
        ASSERT_TRUE(process->wait(std::chrono::seconds(60)));
        process = intake();
    }
    ASSERT_TRUE(test::eventually([&] { return events(kStreams) >= kEvents; }));
    for (int stream = 0; stream < kStreams; ++stream) {
        std::vector<std::string> expected;
        for (int n = stream; n < kEvents; n += kStreams)
            expected.push_back(R"({"pieces":)" + std::to_string(n) + "}");
        EXPECT_EQ(data(std::to_string(stream)), expected) << "once, in the order of the queue";
    }
    process->signal(SIGTERM);
    const auto ended = process->wait(std::chrono::seconds(60));
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->clean());
}

// In kB, of what the process ever held.
std::int64_t peak_memory(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
    return 0;
}

TEST_F(IntakeProcessTest, AMessageOf64MiBIsLaidAsideInMemoryForAFewFrames) {
    { IntakeQueue(url_, kQueue).depth(); }
    auto process = intake();
    Producer producer(url_);
    producer.put(event(1, "shelf/a"));
    ASSERT_TRUE(test::eventually([&] { return has("a", 1); }));
    const auto before = peak_memory(process->pid());
    const auto large = event(2, "shelf/a", "STOCK_COUNTED", '"' + std::string(64u << 20, 'x') + '"');
    producer.put(large);
    producer.put(event(3, "shelf/a"));
    ASSERT_TRUE(test::eventually([&] { return has("a", 2); })) << "it holds back no other";
    const auto grown = peak_memory(process->pid()) - before;
    EXPECT_LT(grown, 16 << 10) << "kB, in memory beside " << before;
    postgres::IntakeStatuses statuses(database_);
    ASSERT_TRUE(test::eventually([&] {
        const auto status = statuses.read();
        return status && status->refused == 1 && status->lying == 1;
    }));
    EXPECT_EQ(statuses.read()->last_refusal, "At most 1048576 bytes are taken.");
    EXPECT_THAT(lantern({"refused", "list"}),
                HasSubstr("id 2, " + std::to_string(large.size()) + " bytes of application/cloudevents+json"));
    process->signal(SIGTERM);
    ASSERT_TRUE(process->wait(std::chrono::seconds(60)));
}

TEST_F(IntakeProcessTest, BadMessagesBlockNothingAndNoOutageLosesAnything) {
    { IntakeQueue(url_, kQueue).depth(); }
    auto process = intake();
    Producer producer(url_);
    producer.put("no json");
    producer.put(std::string(100, '['));
    producer.put(event(6, "shelf/a", "STOCK_COUNTED", R"({"pieces":3,"note":"\u0000"})"));
    producer.put(event(7, "shelf/\xFF"));
    producer.put(event(8, "shelf/a"), {}, "text/plain");
    producer.put(event(1, "shelf/a", "STOCK_COUNTED", R"({"pieces":"many"})"));
    producer.put(event(2, "user/a"));
    producer.put(event(3, "shelf/a"));
    postgres::IntakeStatuses statuses(database_);
    ASSERT_TRUE(test::eventually([&] {
        const auto status = statuses.read();
        return status && status->refused == 7 && status->lying == 7 && status->appended == 1;
    }));
    EXPECT_THAT(statuses.read()->last_refusal, HasSubstr("intake.into_aggregates"));
    IntakeQueue counted(url_, kQueue);
    for (int look = 0; look < 2; ++look) {
        const auto listed = lantern({"refused", "list"});
        // The broker takes them back from who saw them in its own time.
        EXPECT_TRUE(test::eventually([&] { return counted.depth().refused == 7; }));
        EXPECT_THAT(listed, HasSubstr("type STOCK_COUNTED, subject shelf/a, source shop, id 1"));
        EXPECT_THAT(listed, HasSubstr("/data/pieces: must be a whole number, not text"));
        EXPECT_THAT(listed, HasSubstr("7 refused messages shown"));
        EXPECT_THAT(listed, testing::Not(HasSubstr("many"))) << "data may be secret";
    }
    // The schema is mended; the process that comes next reads it.
    std::ofstream(schemas_ / "STOCK_COUNTED.1.json") << R"({"type": "object", "required": ["pieces"]})";
    process->signal(SIGTERM);
    ASSERT_TRUE(process->wait(std::chrono::seconds(60)));
    process = intake();
    EXPECT_THAT(lantern({"refused", "retry"}), HasSubstr("7 messages are back"));
    ASSERT_TRUE(test::eventually([&] { return has("a", 2) && statuses.read()->lying == 6; }));

    test::postgres().stop();
    producer.put(event(4, "shelf/a"));
    producer.put(event(5, "shelf/a"));
    test::postgres().start();
    ASSERT_TRUE(test::eventually([&] { return has("a", 4); }));

    test::rabbit().stop();
    test::rabbit().start();
    ASSERT_TRUE(test::eventually([&] {
        try {
            Producer(url_).put(event(9, "shelf/a"));
            return true;
        } catch (const Fault&) {
            return false;
        }
    }));
    ASSERT_TRUE(test::eventually([&] { return has("a", 5); }));
    process->signal(SIGTERM);
    ASSERT_TRUE(process->wait(std::chrono::seconds(60)));
    EXPECT_EQ(data("a").size(), 5u);
}

}  // namespace
}  // namespace lantern::rabbitmq
