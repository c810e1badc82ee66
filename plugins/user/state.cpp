#include "state.hpp"

namespace user {
namespace {

namespace json = lantern::json;
using lantern::Event;

void set_if_given(std::string& into, const Event& event, std::string_view field) {
    if (auto value = event.find_text(field)) into = *value;
}

void created(State& state, const Event& event) {
    state.id = event.aggregate_id();
    state.username = event.text("username");
    state.email = event.text("email");
    state.role = "user";
    for (auto [into, field] : {std::pair{&state.first_name, "first_name"},
                               {&state.last_name, "last_name"},
                               {&state.role, "role"},
                               {&state.password_hash, "password_hash"},
                               {&state.hashing_method, "hashing_method"}})
        set_if_given(*into, event, field);
    state.status = "active";
    state.created_at = event.recorded_at();
}

// A link that was sent before must not undo what came after.
void forget_reset(State& state) {
    state.reset_id.clear();
    state.reset_token_hash.clear();
    state.reset_expires_at.reset();
}

void password_changed(State& state, const Event& event) {
    state.password_hash = event.text("password_hash");
    state.hashing_method = event.text("hashing_method");
    ++state.token_epoch;
    forget_reset(state);
}

void reset_requested(State& state, const Event& event) {
    state.reset_id = event.text("reset_id");
    state.reset_token_hash = event.text("token_hash");
    state.reset_asked_at = event.recorded_at();
    state.reset_expires_at = lantern::parse_time(event.text("expires_at"));
    if (!state.reset_expires_at) throw std::invalid_argument("expires_at is no time");
}

// What the event changes; false: nothing that is shown.
bool changed(State& state, const Event& event) {
    const std::string_view type = event.type();
    if (type == "USER_CREATED") {
        created(state, event);
    } else if (type == "USER_UPDATED") {
        set_if_given(state.first_name, event, "first_name");
        set_if_given(state.last_name, event, "last_name");
        set_if_given(state.email, event, "email");
        if (event.find_text("email")) forget_reset(state);
    } else if (type == "USERNAME_CHANGED") {
        state.username = event.text("new_username");
    } else if (type == "PASSWORD_CHANGED" || type == "PASSWORD_RESET_COMPLETED") {
        password_changed(state, event);
    } else if (type == "USER_STATUS_CHANGED") {
        state.status = event.text("status");
        if (!state.active()) ++state.token_epoch;
        forget_reset(state);
    } else if (type == "USER_DELETED") {
        state.status = "deleted";
        state.deleted_at = event.recorded_at();
        state.deleted_reason = event.find_text("reason").value_or("");
        ++state.token_epoch;
        forget_reset(state);
    } else {
        if (type == "PASSWORD_RESET_REQUESTED") reset_requested(state, event);
        return false;
    }
    return true;
}

json::value shown(const std::optional<lantern::Time>& time) {
    if (!time) return nullptr;
    return json::string(lantern::text_of(*time));
}

std::optional<lantern::Time> read_time(const json::object& from, std::string_view field) {
    const auto text = lantern::find_text(from, field);
    if (!text) return std::nullopt;
    const auto time = lantern::parse_time(*text);
    if (!time) throw std::invalid_argument(std::string(field) + " is no time");
    return time;
}

}  // namespace

void evolve(State& state, const Event& event) {
    if (changed(state, event)) state.updated_at = event.recorded_at();
    state.revision = event.revision();
}

json::object save(const State& state) {
    json::value reason = nullptr;
    if (state.deleted()) reason = json::string(state.deleted_reason);
    return {{"id", state.id},
            {"username", state.username},
            {"email", state.email},
            {"first_name", state.first_name},
            {"last_name", state.last_name},
            {"role", state.role},
            {"status", state.status},
            {"created_at", shown(state.created_at)},
            {"updated_at", shown(state.updated_at)},
            {"deleted_at", shown(state.deleted_at)},
            {"deleted_reason", std::move(reason)},
            {"revision", state.revision},
            {"password_hash", state.password_hash},
            {"hashing_method", state.hashing_method},
            {"token_epoch", state.token_epoch},
            {"reset_id", state.reset_id},
            {"reset_token_hash", state.reset_token_hash},
            {"reset_asked_at", shown(state.reset_asked_at)},
            {"reset_expires_at", shown(state.reset_expires_at)}};
}

void load(State& state, const json::object& saved) {
    for (auto [into, field] : {std::pair{&state.id, "id"},
                               {&state.username, "username"},
                               {&state.email, "email"},
                               {&state.first_name, "first_name"},
                               {&state.last_name, "last_name"},
                               {&state.role, "role"},
                               {&state.status, "status"},
                               {&state.password_hash, "password_hash"},
                               {&state.hashing_method, "hashing_method"},
                               {&state.reset_id, "reset_id"},
                               {&state.reset_token_hash, "reset_token_hash"}})
        *into = lantern::text(saved, field);
    state.created_at = read_time(saved, "created_at");
    state.updated_at = read_time(saved, "updated_at");
    state.deleted_at = read_time(saved, "deleted_at");
    state.deleted_reason = lantern::find_text(saved, "deleted_reason").value_or("");
    state.reset_asked_at = read_time(saved, "reset_asked_at");
    state.reset_expires_at = read_time(saved, "reset_expires_at");
    state.token_epoch = lantern::integer(saved, "token_epoch");
    state.revision = lantern::integer(saved, "revision");
}

}  // namespace user
