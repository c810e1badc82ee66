// `lantern intake` as a process that is killed, fed badly, and cut off from its servers.
#include "tests/integration/intake/intake_fixture.hpp"

namespace lantern::rabbitmq {
namespace {

using testing::HasSubstr;

TEST_F(IntakeProcessTest, EachMessageIsInTheStoreOnceThoughItsProcessIsKilledAgainAndAgain) {
    constexpr int kEvents = 2000, kStreams = 7;
    declare();
    auto process = intake();
    int next = 0;
    for (int kill = 0; kill < 4; ++kill) {
        Producer producer(url_);
        const auto before = events(kStreams);
        for (; next < kEvents * (kill + 1) / 4; ++next)
            producer.put(event(next, "shelf/" + std::to_string(next % kStreams), "STOCK_COUNTED",
                               R"({"pieces":)" + std::to_string(next) + "}"));
        ASSERT_TRUE(test::eventually([&] { return events(kStreams) > before; }));
        process->signal(SIGKILL);
        ASSERT_TRUE(process->wait(std::chrono::minutes(2)));
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
    const auto ended = process->wait(std::chrono::minutes(2));
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
    declare();
    auto process = intake();
    Producer(url_).put(event(1, "shelf/a"));
    ASSERT_TRUE(test::eventually([&] { return has("a", 1); }));
    const auto before = peak_memory(process->pid());
    const auto large = event(2, "shelf/a", "STOCK_COUNTED", '"' + std::string(64u << 20, 'x') + '"');
    Producer producer(url_);
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
    ASSERT_TRUE(process->wait(std::chrono::minutes(2)));
}

TEST_F(IntakeProcessTest, ALongStreamOfAnAggregateGetsSnapshots) {
    declare();
    std::ofstream(directory_ / "lantern.yaml", std::ios::app)
        << "intake: {into_aggregates: [user], unknown_types: accept}\n";
    const auto process = intake();
    Producer producer(url_);
    producer.put(
        event(1, "user/anna", "USER_CREATED",
              R"({"username":"anna","email":"anna@x.org","first_name":"F","last_name":"L","role":"user"})"));
    constexpr int kEvents = 300;
    for (int n = 2; n <= kEvents; ++n)
        producer.put(event(n, "user/anna", "USER_UPDATED", R"({"first_name":"N)" + std::to_string(n) + "\"}"));
    postgres::Connection connection({.url = database_});
    const auto one = [&](const std::string& sql) { return connection.query(sql).integer(0, 0); };
    ASSERT_TRUE(test::eventually([&] { return one("select count(*) from lantern.events") == kEvents; }));
    EXPECT_EQ(
        one("select count(*) from lantern.snapshots n join lantern.streams s using (stream_id)"
            " where n.revision >= 100 and n.revision < s.revision"
            "   and n.state->>'first_name' = 'N' || n.revision and (n.state->>'revision')::bigint = n.revision"),
        1);
}

TEST_F(IntakeProcessTest, BadMessagesBlockNothingAndNoOutageLosesAnything) {
    declare();
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
    ASSERT_TRUE(process->wait(std::chrono::minutes(2)));
    process = intake();
    EXPECT_THAT(lantern({"refused", "retry"}), HasSubstr("7 messages are back"));
    ASSERT_TRUE(test::eventually([&] { return has("a", 2) && statuses.read()->lying == 6; }));

    test::postgres().stop();
    Producer during(url_);
    during.put(event(4, "shelf/a"));
    during.put(event(5, "shelf/a"));
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
    ASSERT_TRUE(process->wait(std::chrono::minutes(2)));
    EXPECT_EQ(data("a").size(), 5u);
}

}  // namespace
}  // namespace lantern::rabbitmq
