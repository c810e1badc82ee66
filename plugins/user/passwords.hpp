// Commands about passwords.
#pragma once

#include <string_view>

#include <lantern/plugin.hpp>

#include "state.hpp"

namespace user {

inline constexpr std::string_view kAdmin = "user:admin";  // scope of an administrator

// The user is there and not deleted; if not, rejected.
bool is_there(const State& state, lantern::Decision& decision);

// The hash, once it is known; until then it is asked for.
const lantern::json::object* hash_of(std::string_view password, const lantern::Command& command,
                                     lantern::Decision& decision);

void change_password(const State& state, const lantern::Command& command, lantern::Decision& decision);
void request_reset(const State& state, const lantern::Command& command, lantern::Decision& decision);
void complete_reset(const State& state, const lantern::Command& command, lantern::Decision& decision);

}  // namespace user
