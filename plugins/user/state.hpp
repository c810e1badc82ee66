// A user as folded from its events. Saved as a JSON object, which is also what is shown of a user at a time.
#pragma once

#include <optional>
#include <string>

#include <lantern/plugin.hpp>

namespace user {

struct State {
    std::string id;
    std::string username;
    std::string email;
    std::string first_name;
    std::string last_name;
    std::string role;
    std::string status;  // active, suspended, deleted; empty before the first event
    std::string password_hash;
    std::string hashing_method;
    std::optional<lantern::Time> created_at;
    std::optional<lantern::Time> updated_at;
    std::optional<lantern::Time> deleted_at;
    std::string deleted_reason;
    std::int64_t token_epoch = 0;  // raised whenever tokens given out before must not be good any more
    std::string reset_id;          // of the reset that waits for its token; empty: none
    std::string reset_token_hash;
    std::optional<lantern::Time> reset_asked_at;
    std::optional<lantern::Time> reset_expires_at;
    std::int64_t revision = 0;

    bool exists() const { return !status.empty(); }
    bool deleted() const { return status == "deleted"; }
    bool active() const { return status == "active"; }
    // Of those that the last one is kept.
    bool is_administrator() const { return role == "admin" && active(); }
};

void evolve(State& state, const lantern::Event& event);
lantern::json::object save(const State& state);
void load(State& state, const lantern::json::object& saved);

}  // namespace user
