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

class EditionsTest : public ::testing::Test {
protected:
    // By the routing's next revision.
    std::string revised(const HandlerSettings& settings, const std::vector<std::string>& builds = {"b1", "s1"}) {
        editions_.revised({settings}, ++revision_);
        return editions_.of_worker(settings.name, builds);
    }

    Editions editions_;
    std::int64_t revision_ = 2;
};

TEST_F(EditionsTest, WhatChangesAWorkersWorkMakesAnother) {
    const auto first = revised(mail());
    EXPECT_EQ(revised(mail()), first) << "another revision, for others";
    EXPECT_EQ(editions_.launch(first), (Editions::Launch{3, "b1"}));
    EXPECT_NE(revised(mail(), {"b2", "s1"}), first) << "another build";
    EXPECT_NE(revised(mail(), {"b1", "s2"}), first) << "another build of a schema";
    EXPECT_EQ(revised(mail()), first) << "the build was taken back";
    auto settings = mail();
    settings.settings = R"({"from":"x"})";
    EXPECT_NE(revised(settings), first);
    settings = mail();
    settings.event_types.push_back("USER_DELETED");
    EXPECT_NE(revised(settings), first);
}

// Other queues were bound meanwhile: a worker of the revision before may not bind its own in their place.
TEST_F(EditionsTest, SettingsThatComeBackAreOfTheRevisionThatBroughtThemBack) {
    auto settings = mail();
    settings.partitions = 2;
    const auto first = revised(settings);
    settings.partitions = 5;
    const auto second = revised(settings);
    settings.partitions = 2;
    const auto third = revised(settings);
    EXPECT_NE(third, first);
    EXPECT_EQ(editions_.launch(third), (Editions::Launch{5, "b1"}));
    EXPECT_EQ(editions_.launch(second), (Editions::Launch{4, "b1"}));
    EXPECT_EQ(editions_.of_worker(settings.name, {"b1", "s1"}), third);

    editions_.revised({}, 6);
    editions_.revised({settings}, 7);
    EXPECT_EQ(editions_.launch(editions_.of_worker(settings.name, {"b1", "s1"})), (Editions::Launch{7, "b1"}))
        << "it was removed for a while";
}

TEST_F(EditionsTest, HowManyWorkersThereAreMakesNoOther) {
    auto settings = mail();
    const auto one = revised(settings);
    settings.concurrency = 4;
    settings.start = Start::now;
    EXPECT_EQ(revised(settings), one);
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
