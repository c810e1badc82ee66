// The members of a host's process tree.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/settings.hpp"

namespace lantern::supervise {

// In the order of stopping: first who accepts, then who forwards, then who applies, then who folds history.
enum class Role { api, intake, relay, worker, backfill };
inline constexpr std::array kRoles = {Role::api, Role::intake, Role::relay, Role::worker, Role::backfill};

std::string_view role_name(Role role);
// Of the others, those that run plugin code run handlers.
constexpr bool runs_aggregates(Role role) {
    return role == Role::api || role == Role::intake;
}
std::optional<Role> parse_role(std::string_view name);

struct Member {
    Role role = Role::api;
    std::string handler;       // of a worker, or of a backfill process's job
    int index = 0;             // 0, 1, 2 ... of its kind
    std::string edition{};     // what it runs: builds, settings; the same seat in another edition is another member
    std::int64_t job = 0;      // of a backfill process
    std::string text() const;  // "api #1", "relay", "worker audit_log #0", "backfill 12 #0"
    bool shares_seat_with(const Member& other) const;
    auto operator<=>(const Member&) const = default;
};

struct Wanted {
    std::set<Role> roles;
    int api_processes = 1;
    std::vector<HandlerSettings> handlers;          // those that can run
    std::map<std::string, std::string> editions{};  // by handler; of the api: ""
    std::map<std::int64_t, std::string> jobs{};     // of backfill, with their handlers
    int backfill_processes = 1;                     // of each job
    bool intake_queue = false;                      // whether there is one to read
};

std::set<Member> members(const Wanted& wanted);

}  // namespace lantern::supervise
