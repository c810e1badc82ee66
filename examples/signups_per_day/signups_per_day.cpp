// How many users signed up on each day (UTC). Many streams feed one row, so the table is shared, and a day is only
// ever added to: the order in which streams arrive cannot matter.
#include <lantern/plugin.hpp>

using lantern::Type;

constexpr auto kDays = lantern::Table::shared("signups_per_day").key("day", Type::date).add("count");

class SignupsPerDay : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("signups_per_day", "1.0.0")
            .on("USER_CREATED", 2)
            .schema_version(1)
            .table(kDays);
    }

    void handle(const lantern::Event& event, lantern::Changes& changes) {
        changes.add(kDays, lantern::day_of(event.recorded_at()), kDays["count"], 1);
    }
};

LANTERN_PLUGIN(SignupsPerDay)
