// The streams also run interleaved in other orders; the sums must come out equal.
#include <iostream>
#include <lantern/testing.hpp>

using namespace lantern::testing;

int main() try {
    ProjectionSpec(lantern_plugin)
        .given(event("MONEY_DEPOSITED", "bank_account/1", R"({"amount_cents": 1000})").at("2026-11-23T23:59:59Z"),
               event("MONEY_DEPOSITED", "bank_account/2", R"({"amount_cents": 50})").at("2026-11-23T09:00:00Z"),
               event("MONEY_WITHDRAWN", "bank_account/1", R"({"amount_cents": 300})").at("2026-11-24T00:00:00Z"))
        .then("daily_totals", R"([
            {"day": "2026-11-23", "deposits": 2, "deposited_cents": 1050, "withdrawals": 0, "withdrawn_cents": 0,
             "largest_cents": 1000},
            {"day": "2026-11-24", "deposits": 0, "deposited_cents": 0, "withdrawals": 1, "withdrawn_cents": 300,
             "largest_cents": 300}])");
} catch (const std::exception& failed) {
    std::cerr << failed.what() << '\n';
    return 1;
}
