#include "host/postgres/store.hpp"

#include "tests/integration/postgres/fixture.hpp"

namespace lantern::postgres {
namespace {

class StoreTest : public test::PostgresTest {
protected:
    Store store_{url_};
};

TEST_F(StoreTest, LoadsWhatWasAppended) {
    const auto first = store_.append(test::append_of("a", 0, {test::event_of("MADE", R"({"q":"a \"b\" \\ c"})")}));
    ASSERT_TRUE(first);
    const auto loaded = store_.load("user", "a", 1, "b", {});
    ASSERT_EQ(loaded.events.size(), 1u);
    EXPECT_EQ(loaded.events[0].data, R"({"q":"a \"b\" \\ c"})");
    EXPECT_EQ(loaded.events[0].recorded_at, first.value().recorded_at);
    EXPECT_EQ(loaded.events[0].position, first.value().position);
    EXPECT_EQ(loaded.head, Revision{1});
}

}  // namespace
}  // namespace lantern::postgres
