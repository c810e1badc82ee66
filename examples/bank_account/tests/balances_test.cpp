// The events also run redelivered, rolled back, replayed and interleaved; the table must come out equal.
#include <iostream>
#include <lantern/testing.hpp>

using namespace lantern::testing;

int main() try {
    ProjectionSpec(lantern_plugin)
        .given(event("ACCOUNT_OPENED", "bank_account/1", R"({"number": "DE1", "owner": "ann"})"),
               event("ACCOUNT_OPENED", "bank_account/2", R"({"number": "DE2", "owner": "bob"})"),
               event("MONEY_DEPOSITED", "bank_account/1", R"({"amount_cents": 1000, "reference": "salary"})"),
               event("MONEY_WITHDRAWN", "bank_account/1", R"({"amount_cents": 250, "reference": "rent"})"),
               event("ACCOUNT_CLOSED", "bank_account/2", R"({"reason": "moved"})"))
        .then("balances", R"([
            {"id": "1", "number": "DE1", "owner": "ann", "balance_cents": 750, "status": "open"},
            {"id": "2", "number": "DE2", "owner": "bob", "balance_cents": 0, "status": "closed"}])");
} catch (const std::exception& failed) {
    std::cerr << failed.what() << '\n';
    return 1;
}
