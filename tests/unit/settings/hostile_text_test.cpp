// Whatever the text, it is read or refused: no crash, no endless work.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "host/settings/routing_file.hpp"
#include "host/settings/settings_file.hpp"

namespace lantern::settings {
namespace {

void both(const std::string& text) {
    const Environment nothing = fixed_environment({});
    const auto settings = parse_settings(text, "s.yaml", nothing);
    const auto routing = parse_routing(text, "r.yaml", nothing);
    EXPECT_TRUE(settings || !settings.error().empty());
    EXPECT_TRUE(routing || !routing.error().empty());
}

TEST(HostileText, DeepNestingIsRefused) {
    both("a: " + std::string(200000, '['));
    both("a: " + std::string(200000, '{'));
    both("version: 1\nevents: {E: [a]}\nhandlers: {a: {settings: {x: " + std::string(100, '[') +
         std::string(100, ']') + "}}}\n");
}

TEST(HostileText, AliasesThatMultiplyAreRefused) {
    std::string text = "version: 1\nevents: {E: [a]}\nhandlers:\n  a:\n    settings:\n      x0: &x0 [1, 1]\n";
    for (int i = 1; i < 40; ++i) {
        const std::string before = "*x" + std::to_string(i - 1);
        text += "      x" + std::to_string(i) + ": &x" + std::to_string(i) + " [" + before + ", " + before + "]\n";
    }
    const auto routing = parse_routing(text, "r.yaml", fixed_environment({}));
    ASSERT_FALSE(routing);
    EXPECT_EQ(routing.error().size(), 1u) << settings::text(routing.error());
}

TEST(HostileText, ATextThatHoldsItselfIsRefused) {
    const auto routing = parse_routing("version: 1\nevents: {E: [a]}\nhandlers: {a: {settings: &s {x: *s}}}\n",
                                       "r.yaml", fixed_environment({}));
    EXPECT_FALSE(routing);
}

TEST(HostileText, ACommaInFrontOfEverythingIsRefused) {
    const auto routing = parse_routing(",version: 1\nevents: {E: [a]}\n", "r.yaml", fixed_environment({}));
    ASSERT_FALSE(routing);  // yaml-cpp finds documents in it without an end
    EXPECT_EQ(settings::text(routing.error()),
              "r.yaml:1:1: found text that is not YAML (nothing can begin so); expected valid YAML\n");
}

TEST(HostileText, WhatIsNotUtf8IsRefusedAtItsPlace) {
    const std::string begin = "version: 1\nevents: {E: [a]}\nhandlers: {a: {settings: {x: ";
    const auto problems = [&](const std::string& value) {
        const auto routing = parse_routing(begin + value + "}}}\n", "r.yaml", fixed_environment({}));
        return routing ? "read" : settings::text(routing.error());
    };
    EXPECT_EQ(problems("\xc3\xbc"), "read");
    EXPECT_EQ(problems("\xc3"), "r.yaml:3:30: found a byte that is not UTF-8; expected UTF-8 text\n");
    EXPECT_EQ(problems(std::string(1, '\0')), "r.yaml:3:30: found a zero byte; expected UTF-8 text\n");
    EXPECT_EQ(settings::text(parse_routing("\xff", "r.yaml", fixed_environment({})).error()),
              "r.yaml:1:1: found a byte that is not UTF-8; expected UTF-8 text\n");
    EXPECT_EQ(problems("\"\\\xc3\xbc\""),
              "r.yaml:3:33: found text that is not YAML (unknown escape character: ); expected valid YAML\n");
}

TEST(HostileText, LargeTextIsRefused) {
    both(std::string(2u << 20, 'x'));
}

void edit(std::string& text, std::mt19937& random) {
    constexpr std::string_view kMarks = "[]{}:,&*!|>'\"%@`-\n\t #";
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
        case 0:
            text[at] = static_cast<char>(random());
            break;
        case 1:
            text.erase(at, random() % 20);
            break;
        case 2:
            text.insert(at, 1, kMarks[random() % kMarks.size()]);
            break;
        default:
            text.insert(at, text.substr(random() % text.size(), 30));
    }
}

TEST(HostileText, MutationsOfGoodFilesAreReadOrRefused) {
    constexpr unsigned kSeed = 20261121;
    std::mt19937 random(kSeed);
    for (const char* name : {"/lantern.yaml", "/routing.yaml"}) {
        std::ostringstream good;
        good << std::ifstream(std::string(CONFIG_DIRECTORY) + name).rdbuf();
        for (int round = 0; round < 400; ++round) {
            std::string text = good.str();
            for (int edits = 0; edits < 4; ++edits) edit(text, random);
            SCOPED_TRACE("round " + std::to_string(round));
            both(text);
        }
    }
}

}  // namespace
}  // namespace lantern::settings
