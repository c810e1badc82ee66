// The kit must catch an aggregate that is not pure, or whose saved state loses something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/plugin.hpp>
#include <lantern/testing.hpp>

namespace {

namespace kit = lantern::testing;
namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <class Plugin>
constexpr lantern_plugin_v1 kPlugin = lantern::sdk_v1::border::plugin<Plugin>();

class Account : public lantern::Aggregate {
public:
    struct State {
        std::int64_t balance = 0;
        std::string owner;
    };
    static lantern::Description describe() {
        return lantern::Description("account", "1")
            .aggregate_type("account")
            .on("PAID")
            .commands({"pay", "ask", "bad"});
    }
    static void evolve(State& state, const lantern::Event& event) {
        state.balance += event.integer("amount");
        state.owner = event.actor();
    }
    static void decide(const State& state, const lantern::Command& command, lantern::Decision& decision) {
        if (command.name() == "bad") throw std::logic_error("not that");
        if (command.name() == "ask") return decision.ask("same", "password.hash", {{"password", "x"}});
        const auto amount = lantern::integer(command.data(), "amount");
        if (state.balance + amount < 0) return decision.rule("covered", "There is not enough.", "amount");
        decision.emit("PAID", 1, {{"amount", amount}, {"id", lantern::to_json(command.fresh_id())}});
    }
    static void unique_keys(const State& state, lantern::UniqueKeys& keys) {
        if (!state.owner.empty()) keys.hold("owner", state.owner);
    }
    static json::object save(const State& state) { return {{"balance", state.balance}, {"owner", state.owner}}; }
    static void load(State& state, const json::object& saved) {
        state.balance = lantern::integer(saved, "balance");
        state.owner = lantern::text(saved, "owner");
    }
};

class Impure : public Account {
public:
    static void decide(const State&, const lantern::Command&, lantern::Decision& decision) {
        static int calls = 0;
        decision.emit("PAID", 1, {{"amount", ++calls}});
    }
};

class Forgetful : public Account {
public:
    static json::object save(const State&) { return {{"balance", 0}, {"owner", ""}}; }
};

kit::GivenEvent paid(int amount) {
    return kit::event("PAID", "account/7", json::serialize(json::object{{"amount", amount}})).by("sarah");
}

TEST(AggregateSpec, GivenWhenThen) {
    kit::AggregateSpec(kPlugin<Account>)
        .given(paid(5))
        .when("pay", R"({"amount": -3})")
        .then_emitted({{"PAID", R"({"amount": -3, "id": "01900000-0000-7000-9000-000000000001"})", 1}});
    kit::AggregateSpec(kPlugin<Account>)
        .given(paid(5))
        .when("pay", R"({"amount": -6})")
        .then_rejected(LANTERN_RULE, "covered")
        .then_rejected(LANTERN_RULE, "amount")
        .then_keys({"owner:sarah"});
}

TEST(AggregateSpec, ShowsWhatWasDecidedInstead) {
    kit::AggregateSpec spec(kPlugin<Account>);
    spec.given(paid(5)).when("pay", R"({"amount": -6})");
    EXPECT_THAT([&] { spec.then_nothing(); }, ThrowsMessage<kit::Failure>(HasSubstr("There is not enough.")));
    EXPECT_THAT([&] { spec.then_rejected(LANTERN_RULE, "x"); }, ThrowsMessage<kit::Failure>(HasSubstr("covered")));
}

TEST(AggregateSpec, CatchesADecisionThatIsNotPure) {
    EXPECT_THAT([] { kit::AggregateSpec(kPlugin<Impure>).when("pay"); },
                ThrowsMessage<kit::Failure>(HasSubstr("not pure")));
}

TEST(AggregateSpec, CatchesASavedStateThatDecidesOtherwise) {
    EXPECT_THAT([] { kit::AggregateSpec(kPlugin<Forgetful>).given(paid(5)).when("pay", R"({"amount": -3})"); },
                ThrowsMessage<kit::Failure>(HasSubstr("decides otherwise")));
}

TEST(AggregateSpec, CatchesAskingWithoutEnd) {
    EXPECT_THAT([] { kit::AggregateSpec(kPlugin<Account>).when("ask"); },
                ThrowsMessage<kit::Failure>(HasSubstr("without end")));
}

TEST(AggregateSpec, WhatDecideThrowsIsADefectWithItsText) {
    EXPECT_THAT([] { kit::AggregateSpec(kPlugin<Account>).when("bad"); },
                ThrowsMessage<kit::Failure>(HasSubstr("not that")));
}

}  // namespace
