// The aggregate `bank_account`: open, deposit, withdraw, close. Money is an integer of cents, and the balance never
// falls below zero, however many withdraw at once: each command is decided on the whole stream and appended at
// exactly the revision that it was decided on.
#include <lantern/plugin.hpp>

#include <algorithm>

namespace bank {
namespace {

namespace json = lantern::json;
using lantern::Command;
using lantern::Decision;

constexpr std::int64_t kAmountMax = 1'000'000'000'00;       // of one command
constexpr std::int64_t kBalanceMax = 1'000'000'000'000'00;  // far from the end of 64 bits
constexpr std::size_t kTextBytesMax = 200;

struct Account {
    std::string number, owner;
    std::int64_t balance_cents = 0;
    enum class Status { none, open, closed } status = Status::none;
};

constexpr std::string_view word(Account::Status status) {
    return status == Account::Status::closed ? "closed" : status == Account::Status::open ? "open" : "none";
}

// "de 12-34" and "DE1234" are one account number.
std::string normal(std::string_view number) {
    std::string out;
    for (const char c : number) {
        if (c == ' ' || c == '-') continue;
        out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return out;
}

// Text of 1 to 200 bytes; else the field is rejected, and what is returned must not be used.
std::string_view text(const Command& command, std::string_view field, Decision& decision) {
    const json::value* value = lantern::find(command.data(), field);
    const std::string_view given = value && value->is_string() ? lantern::from_json(value->get_string()) : "";
    if (given.empty() || given.size() > kTextBytesMax) decision.invalid(field, "must be text of 1 to 200 bytes");
    return given;
}

// Whole cents: 1.5, 1e2 and "100" are no amounts.
std::int64_t amount(const Command& command, Decision& decision) {
    const json::value* value = lantern::find(command.data(), "amount_cents");
    const std::int64_t cents = value && value->is_int64() ? value->get_int64() : 0;
    if (cents < 1 || cents > kAmountMax)
        decision.invalid("amount_cents", "must be an integer from 1 to " + std::to_string(kAmountMax));
    return cents;
}

bool is_open(const Account& account, Decision& decision) {
    if (account.status == Account::Status::none)
        decision.not_found("account_exists", "There is no such account.");
    else if (account.status == Account::Status::closed)
        decision.rule("account_open", "The account is closed.");
    return !decision.rejected();
}

void open(const Account& account, const Command& command, Decision& decision) {
    if (account.status != Account::Status::none)
        return decision.conflict("account_is_new", "The account exists already.");
    const std::string number = normal(text(command, "number", decision));
    const std::string_view owner = text(command, "owner", decision);
    if (!decision.rejected() && number.empty()) decision.invalid("number", "must have a letter or a digit");
    if (decision.rejected()) return;
    decision.emit("ACCOUNT_OPENED", 1, {{"number", number}, {"owner", lantern::to_json(owner)}});
}

void deposit(const Account& account, const Command& command, Decision& decision) {
    if (!is_open(account, decision)) return;
    const std::int64_t cents = amount(command, decision);
    const std::string_view reference = text(command, "reference", decision);
    if (decision.rejected()) return;
    if (account.balance_cents > kBalanceMax - cents)
        return decision.rule("balance_within_bounds", "No account holds so much.", "amount_cents");
    decision.emit("MONEY_DEPOSITED", 1, {{"amount_cents", cents}, {"reference", lantern::to_json(reference)}});
}

void withdraw(const Account& account, const Command& command, Decision& decision) {
    if (!is_open(account, decision)) return;
    const std::int64_t cents = amount(command, decision);
    const std::string_view reference = text(command, "reference", decision);
    if (decision.rejected()) return;
    if (cents > account.balance_cents)
        return decision.rule("sufficient_balance",
                             "The account holds " + std::to_string(account.balance_cents) + " cents.",
                             "amount_cents");
    decision.emit("MONEY_WITHDRAWN", 1, {{"amount_cents", cents}, {"reference", lantern::to_json(reference)}});
}

void close(const Account& account, const Command& command, Decision& decision) {
    if (!is_open(account, decision)) return;
    const std::string_view reason = text(command, "reason", decision);
    if (decision.rejected()) return;
    if (account.balance_cents != 0)
        return decision.rule("account_empty", "An account is closed when it is empty; it holds " +
                                                  std::to_string(account.balance_cents) + " cents.");
    decision.emit("ACCOUNT_CLOSED", 1, {{"reason", lantern::to_json(reason)}});
}

class BankAccount : public lantern::Aggregate {
public:
    using State = Account;

    static lantern::Description describe() {
        return lantern::Description("bank_account", "1.0.0")
            .aggregate_type("bank_account")
            .on("ACCOUNT_OPENED")
            .on("MONEY_DEPOSITED")
            .on("MONEY_WITHDRAWN")
            .on("ACCOUNT_CLOSED")
            .commands({"open", "deposit", "withdraw", "close"});
    }

    static void evolve(Account& account, const lantern::Event& event) {
        if (event.type() == "ACCOUNT_OPENED") {
            account.number = event.text("number");
            account.owner = event.text("owner");
            account.status = Account::Status::open;
        } else if (event.type() == "MONEY_DEPOSITED") {
            account.balance_cents += event.integer("amount_cents");
        } else if (event.type() == "MONEY_WITHDRAWN") {
            account.balance_cents -= event.integer("amount_cents");
        } else {
            account.status = Account::Status::closed;
        }
    }

    static void decide(const Account& account, const Command& command, Decision& decision) {
        if (command.name() == "open") return open(account, command, decision);
        if (command.name() == "deposit") return deposit(account, command, decision);
        if (command.name() == "withdraw") return withdraw(account, command, decision);
        if (command.name() == "close") return close(account, command, decision);
        throw std::invalid_argument("unknown command " + std::string(command.name()));
    }

    // A number belongs to one open account; that of a closed one may be given away again.
    static void unique_keys(const Account& account, lantern::UniqueKeys& keys) {
        if (account.status == Account::Status::open) keys.hold("number", account.number);
    }
    static std::string lookup_key(std::string_view, std::string_view typed) { return normal(typed); }

    static json::object save(const Account& account) {
        return {{"number", account.number},
                {"owner", account.owner},
                {"balance_cents", account.balance_cents},
                {"status", lantern::to_json(word(account.status))}};
    }
    static void load(Account& account, const json::object& saved) {
        account.number = lantern::text(saved, "number");
        account.owner = lantern::text(saved, "owner");
        account.balance_cents = lantern::integer(saved, "balance_cents");
        for (const auto status : {Account::Status::none, Account::Status::open, Account::Status::closed})
            if (word(status) == lantern::text(saved, "status")) account.status = status;
    }
};

}  // namespace
}  // namespace bank

LANTERN_PLUGIN(bank::BankAccount)
