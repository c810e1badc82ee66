#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/testing/events.hpp>

namespace {

namespace kit = lantern::testing;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Fixture, ReadsLines) {
    const auto events = kit::parse_fixture(R"({"type": "A", "subject": "user/42", "data": {"n": 1}}

{"type": "B", "subject": "order/a/b", "time": "2026-11-23T15:47:00.5+01:00", "schema_version": 2, "metadata": {"actor": "x"}}
)");
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].aggregate_type, "user");
    EXPECT_EQ(events[0].aggregate_id, "42");
    EXPECT_EQ(events[0].data, R"({"n":1})");
    EXPECT_EQ(events[1].aggregate_id, "a/b");
    EXPECT_EQ(events[1].schema_version, 2);
    EXPECT_EQ(lantern::time_text::text(*events[1].time_us), "2026-11-23T14:47:00.500000Z");
}

TEST(Fixture, ReadsAnArray) {
    EXPECT_EQ(
        kit::parse_fixture(R"([{"type": "A", "subject": "user/1"}, {"type": "A", "subject": "user/2"}])").size(),
        2u);
}

TEST(Fixture, NamesTheLineAtFault) {
    EXPECT_THAT([] { kit::parse_fixture("{\"type\": \"A\", \"subject\": \"user/1\"}\n{\"type\": \"A\"}\n"); },
                ThrowsMessage<std::invalid_argument>(::testing::AllOf(HasSubstr("line 2"), HasSubstr("subject"))));
}

TEST(Fixture, CountsRevisionsPerStream) {
    kit::Numbering numbering;
    kit::GivenEvent a = kit::event("A", "user/1"), b = kit::event("A", "user/2"), c = kit::event("A", "user/1");
    for (kit::GivenEvent* event : {&a, &b, &c}) numbering.number(*event);
    EXPECT_EQ(c.revision, 2);
    EXPECT_EQ(b.revision, 1);
    EXPECT_EQ(c.position, 3);
    EXPECT_EQ(a.stream_id, c.stream_id);
    EXPECT_EQ(c.id.size(), 36u);
}

}  // namespace
