#include "host/core/identifiers.hpp"

#include <gtest/gtest.h>

namespace lantern {
namespace {

TEST(Uuid, ParsesOnlyTheCanonicalForm) {
    const auto uuid = Uuid::parse("0190F3A2-7c4e-7abc-8def-0123456789ab");
    ASSERT_TRUE(uuid);
    EXPECT_EQ(uuid->text(), "0190f3a2-7c4e-7abc-8def-0123456789ab");
    EXPECT_FALSE(Uuid::parse("0190f3a27c4e7abc8def0123456789ab"));
    EXPECT_FALSE(Uuid::parse("0190f3a2-7c4e-7abc-8def-0123456789ag"));
    EXPECT_FALSE(Uuid::parse(""));
}

TEST(Uuid, VersionSevenSortsByTime) {
    const Timestamp now{std::chrono::microseconds{1'700'000'000'123'456}};
    const auto earlier = Uuid::v7(now, ~0ULL, 1);
    const auto later = Uuid::v7(now + std::chrono::microseconds{2}, 0, 0);
    EXPECT_LT(earlier, later);
    EXPECT_EQ(earlier.text()[14], '7');
    EXPECT_NE(std::string("89ab").find(earlier.text()[19]), std::string::npos);
}

TEST(Uuid, DerivedIsVersionFiveOfTheStandard) {
    const auto dns = Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    EXPECT_EQ(Uuid::derived(*dns, "www.example.com").text(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Bucket, IsStableAndEven) {
    EXPECT_EQ(bucket_of(StreamId{33}).value, 1);
    EXPECT_EQ(partition_of(Bucket{31}, 4).value, 3);
}

}  // namespace
}  // namespace lantern
