#include "host/postgres/delivery/history.hpp"

#include <limits>

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/store/event_rows.hpp"
#include "host/postgres/store/incarnation.hpp"

namespace lantern::postgres {
namespace {

const Statement kBetween = statement("history_between");
const Statement kPage = statement("history_page");
const Statement kWas = statement("was_incarnation");

constexpr auto kNoEnd = std::numeric_limits<std::int64_t>::max();

void add_routes(Params& params, const Routes& routes) {
    params.add(array_of(routes.all(), [](const Route& route) { return std::string_view(route.event_type); }));
    params.add(array_of(routes.all(), [](const Route& route) { return route.begin.value; }));
    params.add(array_of(routes.all(), [](const Route& route) { return route.end ? route.end->value : kNoEnd; }));
}

}  // namespace

worker::Filled History::between(std::span<const worker::Gap> gaps, const Routes& routes, std::size_t limit) {
    using worker::Gap;
    worker::Filled filled;
    if (gaps.empty()) return filled;
    Params params;
    params.add(array_of(gaps, [](const Gap& gap) { return gap.stream.value; }));
    params.add(array_of(gaps, [](const Gap& gap) { return gap.after.value; }));
    params.add(array_of(gaps, [](const Gap& gap) { return gap.before ? gap.before->value : kNoEnd; }));
    add_routes(params, routes);
    params.add(static_cast<std::int64_t>(limit) + 1);
    filled.events = read_events(connection_.exec(kBetween, params));
    filled.complete = filled.events.size() <= limit;
    if (!filled.complete) filled.events.pop_back();
    return filled;
}

std::vector<Event> History::page(Partition partition, int partitions, const Routes& routes, Position after,
                                 Position until, std::size_t limit) {
    Params params;
    params.add(partition.value).add(partitions).add(after.value).add(until.value);
    add_routes(params, routes);
    params.add(static_cast<std::int64_t>(limit));
    return read_events(connection_.exec(kPage, params));
}

Uuid History::incarnation() {
    return read_incarnation(connection_);
}

bool History::was(const Uuid& incarnation) {
    return connection_.exec(kWas, Params{}.add(incarnation)).boolean(0, 0);
}

}  // namespace lantern::postgres
