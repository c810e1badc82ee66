#include "host/sweep/sweep.hpp"

#include <algorithm>

#include "host/core/assert.hpp"

namespace lantern::sweep {

Milliseconds Sweep::pass(const Stop& stop) {
    noted_ = false;
    const Mark published = ground_.published();
    auto standing = ground_.handlers();
    if (published_before_) give_targets(standing, *published_before_);
    published_before_ = published;
    std::erase_if(standing, [](const Standing& at) { return !at.verified.target; });
    while (!standing.empty()) {
        // Who stands at the same place shares the page that is read there.
        std::map<Place, std::vector<Standing>> places;
        for (auto& at : standing) places[place_of(at.verified)].push_back(std::move(at));
        standing.clear();
        for (const auto& [place, there] : places) {
            if (stop()) return Milliseconds{0};
            look_at(there, standing);
        }
    }
    return noted_ ? limits::kSweepSoon : limits::kSweepEvery;
}

Sweep::Place Sweep::place_of(const Verified& at) {
    return {at.mark.floor.value, at.mark.snapshot, at.target->snapshot, at.cursor.value};
}

void Sweep::give_targets(std::vector<Standing>& all, const Mark& target) {
    for (auto& at : all) {
        if (at.verified.target || at.verified.mark.snapshot == target.snapshot) continue;
        Verified next = at.verified;
        next.target = target;
        next.cursor = Position{};
        if (ground_.advance(at.handler, at.verified, next)) at.verified = std::move(next);
    }
}

void Sweep::look_at(const std::vector<Standing>& there, std::vector<Standing>& next) {
    std::vector<HandlerName> handlers;
    for (const auto& at : there) handlers.push_back(at.handler);
    const Verified& place = there.front().verified;
    for (const Look& look : ground_.look(handlers, place.mark, *place.target, place.cursor, page_events_)) {
        const auto from =
            std::find_if(there.begin(), there.end(), [&](const auto& at) { return at.handler == look.handler; });
        LANTERN_ASSERT(from != there.end(), "a look is at a handler that was asked for");
        if (auto moved = move(*from, look)) next.push_back(*std::move(moved));
    }
}

// Nothing: it stays here until the next pass.
std::optional<Standing> Sweep::move(const Standing& from, const Look& look) {
    std::vector<Behind> overdue;
    for (const Behind& behind : look.behind)
        if (behind.overdue) overdue.push_back(behind);
    if (!overdue.empty()) {
        ground_.note(from.handler, overdue);
        noted_ = true;
    }
    Standing moved = from;
    if (!look.behind.empty()) {
        // Up to the first that is behind, and not over it.
        moved.verified.cursor = Position{look.behind.front().position.value - 1};
    } else if (look.last) {
        moved.verified = {*from.verified.target, std::nullopt, Position{}};
    } else {
        moved.verified.cursor = look.reached;
    }
    if (moved.verified == from.verified || !ground_.advance(from.handler, from.verified, moved.verified))
        return std::nullopt;
    if (!look.behind.empty() || look.last) return std::nullopt;
    return moved;
}

}  // namespace lantern::sweep
