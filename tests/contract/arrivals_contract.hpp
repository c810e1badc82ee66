// What every intake::Arrivals must do. A World has arrivals(), another() of the same store, head(id) of the streams
// "order/<id>", and counter(name); it is made anew for each test.
#pragma once

#include <gmock/gmock.h>

#include "host/core/clock.hpp"
#include "host/intake/ports.hpp"

namespace lantern::contract {

template <class World>
class ArrivalsContract : public ::testing::Test {
protected:
    using Kind = intake::Refusal::Kind;

    intake::Arrival event(const std::string& id, const std::string& stream,
                          const std::string& data = R"({"n": 1})") {
        intake::Arrival event;
        event.source = "shop";
        event.id = id;
        event.event_id = Uuid::v7(clock_.now(), random_.next(), random_.next());
        event.aggregate_type = "order";
        event.aggregate_id = stream;
        event.type = "PLACED";
        event.data = data;
        event.metadata = R"({"actor":"tester"})";
        return event;
    }
    intake::Arrival at(intake::Arrival event, std::int64_t revision) {
        event.revision = Revision{revision};
        return event;
    }
    Result<std::vector<intake::Recorded>, intake::Refusal> append(std::vector<intake::Arrival> events) {
        return world_.arrivals().append({std::move(events), {}, {}, {}});
    }
    std::int64_t revision(std::vector<intake::Arrival> events) {
        const auto recorded = append(std::move(events));
        return recorded ? recorded.value().back().revision.value : -1;
    }

    World world_;
    SystemClock clock_;
    SystemRandom random_;
};
TYPED_TEST_SUITE_P(ArrivalsContract);

TYPED_TEST_P(ArrivalsContract, EventsOfSeveralStreamsAreAppendedInTheirOrder) {
    const auto a = this->event("1", "a"), b = this->event("2", "b"), c = this->event("3", "a", "null");
    const auto recorded = this->append({a, b, c});
    ASSERT_TRUE(recorded);
    using R = intake::Recorded;
    EXPECT_EQ(recorded.value(), (std::vector<R>{{*a.event_id, Revision{1}, false},
                                                {*b.event_id, Revision{1}, false},
                                                {*c.event_id, Revision{2}, false}}));
    EXPECT_EQ(this->world_.head("a"), 2);
}

TYPED_TEST_P(ArrivalsContract, WhatComesAgainStandsWhereItStood) {
    const auto first = this->append({this->event("1", "a")});
    ASSERT_TRUE(first);
    ASSERT_EQ(this->revision({this->event("2", "a")}), 2);
    const auto again = this->world_.another().append(
        {{this->event("3", "a"), this->event("1", "a", R"({ "n" : 1 })")}, {}, {}, {}});
    ASSERT_TRUE(again);
    EXPECT_FALSE(again.value()[0].known);
    EXPECT_EQ(again.value()[0].revision, Revision{3});
    EXPECT_TRUE(again.value()[1].known);
    EXPECT_EQ(again.value()[1].event, first.value()[0].event);
    EXPECT_EQ(again.value()[1].revision, Revision{1});
    EXPECT_THAT(this->world_.arrivals().known(std::vector{this->event("1", "a"), this->event("9", "a")}),
                testing::ElementsAre(true, false));
}

TYPED_TEST_P(ArrivalsContract, TheSameIdOfAnotherEventIsRefusedWithAll) {
    ASSERT_EQ(this->revision({this->event("1", "a")}), 1);
    auto other = this->event("1", "a");
    other.type = "PAID";
    for (const auto& reused : {this->event("1", "a", R"({"n": 2})"), this->event("1", "b"), other}) {
        const auto refused = this->append({this->event("2", "a"), reused});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, intake::Refusal::Kind::reused);
        EXPECT_EQ(refused.error().number, 2);
    }
    EXPECT_EQ(this->world_.head("a"), 1);
}

TYPED_TEST_P(ArrivalsContract, AnExpectedRevisionIsMetOrNothingIsAppended) {
    ASSERT_EQ(this->revision({this->at(this->event("1", "a"), 1), this->at(this->event("2", "a"), 2)}), 2);
    const auto refused = this->append({this->event("3", "b"), this->at(this->event("4", "a"), 7)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, intake::Refusal::Kind::revision);
    EXPECT_EQ(refused.error().number, 2);
    EXPECT_EQ(refused.error().next, Revision{3});
    EXPECT_EQ(this->world_.head("b"), 0);
    EXPECT_EQ(this->revision({this->at(this->event("2", "a"), 2)}), 2) << "known: its place is not asked again";
}

TYPED_TEST_P(ArrivalsContract, UniqueKeysMoveOnlyFromTheHeadThatWasSeen) {
    const intake::StreamName a{"order", "a"}, b{"order", "b"};
    const command::UniqueKey key{"number", "7"};
    auto& arrivals = this->world_.arrivals();
    ASSERT_TRUE(arrivals.append({{this->event("1", "a")}, {{a, Revision{0}}}, {{a, key}}, {}}));
    const auto moved = arrivals.append({{this->event("2", "a")}, {{a, Revision{0}}}, {}, {{a, key}}});
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().kind, intake::Refusal::Kind::moved);
    const auto taken = arrivals.append({{this->event("3", "b")}, {{b, Revision{0}}}, {{b, key}}, {}});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().kind, intake::Refusal::Kind::key_taken);
    EXPECT_EQ(taken.error().scope, "number");
    EXPECT_EQ(taken.error().stream, b);
    ASSERT_TRUE(arrivals.append({{this->event("2", "a")}, {{a, Revision{1}}}, {}, {{a, key}}}));
    ASSERT_TRUE(arrivals.append({{this->event("3", "b")}, {{b, Revision{0}}}, {{b, key}}, {}}));
}

TYPED_TEST_P(ArrivalsContract, CountersMoveWithTheEventsAndOnlyOnce) {
    auto& arrivals = this->world_.arrivals();
    ASSERT_TRUE(arrivals.append({{this->event("1", "a")}, {}, {}, {}, {{"clerks", -1}, {"open", 2}}}));
    ASSERT_TRUE(arrivals.append({{this->event("2", "a")}, {}, {}, {}, {{"open", 3}}}));
    ASSERT_TRUE(arrivals.append({{this->event("2", "a")}, {}, {}, {}, {{"open", 3}}})) << "known: nothing moves";
    ASSERT_FALSE(arrivals.append({{this->at(this->event("3", "a"), 9)}, {}, {}, {}, {{"open", 3}}}));
    EXPECT_EQ(this->world_.counter("open"), 5);
    EXPECT_EQ(this->world_.counter("clerks"), -1) << "what has happened is below no minimum";
}

REGISTER_TYPED_TEST_SUITE_P(ArrivalsContract, EventsOfSeveralStreamsAreAppendedInTheirOrder,
                            WhatComesAgainStandsWhereItStood, TheSameIdOfAnotherEventIsRefusedWithAll,
                            AnExpectedRevisionIsMetOrNothingIsAppended, UniqueKeysMoveOnlyFromTheHeadThatWasSeen,
                            CountersMoveWithTheEventsAndOnlyOnce);

}  // namespace lantern::contract
