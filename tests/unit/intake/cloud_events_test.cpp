#include "host/intake/cloud_events.hpp"

#include <gmock/gmock.h>

#include "host/core/limits.hpp"

namespace lantern::intake {
namespace {

using testing::HasSubstr;

constexpr const char* kOne = R"({"specversion":"1.0","source":"shop","id":"1","type":"PLACED","subject":"order/7",)"
                             R"("data":{ "n" : 1.50 },"tenant":"north"})";
constexpr std::string_view kStructured = "application/cloudevents+json; charset=utf-8";
constexpr std::string_view kBatch = "application/cloudevents-batch+json";

std::vector<std::pair<std::string, std::string>> attributes(const std::string& more = {},
                                                            const std::string& value = {}) {
    std::vector<std::pair<std::string, std::string>> all{
        {"specversion", "1.0"}, {"source", "shop"}, {"id", "1"}, {"type", "PLACED"}, {"subject", "order/7"}};
    if (!more.empty()) all.emplace_back(more, value);
    return all;
}

command::Problem refused(const Parcel& parcel) {
    const auto contents = read_parcel(parcel);
    EXPECT_FALSE(contents) << parcel.body;
    return contents ? command::Problem{} : contents.error();
}

TEST(CloudEvents, TheModesMeanTheSame) {
    const auto structured = read_parcel({kStructured, {}, kOne});
    ASSERT_TRUE(structured);
    EXPECT_EQ(structured.value().form, Form::single);
    const std::string two = std::string(" [") + kOne + ",\n" + kOne + " ] ";
    const auto batch = read_parcel({kBatch, {}, two});
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch.value().form, Form::batch);
    ASSERT_EQ(batch.value().events.size(), 2u);
    EXPECT_EQ(batch.value().events[1].number, 2);
    const auto binary = read_parcel({"application/json", attributes("tenant", "north"), R"({ "n" : 1.50 })"});
    ASSERT_TRUE(binary);
    for (const auto* event : {&structured.value().events[0], &batch.value().events[0], &batch.value().events[1],
                              &binary.value().events[0]}) {
        EXPECT_EQ(event->source, "shop");
        EXPECT_EQ(event->id, "1");
        EXPECT_EQ(event->aggregate_type, "order");
        EXPECT_EQ(event->aggregate_id, "7");
        EXPECT_EQ(event->data, R"({ "n" : 1.50 })") << "byte for byte";
        EXPECT_THAT(event->metadata, HasSubstr(R"("tenant":"north")"));
        EXPECT_FALSE(event->revision);
    }
}

TEST(CloudEvents, TextOfAttributesIsANumberWhereOneIsExpected) {
    const auto next = read_parcel({"application/json", attributes("expectedrevision", "0"), "1"});
    ASSERT_TRUE(next);
    EXPECT_EQ(next.value().events[0].revision, Revision{1});
    EXPECT_EQ(read_parcel({"application/json", attributes("revision", "4"), "1"}).value().events[0].revision,
              Revision{4});
    EXPECT_EQ(refused({"application/json", attributes("revision", "04x"), "1"}).errors.at(0).pointer, "/revision");
    const auto without = read_parcel({"", attributes(), ""});
    ASSERT_TRUE(without);
    EXPECT_EQ(without.value().events[0].data, "null");
}

TEST(CloudEvents, AnAttributeCannotBreakOutOfItsPlace) {
    const auto read = read_parcel({"application/json", attributes("note", R"(","id":"2","data":"x)"), "1"});
    ASSERT_TRUE(read);
    EXPECT_EQ(read.value().events[0].id, "1");
    EXPECT_EQ(read.value().events[0].data, "1");
}

TEST(CloudEvents, OtherMediaAreRefusedAsSuch) {
    EXPECT_EQ(refused({"application/json", {}, kOne}).status, 415);
    EXPECT_EQ(refused({"text/plain", attributes(), "x"}).status, 415);
    EXPECT_EQ(refused({"application/cloudevents+avro", attributes(), "x"}).status, 415);
    EXPECT_EQ(refused({"", {}, ""}).status, 415);
}

TEST(CloudEvents, WhatIsMalformedIsToldWithItsPlace) {
    EXPECT_THAT(refused({kStructured, {}, "{\n \"a\" 1}"}).detail, HasSubstr("line 2, column 6"));
    EXPECT_EQ(refused({kStructured, {}, "{} {}"}).status, 400);
    EXPECT_EQ(refused({kStructured, {}, "[]"}).status, 400);
    EXPECT_EQ(refused({kBatch, {}, "{}"}).status, 400);
    EXPECT_EQ(refused({kBatch, {}, "[]"}).status, 400);
    EXPECT_EQ(refused({kStructured, {}, std::string(40, '[') + std::string(40, ']')}).status, 400) << "too deep";
    const auto several = refused({kBatch, {}, std::string("[") + kOne + R"(, {"specversion":"1.0"}, 7])"});
    EXPECT_EQ(several.status, 400);
    std::vector<std::string> pointers;
    for (const auto& error : several.errors) pointers.push_back(error.pointer);
    EXPECT_THAT(pointers, testing::ElementsAre("/1/source", "/1/id", "/1/type", "/1/subject", "/2"));
}

TEST(CloudEvents, ABatchIsBounded) {
    std::string many = "[";
    for (std::size_t n = 0; n <= limits::kIntakeEventsMax; ++n) many += std::string(n ? "," : "") + kOne;
    EXPECT_EQ(refused({kBatch, {}, many + "]"}).status, 413);
}

}  // namespace
}  // namespace lantern::intake
