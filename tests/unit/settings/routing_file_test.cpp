#include "host/settings/routing_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace lantern::settings {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Result<Routing, Problems> parse(const std::string& text, std::map<std::string, std::string> variables = {}) {
    return parse_routing(text, "routing.yaml", fixed_environment(std::move(variables)));
}

std::string problems_of(const std::string& text) {
    const auto routing = parse(text);
    return routing ? "" : settings::text(routing.error());
}

// A file with one handler `mail` and these lines as its settings.
std::string with_handler(const std::string& lines) {
    return "version: 1\nevents: {E: [mail]}\nhandlers:\n  mail:\n" + lines;
}

TEST(RoutingFile, HandlersComeByNameWithTheirEventTypes) {
    const auto routing = parse("version: 1\nevents:\n  B: [one, two]\n  A: [two]\n");
    ASSERT_TRUE(routing) << text(routing.error());
    ASSERT_EQ(routing.value().handlers.size(), 2u);
    EXPECT_EQ(routing.value().handlers[0].name.value, "one");
    EXPECT_EQ(routing.value().handlers[0].plugin, "one");
    EXPECT_THAT(routing.value().handlers[0].event_types, ElementsAre("B"));
    EXPECT_THAT(routing.value().handlers[1].event_types, ElementsAre("A", "B"));
    EXPECT_EQ(routing.value().handlers[1].start, std::nullopt);
}

TEST(RoutingFile, EveryKeyIsRead) {
    const auto routing = parse(with_handler(R"(
    plugin: smtp
    concurrency: 2
    partitions: 8
    start: now
    time_limit: 10s
    memory: 256MiB
    retry: {attempts: 3, initial: 250ms, factor: 1.5, max: 1m, jitter: none}
    on_interrupted: hold
    rate: 600/m
    queue_type: classic
    queue_length: 1000
    batch: 100
    settings: {from: a@b, port: 25, tls: true, "quoted": "25", list: [1, 2.5, null], deep: {x: y}}
)"));
    ASSERT_TRUE(routing) << text(routing.error());
    HandlerSettings expected;
    expected.name = HandlerName("mail");
    expected.plugin = "smtp";
    expected.concurrency = 2;
    expected.partitions = 8;
    expected.start = Start::now;
    expected.time_limit = 10s;
    expected.memory_bytes_max = 256u << 20;
    expected.retry = {3, 250ms, 1.5, 1min, Backoff::Jitter::none};
    expected.on_interrupted = OnInterrupted::hold;
    expected.rate = Rate{600, 1min};
    expected.queue_type = QueueType::classic;
    expected.queue_length_max = 1000;
    expected.batch_events_max = 100;
    expected.settings =
        R"({"from":"a@b","port":25,"tls":true,"quoted":"25","list":[1,2.5E0,null],"deep":{"x":"y"}})";
    expected.event_types = {"E"};
    EXPECT_EQ(routing.value().handlers[0], expected) << routing.value().handlers[0].settings;
}

TEST(RoutingFile, TextAndHashAreOfTheFileAndHoldNoSecret) {
    const std::string text = with_handler("    settings: {key: {env: SECRET}}\n");
    const auto routing = parse(text, {{"SECRET", "hunter2"}});
    ASSERT_TRUE(routing);
    EXPECT_EQ(routing.value().handlers[0].settings, R"({"key":"hunter2"})");
    EXPECT_EQ(routing.value().text, text);
    EXPECT_EQ(routing.value().hash.size(), 32u);
    EXPECT_NE(routing.value().hash, parse(text + "\n", {{"SECRET", "x"}}).value().hash);
}

TEST(RoutingFile, ReferencesTakeVariablesDefaultsAndFiles) {
    const auto file = std::filesystem::path(testing::TempDir()) / "routing_file_test_secret";
    std::ofstream(file) << "from file\n";
    const auto routing =
        parse(with_handler("    settings: {a: {env: A, default: none}, b: {env: B, default: none}, c: {file: " +
                           file.string() + "}, d: \"${A}\"}\n"),
              {{"A", "1"}});
    ASSERT_TRUE(routing) << text(routing.error());
    EXPECT_EQ(routing.value().handlers[0].settings, R"({"a":"1","b":"none","c":"from file","d":"${A}"})");
    std::filesystem::remove(file);
}

TEST(RoutingFile, MissingSecretsAreProblems) {
    EXPECT_THAT(problems_of(with_handler("    settings: {key: {env: GONE}}\n")),
                HasSubstr("routing.yaml:5:21: found {env: GONE}, and no such environment variable"));
    EXPECT_THAT(problems_of(with_handler("    settings: {key: {file: /nowhere/at/all}}\n")),
                HasSubstr("no such file at \"/nowhere/at/all\""));
}

TEST(RoutingFile, AllProblemsComeAtOnceInTheOrderOfTheText) {
    const auto routing = parse(R"(version: 2
events:
  USER.CREATED: [mail]
  E: [mail, mail, Mail, lantern, pg_mail, public, information_schema]
  F: mail
handlers:
  mail:
    concurency: 2
    partitions: 0
    time_limit: 30
    start: soon
    retry: {attempts: many, factor: 0.5, initial: 1h, max: 1s}
    settings: [1]
  mial: {plugin: x}
evnts: {}
)");
    ASSERT_FALSE(routing);
    const std::string all = text(routing.error());
    std::vector<int> lines;
    for (const auto& problem : routing.error()) lines.push_back(problem.line);
    EXPECT_THAT(lines, ElementsAre(1, 3, 4, 4, 4, 4, 4, 4, 5, 8, 9, 10, 11, 12, 12, 12, 13, 14, 15)) << all;
    EXPECT_THAT(all, HasSubstr("routing.yaml:3:3: found the event type \"USER.CREATED\""));
    EXPECT_THAT(all, HasSubstr("routing.yaml:4:13: found the handler \"mail\" a second time"));
    EXPECT_THAT(all, HasSubstr("did you mean \"concurrency\"?"));
    EXPECT_THAT(all, HasSubstr("did you mean \"events\"?"));
    EXPECT_THAT(all, HasSubstr("did you mean \"mail\"?"));
    EXPECT_THAT(all, HasSubstr("write 30s or 30ms"));
    EXPECT_THAT(all, HasSubstr("write [mail]"));
    EXPECT_THAT(all, HasSubstr("max 1s, less than initial 1h"));
}

TEST(RoutingFile, ConcurrencyIsNotMoreThanPartitions) {
    EXPECT_THAT(problems_of(with_handler("    concurrency: 6\n")),
                HasSubstr("routing.yaml:5:5: found concurrency 6; expected not more than partitions, which are 4"));
    EXPECT_EQ(problems_of(with_handler("    concurrency: 6\n    partitions: 6\n")), "");
}

TEST(RoutingFile, DuplicateKeysAreRefused) {
    EXPECT_THAT(problems_of("version: 1\nevents: {E: [a], E: [b]}\n"),
                HasSubstr("routing.yaml:2:18: found the key \"E\" a second time"));
    EXPECT_THAT(problems_of(with_handler("    settings: {a: 1, a: 2}\n")),
                HasSubstr("the key \"a\" a second time"));
}

TEST(RoutingFile, SyntaxErrorsHaveTheirPlace) {
    EXPECT_THAT(problems_of("version: 1\nevents: {E: [a\n"), HasSubstr("routing.yaml:3:"));
    EXPECT_THAT(problems_of("version: 1\n\tevents: {}\n"),
                HasSubstr("routing.yaml:2:1: found text that is not YAML"));
    EXPECT_THAT(problems_of(""), HasSubstr("an empty file"));
    EXPECT_THAT(problems_of("version: 1\n---\nversion: 1\n"), HasSubstr("a second document"));
}

TEST(RoutingFile, NothingUnderEventsIsRefusedUnlessItIsMeant) {
    EXPECT_THAT(problems_of("version: 1\nevents:\n"), HasSubstr("write {}"));
    EXPECT_EQ(problems_of("version: 1\nevents: {}\n"), "");
}

TEST(RoutingFile, LongNamesAreRefused) {
    EXPECT_EQ(problems_of("version: 1\nevents: {E: [" + std::string(40, 'a') + "]}\n"), "");
    EXPECT_NE(problems_of("version: 1\nevents: {E: [" + std::string(41, 'a') + "]}\n"), "");
    EXPECT_EQ(problems_of("version: 1\nevents: {" + std::string(150, 'E') + ": [a]}\n"), "");
    EXPECT_NE(problems_of("version: 1\nevents: {" + std::string(151, 'E') + ": [a]}\n"), "");
}

TEST(RoutingFile, PlacesAreFoundForProblemsOfPlugins) {
    const std::string text = "version: 1\nevents:\n  E: [one, two]\n  F: [two]\nhandlers:\n  two:\n    plugin: x\n";
    const auto place = [&](RoutingPlace of) {
        const Problem problem = problem_at(text, "r.yaml", of);
        return std::pair(problem.line, problem.column);
    };
    EXPECT_EQ(place({"two", "F", ""}), std::pair(4, 7));
    EXPECT_EQ(place({"two", "", "plugin"}), std::pair(7, 13));
    EXPECT_EQ(place({"two", "", "settings"}), std::pair(6, 3));
    EXPECT_EQ(place({"one", "", "plugin"}), std::pair(3, 7));
    EXPECT_EQ(place({"three", "", ""}), std::pair(0, 0));
}

TEST(RoutingFile, AFileThatIsNotThereIsAProblem) {
    const auto routing = read_routing("/nowhere/routing.yaml", fixed_environment({}));
    ASSERT_FALSE(routing);
    EXPECT_EQ(text(routing.error()), "/nowhere/routing.yaml: found no such file; expected the routing file\n");
}

}  // namespace
}  // namespace lantern::settings
