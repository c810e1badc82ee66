#include "host/command/stream_cache.hpp"

#include <gtest/gtest.h>

namespace lantern::command {
namespace {

LoadedStream stream_at(std::int64_t revision, std::size_t bytes = 10) {
    LoadedStream stream;
    stream.head = Revision{revision};
    stream.snapshot = Snapshot{Revision{revision}, 1, "b", std::string(bytes, 'x')};
    return stream;
}

TEST(StreamCache, keeps_the_newest_revision) {
    StreamCache cache(1u << 20);
    EXPECT_FALSE(cache.find("account", "1"));
    cache.put("account", "1", stream_at(5));
    cache.put("account", "1", stream_at(3));
    ASSERT_TRUE(cache.find("account", "1"));
    EXPECT_EQ(cache.find("account", "1")->head, Revision{5});
    EXPECT_FALSE(cache.find("other", "1"));
    cache.forget("account", "1");
    EXPECT_FALSE(cache.find("account", "1"));
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST(StreamCache, the_least_recently_used_go_first) {
    StreamCache cache(40'000);
    for (int n = 0; n < 3; ++n) cache.put("account", std::to_string(n), stream_at(1, 10'000));
    EXPECT_TRUE(cache.find("account", "0"));
    cache.put("account", "3", stream_at(1, 10'000));
    EXPECT_TRUE(cache.find("account", "0"));
    EXPECT_FALSE(cache.find("account", "1"));
    EXPECT_LE(cache.bytes(), 40'000u);
}

TEST(StreamCache, forgets_all_at_once) {
    StreamCache cache(40'000);
    cache.put("account", "1", stream_at(1));
    cache.clear();
    EXPECT_FALSE(cache.find("account", "1"));
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST(StreamCache, what_is_larger_than_all_of_it_is_not_kept) {
    StreamCache cache(20'000);
    cache.put("account", "1", stream_at(1));
    cache.put("account", "2", stream_at(1, 100'000));
    EXPECT_TRUE(cache.find("account", "1"));
    EXPECT_FALSE(cache.find("account", "2"));
    cache.put("account", "1", stream_at(2, 100'000));
    EXPECT_FALSE(cache.find("account", "1")) << "the old revision is no better than none";
}

}  // namespace
}  // namespace lantern::command
