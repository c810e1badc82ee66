#include "host/supervise/editions.hpp"

#include <gtest/gtest.h>

namespace lantern::supervise {
namespace {

HandlerSettings mail() {
    HandlerSettings settings;
    settings.name = HandlerName{"mail"};
    settings.event_types = {"USER_CREATED"};
    return settings;
}

TEST(Editions, WhatChangesAWorkersWorkMakesAnother) {
    Editions editions;
    const auto first = editions.of_worker(mail(), {"b1", "s1"}, 3);
    auto settings = mail();
    settings.settings = R"({"from":"x"})";
    EXPECT_NE(editions.of_worker(settings, {"b1", "s1"}, 4), first);
    settings = mail();
    settings.event_types.push_back("USER_DELETED");
    EXPECT_NE(editions.of_worker(settings, {"b1", "s1"}, 4), first);
    EXPECT_NE(editions.of_worker(mail(), {"b2", "s1"}, 4), first) << "another build";
    EXPECT_NE(editions.of_worker(mail(), {"b1", "s2"}, 4), first) << "another build of a schema";
    EXPECT_EQ(editions.of_worker(mail(), {"b1", "s1"}, 5), first) << "taken back";
    EXPECT_EQ(editions.launch(first), (Editions::Launch{3, "b1"}));
}

TEST(Editions, HowManyWorkersThereAreMakesNoOther) {
    Editions editions;
    auto settings = mail();
    const auto one = editions.of_worker(settings, {"b1"}, 1);
    settings.concurrency = 4;
    settings.start = Start::now;
    EXPECT_EQ(editions.of_worker(settings, {"b1"}, 2), one);
}

TEST(Editions, TheApiHasOneForItsBuildsAndNoLaunch) {
    Editions editions;
    const auto api = editions.of_api({"a1", "s1"});
    EXPECT_EQ(editions.of_api({"a1", "s1"}), api);
    EXPECT_NE(editions.of_api({"a2", "s1"}), api);
    EXPECT_FALSE(editions.launch(api));
}

}  // namespace
}  // namespace lantern::supervise
