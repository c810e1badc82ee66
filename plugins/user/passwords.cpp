#include "passwords.hpp"

#include "fields.hpp"
#include "reset_token.hpp"

namespace user {
namespace {

namespace json = lantern::json;
using lantern::Command;
using lantern::Decision;

constexpr auto kResetAgainAfter = std::chrono::minutes(1);  // so that nobody's mailbox is flooded

// Whether the password is the one of the hash, once that is known.
std::optional<bool> verified(std::string_view name, std::string_view password, const State& state,
                             const Command& command, Decision& decision) {
    if (const json::value* answer = command.answer(name)) return answer->as_bool();
    decision.ask(name, "password.verify",
                 {{"password", lantern::to_json(password)}, {"hash", lantern::to_json(state.password_hash)}});
    return std::nullopt;
}

std::chrono::minutes reset_life(const Command& command) {
    return std::chrono::minutes(lantern::find_integer(command.settings(), "reset_minutes").value_or(60));
}

}  // namespace

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

// For whoever asks all outcomes look alike, so what can't be done is not rejected.
void request_reset(const State& state, const Command& command, Decision& decision) {
    if (!state.active()) return;
    if (state.reset_asked_at && command.time() - *state.reset_asked_at < kResetAgainAfter) return;
    const std::string_view key = lantern::find_text(command.settings(), "reset_key").value_or("");
    if (key.size() < kResetKeyBytesMin)
        throw std::runtime_error("the setting reset_key of the aggregate user has less than 16 bytes");
    const std::string_view reset_id = command.fresh_id();
    const std::string token = reset_token(key, command.aggregate_id(), reset_id);
    decision.emit("PASSWORD_RESET_REQUESTED", 1,
                  {{"reset_id", lantern::to_json(reset_id)},
                   {"token_hash", hash_of_token(token)},
                   {"expires_at", lantern::text_of(command.time() + reset_life(command))},
                   {"email", state.email}});
}

void complete_reset(const State& state, const Command& command, Decision& decision) {
    Fields fields(command, decision);
    const std::string_view reset_id = fields.text("reset_id");
    const std::string_view token = fields.text("token");
    const std::string_view wanted = fields.new_password("new_password");
    if (decision.rejected()) return;
    // One answer for everything, so that nobody learns which user or reset there is.
    const bool good = state.active() && !state.reset_id.empty() && reset_id == state.reset_id &&
                      command.time() < *state.reset_expires_at && hash_of_token(token) == state.reset_token_hash;
    if (!good) return decision.rule("reset_valid", "This reset was used, has expired, or never was.", "token");

    const json::object* hash = hash_of(wanted, command, decision);
    if (!hash) return;
    decision.emit("PASSWORD_RESET_COMPLETED", 1,
                  {{"reset_id", state.reset_id},
                   {"password_hash", hash->at("hash")},
                   {"hashing_method", hash->at("method")}});
}

}  // namespace user
