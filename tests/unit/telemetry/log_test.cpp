#include "host/telemetry/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>
#include <thread>

namespace lantern::telemetry {
namespace {

using testing::HasSubstr;

struct Written {
    explicit Written(LogSettings settings = {})
        : log(settings, [this](std::string_view line) { lines.emplace_back(line); }) {}

    std::vector<std::string> lines;
    Log log;
};

TEST(Log, JsonLineHasTimeLevelMessageAndTypedFields) {
    Written written;
    written.log.with({{"handler", "mail"}})
        .warn("late", {{"attempt", 2}, {"share", 0.5}, {"last", true}, {"n", 3u}});
    ASSERT_EQ(written.lines.size(), 1u);
    const auto line = boost::json::parse(written.lines[0]).as_object();
    EXPECT_EQ(line.at("level"), "warn");
    EXPECT_EQ(line.at("message"), "late");
    EXPECT_EQ(line.at("handler"), "mail");
    EXPECT_EQ(line.at("attempt"), 2);
    EXPECT_EQ(line.at("share"), 0.5);
    EXPECT_EQ(line.at("last"), true);
    EXPECT_EQ(line.at("n"), 3);
    EXPECT_EQ(line.at("time").as_string().size(), std::string("2026-11-21T03:33:26.000123Z").size());
}

TEST(Log, WhatALineSaysCanNeitherBreakNorForgeOne) {
    Written written;
    const std::string hostile =
        std::string("a\"b\\c\nd\x1b[31m\x7f\xff\xc0\xaf\xed\xa0\x80\xc2\x9b") + '\0' + "e\u00e9";
    written.log.info(hostile, {{"key\"\n", hostile}, {"level", "forged"}});
    ASSERT_EQ(written.lines.size(), 1u);
    EXPECT_EQ(written.lines[0].find('\n'), std::string::npos);
    const auto line = boost::json::parse(written.lines[0]).as_object();
    EXPECT_EQ(line.at("level"), "info");
    EXPECT_EQ(line.at("_level"), "forged");
    const std::string message(line.at("message").as_string());
    EXPECT_THAT(message, testing::StartsWith("a\"b\\c\nd\x1b[31m\x7f\uFFFD\uFFFD\uFFFD"));
    EXPECT_THAT(message, testing::EndsWith(std::string(1, '\0') + "e\u00e9"));
    EXPECT_EQ(line.at("key\"\n").as_string(), line.at("message").as_string());
}

TEST(Log, NumbersThatJsonDoesNotHaveAreNull) {
    Written written;
    written.log.info("x", {{"a", std::numeric_limits<double>::infinity()}, {"b", std::nan("")}});
    const auto line = boost::json::parse(written.lines[0]).as_object();
    EXPECT_TRUE(line.at("a").is_null());
    EXPECT_TRUE(line.at("b").is_null());
}

TEST(Log, TextIsOneLineWithFieldsBehind) {
    LogSettings settings;
    settings.format = LogSettings::Format::text;
    Written written(settings);
    written.log.info("up\x1b[2J\n", {{"port", 80}, {"why", "a b"}, {"none", ""}});
    ASSERT_EQ(written.lines.size(), 1u);
    EXPECT_THAT(written.lines[0], HasSubstr(" info  up\\u001b[2J\\n port=80 why=\"a b\" none=\"\""));
}

TEST(Log, LessThanTheLevelIsNotWritten) {
    LogSettings settings;
    settings.level = "warn";
    Written written(settings);
    written.log.debug("no");
    written.log.info("no");
    written.log.warn("yes");
    written.log.error("yes");
    EXPECT_EQ(written.lines.size(), 2u);
    EXPECT_FALSE(written.log.writes(Level::info));
    EXPECT_FALSE(Log::silent().writes(Level::error));
}

TEST(Log, LinesOfThreadsDoNotMix) {
    Written written;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) written.log.info("x", {{"i", i}});
        });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(written.lines.size(), 800u);
    for (const auto& line : written.lines) EXPECT_NO_THROW(static_cast<void>(boost::json::parse(line)));
}

}  // namespace
}  // namespace lantern::telemetry
