// The members of a host's process tree.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/settings.hpp"

namespace lantern::supervise {

// In the order of stopping: first who accepts, then who forwards, then who applies.
enum class Role { api, relay, worker };

std::string_view role_name(Role role);
std::optional<Role> parse_role(std::string_view name);

struct Member {
    Role role = Role::api;
    std::string handler;       // of a worker
    int index = 0;             // 0, 1, 2 ... of its kind
    std::string edition{};     // what it runs: builds, settings; the same seat in another edition is another member
    std::string text() const;  // "api #1", "relay", "worker audit_log #0"
    bool shares_seat_with(const Member& other) const;
    auto operator<=>(const Member&) const = default;
};

struct Wanted {
    std::set<Role> roles;
    int api_processes = 1;
    std::vector<HandlerSettings> handlers;          // those that can run
    std::map<std::string, std::string> editions{};  // by handler; of the api: ""
};

std::set<Member> members(const Wanted& wanted);

}  // namespace lantern::supervise
