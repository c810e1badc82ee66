#include "host/supervise/members.hpp"

#include <algorithm>

namespace lantern::supervise {

std::string_view role_name(Role role) {
    switch (role) {
        case Role::api:
            return "api";
        case Role::intake:
            return "intake";
        case Role::relay:
            return "relay";
        case Role::worker:
            return "worker";
        case Role::backfill:
            return "backfill";
    }
    return "";
}

std::optional<Role> parse_role(std::string_view name) {
    for (const Role role : kRoles)
        if (role_name(role) == name) return role;
    return std::nullopt;
}

std::string Member::text() const {
    std::string text(role_name(role));
    if (role == Role::backfill)
        text += " " + std::to_string(job);
    else if (!handler.empty())
        text += " " + handler;
    if (role != Role::relay && role != Role::intake) text += " #" + std::to_string(index);
    return text;
}

bool Member::shares_seat_with(const Member& other) const {
    return role == other.role && handler == other.handler && index == other.index && job == other.job;
}

std::set<Member> members(const Wanted& wanted) {
    std::set<Member> found;
    const auto edition = [&](const std::string& handler) {
        const auto known = wanted.editions.find(handler);
        return known == wanted.editions.end() ? std::string() : known->second;
    };
    if (wanted.roles.contains(Role::api))
        for (int index = 0; index < wanted.api_processes; ++index)
            found.insert({Role::api, "", index, edition("")});
    if (wanted.roles.contains(Role::intake) && wanted.intake_queue)
        found.insert({Role::intake, "", 0, edition("")});
    if (wanted.roles.contains(Role::relay)) found.insert({Role::relay, "", 0});
    if (wanted.roles.contains(Role::worker))
        for (const auto& handler : wanted.handlers)
            // More workers than partitions would have nothing to do.
            for (int index = 0; index < std::min(handler.concurrency, handler.partitions); ++index)
                found.insert({Role::worker, handler.name.value, index, edition(handler.name.value)});
    if (wanted.roles.contains(Role::backfill))
        for (const auto& [job, handler] : wanted.jobs)
            for (int index = 0; index < wanted.backfill_processes; ++index)
                found.insert({.role = Role::backfill, .handler = handler, .index = index, .job = job});
    return found;
}

}  // namespace lantern::supervise
