#include "host/backfill/import_line.hpp"

#include <gtest/gtest.h>

#include "host/core/clock.hpp"

namespace lantern::backfill {
namespace {

constexpr const char* kLine =
    R"({"specversion":"1.0","id":"o-1","source":"shop","type":"ORDERED","subject":"order/7",)"
    R"("time":"2026-11-21T03:33:26.5Z","data": {"n": 1.0, "t":"a } , \" b"} , "traceparent":"00-ab"})";

std::string problem(const std::string& line) {
    const auto read = read_line(7, line);
    if (read) return "(none)";
    std::string all;
    for (const auto& one : read.error()) all += (all.empty() ? "" : "; ") + one.text();
    return all;
}

TEST(ImportLine, is_read_with_its_data_byte_for_byte) {
    const auto read = read_line(3, kLine);
    ASSERT_TRUE(read) << read.error().front().text();
    const auto& line = read.value();
    EXPECT_EQ(line.number, 3);
    EXPECT_EQ(line.source, "shop");
    EXPECT_EQ(line.aggregate_type, "order");
    EXPECT_EQ(line.aggregate_id, "7");
    EXPECT_EQ(line.data, R"({"n": 1.0, "t":"a } , \" b"})");
    EXPECT_EQ(line.metadata, R"({"traceparent":"00-ab","source":"shop","source_id":"o-1"})");
    EXPECT_EQ(iso8601(*line.recorded_at), "2026-11-21T03:33:26.500000Z");
    EXPECT_EQ(line.schema_version, 1);
    EXPECT_FALSE(line.event_id);
    EXPECT_FALSE(line.revision);
}

TEST(ImportLine, names_line_field_what_was_found_and_what_is_expected) {
    EXPECT_EQ(problem("[]"), "line 7: found an array, expected a JSON object");
    EXPECT_EQ(problem("{").substr(0, 37), "line 7: found text that is not JSON (");
    EXPECT_EQ(problem(R"({"specversion":"1.0","id":"1","type":"A","subject":"a/1"})"),
              "line 7: /source: found none, expected text");
    EXPECT_EQ(problem(R"({"specversion":"1.0","id":1,"source":"s","type":"A","subject":"a/1"})"),
              "line 7: /id: found a number, expected text");
    EXPECT_EQ(problem(R"({"specversion":"1.0","id":"1","source":"s","type":"a.b","subject":"a/1"})"),
              "line 7: /type: found \"a.b\", expected a name without *, # and .");
    EXPECT_EQ(problem(R"({"specversion":"1.0","id":"1","source":"s","type":"A","subject":"User/1"})"),
              "line 7: /subject: found \"User/1\", expected <aggregate type>/<aggregate id>, e.g. user/42");
    EXPECT_EQ(problem(R"({"specversion":"1.0","id":"1","source":"s","type":"A","subject":"a/1","revision":0})"),
              "line 7: /revision: found 0, expected a whole number from 1 on");
    EXPECT_EQ(problem(R"({"specversion":"1.0","id":"1","source":"s","type":"A","subject":"a/1","time":"today"})"),
              "line 7: /time: found \"today\", expected RFC 3339, e.g. 2026-11-21T03:33:26Z");
    EXPECT_EQ(
        problem(R"({"specversion":"1.0","id":"1","source":"urn:lantern:store:x","type":"A","subject":"a/1"})"),
        "line 7: /id: found \"1\", expected the UUID of an event of urn:lantern:store:x");
    EXPECT_EQ(problem(R"({"specversion":"1.0","id":"1","source":"s","type":"A","subject":"a/1","metadata":[1]})"),
              "line 7: /metadata: found an array, expected a JSON object");
}

TEST(ImportLine, only_version_1_0_of_cloudevents_is_taken) {
    const auto of = [](const std::string& version) {
        return problem("{" + version + R"("id":"1","source":"s","type":"A","subject":"a/1"})");
    };
    const std::string expected = ", expected \"1.0\"";
    EXPECT_EQ(of(R"("specversion":"1.0",)"), "(none)");
    EXPECT_EQ(of(""), "line 7: /specversion: found none" + expected);
    EXPECT_EQ(of(R"("specversion":"0.3",)"), "line 7: /specversion: found \"0.3\"" + expected);
    EXPECT_EQ(of(R"("specversion":"1\n",)"), "line 7: /specversion: found \"1\\n\"" + expected);
    EXPECT_EQ(of(R"("specversion":1.0,)"), "line 7: /specversion: found a number" + expected);
    EXPECT_EQ(of(R"("specversion":null,)"), "line 7: /specversion: found null" + expected);
}

TEST(ImportLine, all_that_is_wrong_with_it_is_told_at_once) {
    EXPECT_EQ(problem(R"({"specversion":"0.3","id":"1","type":"A","subject":"a","schemaversion":"x"})"),
              "line 7: /specversion: found \"0.3\", expected \"1.0\"; line 7: /source: found none, expected text; "
              "line 7: /subject: found \"a\", expected <aggregate type>/<aggregate id>, e.g. user/42; "
              "line 7: /schemaversion: found \"x\", expected a whole number from 1 on");
}

TEST(ImportLine, of_several_members_with_one_name_the_last_counts_however_it_is_written) {
    const auto read = read_line(
        1,
        R"({"specversion":"1.0","id":"1","source":"s","type":"A","subject":"a/1","data":1,"d\u0061ta": {"b" : 2} })");
    ASSERT_TRUE(read);
    EXPECT_EQ(read.value().data, R"({"b" : 2})");
}

TEST(ImportLine, a_number_that_nobody_can_compute_with_is_refused) {
    const std::string before = R"({"specversion":"1.0","id":"1","source":"s","type":"A","subject":"a/1",)";
    const std::string beyond = "found a number that is too large to compute with, expected one up to 1.7e308";
    EXPECT_EQ(problem(before + R"("data":[{"n":1e400}]})"), "line 7: /data: " + beyond);
    EXPECT_EQ(problem(before + R"("tenant":-1e400})"), "line 7: /tenant: " + beyond);
    EXPECT_EQ(problem(before + R"("metadata":"{\"n\":1e400}"})"), "line 7: /metadata: " + beyond);
}

TEST(ImportLine, what_is_exported_is_read_back) {
    Event event;
    event.id = *Uuid::parse("01936b1c-7000-7000-8000-000000000001");
    event.revision = Revision{4};
    event.aggregate_type = "user";
    event.aggregate_id = "a \"b\"/c";
    event.type = "USER_UPDATED";
    event.schema_version = 2;
    event.recorded_at = *parse_iso8601("2026-11-21T03:33:26.000123Z");
    event.data = R"({"name":"Zoë"})";
    event.metadata = R"({"actor":{"id":"x"}})";
    const auto read = read_line(1, line_of(event, std::string(kStoreSource) + event.id.text()));
    ASSERT_TRUE(read) << read.error().front().text();
    const auto& line = read.value();
    EXPECT_EQ(line.event_id, event.id);
    EXPECT_EQ(line.aggregate_id, event.aggregate_id);
    EXPECT_EQ(line.revision, event.revision);
    EXPECT_EQ(line.schema_version, 2);
    EXPECT_EQ(line.recorded_at, event.recorded_at);
    EXPECT_EQ(line.data, event.data);
    EXPECT_EQ(line.metadata, event.metadata);
}

}  // namespace
}  // namespace lantern::backfill
