#include "tests/sim/sweeping.hpp"

#include <algorithm>

namespace lantern::sim {

using worker::StreamRow;
using worker::StreamState;

Handler& GroundPort::named(const HandlerName& name) const {
    const auto at = std::find_if(handlers_.begin(), handlers_.end(),
                                 [&](const auto& handler) { return handler->settings.name == name; });
    return **at;
}

Mark GroundPort::published() {
    return world_.call(Place::postgres, Call::read, [&] { return relay_.progress.mark; });
}

std::vector<sweep::Standing> GroundPort::handlers() {
    return world_.call(Place::postgres, Call::read, [&] {
        std::vector<sweep::Standing> all;
        for (const auto& handler : handlers_) {
            const bool wants = !handler->leases.routes().all().empty();
            if (wants && handler->leases.state != LeaseTable::State::paused)
                all.push_back({handler->settings.name, handler->leases.verified});
        }
        return all;
    });
}

// The slice, from its beginning or behind `after`.
std::vector<const Event*> GroundPort::page(const Mark& from, const Mark& to, Position after,
                                           std::size_t limit) const {
    const Snapshot old = Snapshot::parse(from.snapshot);
    std::vector<const Event*> page;
    for (const Event* event : store_.visible(Snapshot::parse(to.snapshot))) {
        const auto xid = store_.xid_of(*event);
        const bool late = old.in_progress.contains(xid) && world_.flaw != Flaw::sweep_trusts_positions;
        const bool fresh = xid >= old.xmax && event->position > from.floor && event->position <= to.ceiling;
        if (event->position > after && (late || fresh) && page.size() < limit) page.push_back(event);
    }
    return page;
}

std::vector<sweep::Look> GroundPort::look(std::span<const HandlerName> handlers, const Mark& from, const Mark& to,
                                          Position after, std::size_t limit) {
    return world_.call(Place::postgres, Call::read, [&] {
        const Position begin{after.value + (world_.flaw == Flaw::sweep_off_by_one ? 1 : 0)};
        const auto found = page(from, to, begin, limit);
        std::vector<sweep::Look> looks;
        for (const HandlerName& name : handlers) {
            sweep::Look look{name, found.empty() ? after : found.back()->position, found.size() < limit, {}};
            look_for(named(name), found, look);
            looks.push_back(std::move(look));
        }
        return looks;
    });
}

void GroundPort::look_for(Handler& handler, std::span<const Event* const> page, sweep::Look& look) const {
    const Routes routes = handler.leases.routes();
    for (const Event* event : page) {
        if (!routes.want(event->type, event->position)) continue;
        const StreamRow* row = handler.tables.stream(event->stream);
        const bool parked = row != nullptr && row->state != StreamState::live;
        if (row != nullptr && std::max(row->revision, parked ? row->seen : Revision{}) >= event->revision) continue;
        const auto known = std::find_if(look.behind.begin(), look.behind.end(),
                                        [&](const auto& behind) { return behind.stream == event->stream; });
        if (known != look.behind.end()) {
            known->revision = event->revision;
            continue;
        }
        const Partition partition = partition_of(bucket_of(event->stream), handler.leases.partitions());
        look.behind.push_back({event->stream, event->revision, event->position,
                               event->position <= handler.leases.bound_of(partition)});
    }
}

void GroundPort::note(const HandlerName& name, std::span<const sweep::Behind> behind) {
    world_.call(Place::postgres, Call::commit, [&] {
        for (const auto& of : behind) {
            const auto [at, fresh] = named(name).tables.streams.try_emplace(of.stream);
            StreamRow& row = at->second;
            row.stream = of.stream;
            if (row.state != StreamState::live) {
                row.seen = std::max(row.seen, of.revision);
                named(name).tables.raised.insert(of.stream);
            } else if (!row.next_attempt_at && row.revision < of.revision) {
                row.next_attempt_at = world_.clock.now();
            }
        }
    });
}

bool GroundPort::advance(const HandlerName& name, const sweep::Verified& before, const sweep::Verified& after) {
    return world_.call(Place::postgres, Call::commit, [&] {
        sweep::Verified& now = named(name).leases.verified;
        if (now != before) return false;
        now = after;
        return true;
    });
}

void SweepActor::do_step() {
    if (!sweep_) sweep_.emplace(ground_, page_events_);
    try {
        freeze(sweep_->pass([] { return false; }));
    } catch (const Fault&) {
        freeze(std::chrono::milliseconds(world_.chance.between(0, 500)));
    }
}

}  // namespace lantern::sim
