// Table balances: every account as it is now. A row belongs to one stream, so one worker at a time writes it: the
// balance is found, changed and put back, exactly once for each event.
#include <lantern/plugin.hpp>

using lantern::Type;

constexpr auto kBalances = lantern::Table::owned("balances")
                               .key("id", Type::text)
                               .column("number", Type::text)
                               .column("owner", Type::text)
                               .column("balance_cents", Type::integer)
                               .column("status", Type::text)
                               .column("opened_at", Type::time)
                               .column("changed_at", Type::time)
                               .index({"owner", "opened_at"})
                               .index({"owner", "balance_cents"})
                               .index({"opened_at"})
                               .index({"balance_cents"});

class Balances : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("balances", "1.0.0")
            .on("ACCOUNT_OPENED")
            .on("MONEY_DEPOSITED")
            .on("MONEY_WITHDRAWN")
            .on("ACCOUNT_CLOSED")
            .schema_version(1)
            .table(kBalances);
    }

    // The rows of a whole batch are then read with one statement.
    void keys(const lantern::Event& event, lantern::WantedKeys& wanted) {
        if (event.type() != "ACCOUNT_OPENED") wanted.want(kBalances, event.aggregate_id());
    }

    void handle(const lantern::Event& event, lantern::Changes& changes) {
        if (event.type() == "ACCOUNT_OPENED") {
            changes.upsert(kBalances, event.aggregate_id(),
                           {{kBalances["number"], event.text("number")},
                            {kBalances["owner"], event.text("owner")},
                            {kBalances["balance_cents"], 0},
                            {kBalances["status"], "open"},
                            {kBalances["opened_at"], event.recorded_at()},
                            {kBalances["changed_at"], event.recorded_at()}});
        } else if (event.type() == "ACCOUNT_CLOSED") {
            changes.patch(kBalances, event.aggregate_id(),
                          {{kBalances["status"], "closed"}, {kBalances["changed_at"], event.recorded_at()}});
        } else {
            const std::int64_t cents = event.integer("amount_cents");
            const auto row = changes.find(kBalances, event.aggregate_id());
            if (!row) throw std::runtime_error("money moved on an account that was never opened");
            const std::int64_t before = row->integer(kBalances["balance_cents"]);
            changes.patch(
                kBalances, event.aggregate_id(),
                {{kBalances["balance_cents"], event.type() == "MONEY_DEPOSITED" ? before + cents : before - cents},
                 {kBalances["changed_at"], event.recorded_at()}});
        }
    }
};

LANTERN_PLUGIN(Balances)
