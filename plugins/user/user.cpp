// The aggregate `user`: who may be created, changed and deleted, and how. Usernames and e-mail addresses are unique
// without regard to case, and are free again when their user is deleted.
#include <lantern/plugin.hpp>

#include "fields.hpp"
#include "state.hpp"
#include "text.hpp"

namespace user {
namespace {

namespace json = lantern::json;
using lantern::Command;
using lantern::Decision;

constexpr std::string_view kAdmin = "user:admin";
constexpr int kUserCreatedVersion = 2;

// The user is there and not deleted; if not, rejected.
bool is_there(const State& state, Decision& decision) {
    if (!state.exists())
        decision.not_found("user_exists", "There is no such user.");
    else if (state.deleted())
        decision.rule("not_deleted", "The user is deleted.");
    return !decision.rejected();
}

// The hash, once it is known; until then it is asked for.
const json::object* hash_of(std::string_view password, const Command& command, Decision& decision) {
    const json::value* answer = command.answer("hash");
    if (answer) return &answer->as_object();
    decision.ask("hash", "password.hash", {{"password", lantern::to_json(password)}});
    return nullptr;
}

// Whether the password is the one of the hash, once that is known.
std::optional<bool> verified(std::string_view name, std::string_view password, const State& state,
                             const Command& command, Decision& decision) {
    if (const json::value* answer = command.answer(name)) return answer->as_bool();
    decision.ask(name, "password.verify",
                 {{"password", lantern::to_json(password)}, {"hash", lantern::to_json(state.password_hash)}});
    return std::nullopt;
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

void change_password(const State& state, const Command& command, Decision& decision) {
    if (!is_there(state, decision)) return;
    Fields fields(command, decision);
    // An administrator may set another's password without knowing the present one.
    const bool by_admin = command.actor_has_scope(kAdmin) && command.actor_id() != command.aggregate_id();
    const bool knows_present = fields.given("current_password") || !by_admin;
    const std::string_view present =
        knows_present ? fields.present_password("current_password") : std::string_view();
    const std::string_view wanted = fields.new_password("new_password");
    if (decision.rejected()) return;

    bool same = false;
    if (knows_present) {
        const auto right = verified("current", present, state, command, decision);
        if (!right) return;
        if (!*right)
            return decision.unauthorized("current_password", "The current password is not right.",
                                         "current_password");
        same = wanted == present;
    } else {
        const auto unchanged = verified("unchanged", wanted, state, command, decision);
        if (!unchanged) return;
        same = *unchanged;
    }
    if (same) return decision.rule("password_differs", "The new password is the current one.", "new_password");

    const json::object* hash = hash_of(wanted, command, decision);
    if (!hash) return;
    decision.emit("PASSWORD_CHANGED", 1,
                  {{"password_hash", hash->at("hash")}, {"hashing_method", hash->at("method")}});
}

void erase(const State& state, const Command& command, Decision& decision) {
    if (!is_there(state, decision)) return;
    const std::string reason = Fields(command, decision).reason("reason");
    if (decision.rejected()) return;
    decision.emit("USER_DELETED", 1, {{"reason", reason}});
}

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
            .state_version(1)
            .commands({"create", "update", "change_password", "delete"})
            .secret_state({"password_hash", "hashing_method"});
    }

    static void evolve(State& state, const lantern::Event& event) { user::evolve(state, event); }

    static void decide(const State& state, const Command& command, Decision& decision) {
        if (command.name() == "create") return create(state, command, decision);
        if (command.name() == "update") return update(state, command, decision);
        if (command.name() == "change_password") return change_password(state, command, decision);
        if (command.name() == "delete") return erase(state, command, decision);
        throw std::invalid_argument("unknown command " + std::string(command.name()));
    }

    static void unique_keys(const State& state, lantern::UniqueKeys& keys) {
        if (!state.exists() || state.deleted()) return;
        keys.hold("email", lower(state.email));
        keys.hold("username", lower(state.username));
    }

    static json::object save(const State& state) { return user::save(state); }
    static void load(State& state, const json::object& saved) { user::load(state, saved); }
};

}  // namespace
}  // namespace user

LANTERN_PLUGIN(user::User)
