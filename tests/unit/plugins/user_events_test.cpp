#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/testing.hpp>

namespace {

using namespace lantern::testing;

json::value upcast_name(std::string_view data) {
    return upcast(lantern_plugin, "USER_CREATED", 1, data);
}

TEST(UserEvents, SplitsTheNameAtTheFirstSpace) {
    EXPECT_EQ(upcast_name(R"({"username": "sarah", "name": "Sarah Jane Connor"})"),
              json::parse(R"({"username": "sarah", "first_name": "Sarah", "last_name": "Jane Connor"})"));
}

TEST(UserEvents, ANameWithoutASpaceIsAFirstName) {
    EXPECT_EQ(upcast_name(R"({"name": "Sarah"})"), json::parse(R"({"first_name": "Sarah", "last_name": ""})"));
    EXPECT_EQ(upcast_name("{}"), json::parse(R"({"first_name": "", "last_name": ""})"));
}

TEST(UserEvents, RefusesWhatItDoesNotKnow) {
    EXPECT_THROW(upcast(lantern_plugin, "USER_CREATED", 2, "{}"), Failure);
    EXPECT_THROW(upcast(lantern_plugin, "USER_CREATED", 1, "7"), Failure);
}

}  // namespace
