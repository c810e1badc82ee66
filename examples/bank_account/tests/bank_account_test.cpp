// What is not as expected throws, with the difference.
#include <iostream>
#include <lantern/testing.hpp>

using namespace lantern::testing;

namespace {

GivenEvent opened() {
    return event("ACCOUNT_OPENED", "bank_account/1", R"({"number": "DE1234", "owner": "ann"})");
}
GivenEvent deposited(int cents) {
    return event("MONEY_DEPOSITED", "bank_account/1",
                 R"({"reference": "r", "amount_cents": )" + std::to_string(cents) + "}");
}
GivenEvent closed() {
    return event("ACCOUNT_CLOSED", "bank_account/1", R"({"reason": "moved"})");
}

void opens() {
    AggregateSpec(lantern_plugin)
        .when("open", R"({"number": "de 12-34", "owner": "ann"})")
        .then_emitted({{"ACCOUNT_OPENED", R"({"number": "DE1234", "owner": "ann"})"}})
        .then_keys({"number:DE1234"});
    AggregateSpec(lantern_plugin).when("open", R"({"number": " - "})").then_rejected(LANTERN_INVALID, "owner");
    AggregateSpec(lantern_plugin)
        .when("open", R"({"number": " - ", "owner": "ann"})")
        .then_rejected(LANTERN_INVALID, "number");
}

void moves_money() {
    AggregateSpec(lantern_plugin)
        .given(opened(), deposited(100))
        .when("withdraw", R"({"amount_cents": 100, "reference": "rent"})")
        .then_emitted({{"MONEY_WITHDRAWN", R"({"amount_cents": 100, "reference": "rent"})"}});
    AggregateSpec(lantern_plugin)
        .given(opened(), deposited(100))
        .when("withdraw", R"({"amount_cents": 101, "reference": "rent"})")
        .then_rejected(LANTERN_RULE, "sufficient_balance");
    AggregateSpec(lantern_plugin)
        .when("deposit", R"({"amount_cents": 1, "reference": "rent"})")
        .then_rejected(LANTERN_NOT_FOUND, "account_exists");
    for (const char* amount : {"0", "-1", "1.5", "1e2", "\"100\"", "null", "100000000001", "18446744073709551615"})
        AggregateSpec(lantern_plugin)
            .given(opened(), deposited(100))
            .when("deposit", std::string(R"({"reference": "r", "amount_cents": )") + amount + "}")
            .then_rejected(LANTERN_INVALID, "amount_cents");
}

void closes() {
    AggregateSpec(lantern_plugin)
        .given(opened(), deposited(1))
        .when("close", R"({"reason": "moved"})")
        .then_rejected(LANTERN_RULE, "account_empty");
    AggregateSpec(lantern_plugin)
        .given(opened())
        .when("close", R"({"reason": "moved"})")
        .then_emitted({{"ACCOUNT_CLOSED", R"({"reason": "moved"})"}})
        .then_keys({});
    AggregateSpec(lantern_plugin)
        .given(opened(), closed())
        .when("deposit", R"({"amount_cents": 1, "reference": "late"})")
        .then_rejected(LANTERN_RULE, "account_open");
}

}  // namespace

int main() try {
    opens();
    moves_money();
    closes();
} catch (const std::exception& failed) {
    std::cerr << failed.what() << '\n';
    return 1;
}
