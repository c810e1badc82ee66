// The aggregate `user`: who may be created, changed and deleted, and how. Usernames and e-mail addresses are unique
// without regard to case, and are free again when their user is deleted.
#include <lantern/plugin.hpp>

#include "fields.hpp"
#include "passwords.hpp"
#include "state.hpp"
#include "text.hpp"

namespace user {
namespace {

namespace json = lantern::json;
using lantern::Command;
using lantern::Decision;

constexpr int kUserCreatedVersion = 2;

// Active administrators, over all users.
constexpr std::string_view kAdministrators = "administrators";

void count_administrators(std::int64_t delta, Decision& decision) {
    const std::int64_t stay = delta < 0 ? 1 : 0;
    decision.count(kAdministrators, delta, {stay, "last_administrator", "The last administrator must stay."});
}

void create(const State& state, const Command& command, Decision& decision) {
    if (state.exists()) return decision.conflict("user_is_new", "The user exists already.");
    Fields fields(command, decision);
    json::object data;
    data["username"] = fields.username("username");
    data["email"] = fields.email("email");
    data["first_name"] = fields.name("first_name");
    data["last_name"] = fields.name("last_name");
    const std::string_view password = fields.new_password("password");
    const std::string role = fields.role("role");
    if (role == "admin" && !command.actor_has_scope(kAdmin))
        decision.forbidden("role_by_admin", "Only an administrator gives the role admin.", "role");
    if (decision.rejected()) return;

    const json::object* hash = hash_of(password, command, decision);
    if (!hash) return;
    data["password_hash"] = hash->at("hash");
    data["hashing_method"] = hash->at("method");
    data["role"] = role;
    decision.emit("USER_CREATED", kUserCreatedVersion, data);
    if (role == "admin") count_administrators(1, decision);
}

void update(const State& state, const Command& command, Decision& decision) {
    if (!is_there(state, decision)) return;
    Fields fields(command, decision);
    json::object changed;
    bool any = false;
    const auto compare = [&](const char* field, const std::string& now,
                             std::string (Fields::*read)(std::string_view)) {
        if (!fields.given(field)) return;
        any = true;
        const std::string wanted = (fields.*read)(field);
        if (wanted != now) changed[field] = wanted;
    };
    compare("first_name", state.first_name, &Fields::name);
    compare("last_name", state.last_name, &Fields::name);
    compare("email", state.email, &Fields::email);
    if (decision.rejected()) return;
    if (!any) return decision.rule("at_least_one_field", "Give first_name, last_name or email.");
    if (changed.empty()) return decision.rule("something_changes", "Nothing would change.");
    decision.emit("USER_UPDATED", 1, changed);
}

void change_username(const State& state, const Command& command, Decision& decision) {
    if (!is_there(state, decision)) return;
    const std::string username = Fields(command, decision).username("username");
    if (decision.rejected()) return;
    if (username == state.username) return decision.rule("something_changes", "Nothing would change.", "username");
    decision.emit("USERNAME_CHANGED", 1, {{"old_username", state.username}, {"new_username", username}});
}

void change_status(const State& state, const Command& command, Decision& decision) {
    if (!is_there(state, decision)) return;
    Fields fields(command, decision);
    const std::string status = fields.status("status");
    const std::string reason = fields.reason("reason");
    if (decision.rejected()) return;
    if (status == state.status)
        return decision.rule("something_changes", "The user is " + status + " already.", "status");
    decision.emit("USER_STATUS_CHANGED", 1, {{"status", status}, {"reason", reason}});
    if (state.role == "admin") count_administrators(status == "active" ? 1 : -1, decision);
}

void erase(const State& state, const Command& command, Decision& decision) {
    if (!is_there(state, decision)) return;
    const std::string reason = Fields(command, decision).reason("reason");
    if (decision.rejected()) return;
    decision.emit("USER_DELETED", 1, {{"reason", reason}});
    if (state.is_administrator()) count_administrators(-1, decision);
}

constexpr const char* kSettings = R"({
    "type": "object",
    "additionalProperties": false,
    "properties": {
        "reset_key": {"type": "string", "x-secret": true,
                      "description": "Makes the tokens of password resets; at least 16 bytes. The handler password_reset_email has the same. Without it no password can be reset."},
        "reset_minutes": {"type": "integer", "minimum": 1, "maximum": 10080, "default": 60}
    }})";

class User : public lantern::Aggregate {
public:
    using State = user::State;

    static lantern::Description describe() {
        return lantern::Description("user", "1.0.0")
            .aggregate_type("user")
            .on("USER_CREATED", kUserCreatedVersion)
            .on("USER_UPDATED")
            .on("USERNAME_CHANGED")
            .on("PASSWORD_CHANGED")
            .on("USER_STATUS_CHANGED")
            .on("PASSWORD_RESET_REQUESTED")
            .on("PASSWORD_RESET_COMPLETED")
            .on("USER_DELETED")
            .settings(kSettings)
            .state_version(2)
            .commands({"create", "update", "change_username", "change_password", "change_status",
                       "request_password_reset", "complete_password_reset", "delete"})
            .secret_state({"password_hash", "hashing_method", "token_epoch", "reset_id", "reset_token_hash",
                           "reset_asked_at", "reset_expires_at"});
    }

    static void evolve(State& state, const lantern::Event& event) { user::evolve(state, event); }

    static void decide(const State& state, const Command& command, Decision& decision) {
        if (command.name() == "create") return create(state, command, decision);
        if (command.name() == "update") return update(state, command, decision);
        if (command.name() == "change_username") return change_username(state, command, decision);
        if (command.name() == "change_password") return change_password(state, command, decision);
        if (command.name() == "change_status") return change_status(state, command, decision);
        if (command.name() == "request_password_reset") return request_reset(state, command, decision);
        if (command.name() == "complete_password_reset") return complete_reset(state, command, decision);
        if (command.name() == "delete") return erase(state, command, decision);
        throw std::invalid_argument("unknown command " + std::string(command.name()));
    }

    static void unique_keys(const State& state, lantern::UniqueKeys& keys) {
        if (!state.exists() || state.deleted()) return;
        keys.hold("email", lower(state.email));
        keys.hold("username", lower(state.username));
    }
    static void counts(const State& state, lantern::Counts& counts) {
        if (state.is_administrator()) counts.add(kAdministrators, 1);
    }
    static std::string lookup_key(std::string_view, std::string_view typed) { return lower(trimmed(typed)); }

    static json::object save(const State& state) { return user::save(state); }
    static void load(State& state, const json::object& saved) { user::load(state, saved); }
};

}  // namespace
}  // namespace user

LANTERN_PLUGIN(user::User)
