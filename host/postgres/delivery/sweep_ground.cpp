#include "host/postgres/delivery/sweep_ground.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

using sweep::Behind;
using sweep::Verified;

const Statement kPublished = statement("leadership_progress");
const Statement kHandlers = statement("sweep_handlers");
const Statement kLook = statement("sweep_look");
const Statement kNote = statement("sweep_note");
const Statement kAdvance = statement("sweep_advance");

}  // namespace

SweepGround::SweepGround(const std::string& url)
    : connection_({.url = url, .application_name = "lantern sweep", .search_path = "lantern"}) {}

Mark SweepGround::published() {
    connection_.ensure();
    const auto rows = connection_.exec(kPublished, Params{}.add("relay"));
    if (rows.empty()) return {};
    return {Position{rows.integer(0, 0)}, rows.text(0, 1), Position{rows.integer(0, 2)}};
}

std::vector<sweep::Standing> SweepGround::handlers() {
    connection_.ensure();
    const auto rows = connection_.exec(kHandlers);
    std::vector<sweep::Standing> all;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto& at = all.emplace_back();
        at.handler = HandlerName{rows.text(row, 0)};
        at.verified.mark.floor = Position{rows.integer(row, 1)};
        at.verified.mark.snapshot = rows.text(row, 2);
        if (!rows.null(row, 4))
            at.verified.target =
                Mark{Position{rows.integer(row, 3)}, rows.text(row, 4), Position{rows.integer(row, 5)}};
        at.verified.cursor = Position{rows.integer(row, 6)};
    }
    return all;
}

std::vector<sweep::Look> SweepGround::look(std::span<const HandlerName> handlers, const Mark& from, const Mark& to,
                                           Position after, std::size_t limit) {
    connection_.ensure();
    Params params;
    params.add(array_of(handlers, [](const HandlerName& name) { return std::string_view(name.value); }));
    params.add(from.floor.value).add(from.snapshot).add(to.snapshot).add(to.ceiling.value).add(after.value);
    params.add(static_cast<std::int64_t>(limit));
    const auto rows = connection_.exec(kLook, params);
    std::vector<sweep::Look> looks;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (looks.empty() || looks.back().handler.value != rows.view(row, 0))
            looks.push_back(
                {HandlerName{rows.text(row, 0)}, Position{rows.integer(row, 1)}, rows.boolean(row, 2), {}});
        if (rows.null(row, 3)) continue;
        looks.back().behind.push_back({StreamId{rows.integer(row, 3)}, Revision{rows.integer(row, 4)},
                                       Position{rows.integer(row, 5)}, rows.boolean(row, 6)});
    }
    return looks;
}

void SweepGround::note(const HandlerName& handler, std::span<const Behind> behind) {
    connection_.ensure();
    Params params;
    params.add(handler.value);
    params.add(array_of(behind, [](const Behind& of) { return of.stream.value; }));
    params.add(array_of(behind, [](const Behind& of) { return of.revision.value; }));
    connection_.exec(kNote, params);
}

bool SweepGround::advance(const HandlerName& handler, const Verified& before, const Verified& after) {
    connection_.ensure();
    Params params;
    params.add(handler.value).add(before.mark.floor.value).add(before.mark.snapshot);
    params.add(before.target ? std::optional(before.target->snapshot) : std::nullopt).add(before.cursor.value);
    params.add(after.mark.floor.value).add(after.mark.snapshot);
    if (after.target) {
        params.add(after.target->floor.value).add(after.target->snapshot).add(after.target->ceiling.value);
    } else {
        params.add_null().add_null().add_null();
    }
    params.add(after.cursor.value);
    return connection_.exec(kAdvance, params).affected() == 1;
}

}  // namespace lantern::postgres
