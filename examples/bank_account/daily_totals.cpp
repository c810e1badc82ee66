// Table daily_totals: what the whole bank moved on each day (UTC). All accounts feed a day's row, and there is no
// order across accounts; so the table is shared, and its columns are only ever added to.
#include <lantern/plugin.hpp>

using lantern::Type;

constexpr auto kDays = lantern::Table::shared("daily_totals")
                           .key("day", Type::date)
                           .add("deposits")
                           .add("deposited_cents")
                           .add("withdrawals")
                           .add("withdrawn_cents")
                           .greatest("largest_cents", Type::integer);

class DailyTotals : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("daily_totals", "1.0.0")
            .on("MONEY_DEPOSITED")
            .on("MONEY_WITHDRAWN")
            .schema_version(1)
            .table(kDays);
    }

    void handle(const lantern::Event& event, lantern::Changes& changes) {
        const auto day = lantern::day_of(event.recorded_at());
        const std::int64_t cents = event.integer("amount_cents");
        if (event.type() == "MONEY_DEPOSITED")
            changes.add(kDays, day, {{kDays["deposits"], 1}, {kDays["deposited_cents"], cents}});
        else
            changes.add(kDays, day, {{kDays["withdrawals"], 1}, {kDays["withdrawn_cents"], cents}});
        changes.greatest(kDays, day, {{kDays["largest_cents"], cents}});
    }
};

LANTERN_PLUGIN(DailyTotals)
