#include "host/http/callers.hpp"

#include <boost/json.hpp>

namespace lantern::http {
namespace {

// Under this type the hints of the machine's processes tell of tokens that were given back.
const std::string kGivenBack = "lantern token given back";

std::string text_of(const boost::json::object& state, const std::string& field) {
    const auto* value = field.empty() ? nullptr : state.if_contains(field);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string Callers::role_of(const boost::json::object& state) const {
    return text_of(state, world_.settings.role);
}

std::int64_t Callers::epoch_of(const boost::json::object& state) const {
    const auto* value = world_.settings.epoch.empty() ? nullptr : state.if_contains(world_.settings.epoch);
    return value && value->is_int64() ? value->get_int64() : 0;
}

std::optional<command::Actor> Callers::admitted(const std::string& id, const boost::json::object& state) const {
    for (const auto& [field, value] : world_.settings.require)
        if (text_of(state, field) != value) return std::nullopt;
    command::Actor actor{id, text_of(state, world_.settings.name), {}};
    if (const auto scopes = world_.settings.scopes.find(role_of(state)); scopes != world_.settings.scopes.end())
        actor.scopes = scopes->second;
    return actor;
}

std::optional<Caller> Callers::known(std::string_view token) {
    if (auto actor = world_.fixed(token)) return Caller{std::move(*actor), std::nullopt};
    auto found = seen(token);
    if (!found || expired(found->claims) || given_back_here(found->claims)) return std::nullopt;
    if (Steady::now() - found->checked_at >= world_.settings.revoked_within) return std::nullopt;
    if (world_.path.heads.newest(world_.settings.aggregate, found->claims.subject) > found->head)
        return std::nullopt;
    return Caller{std::move(found->actor), std::move(found->claims)};
}

std::optional<Caller> Callers::check(Session& session, std::string_view token) {
    if (!world_.tokens) return std::nullopt;
    forget(token);
    const auto before = Steady::now();
    auto claims = world_.tokens->read(token);
    if (!claims || expired(*claims) || given_back_here(*claims)) return std::nullopt;
    if (session.admissions().denied(claims->id)) return std::nullopt;
    command::CommandPath path(world_.path, session.store(), session.random());
    const auto found =
        path.state_at(world_.settings.aggregate, claims->subject, {}, command::CommandPath::Secrets::included);
    if (!found) throw std::runtime_error(found.error());
    if (!found.value()) return std::nullopt;
    const auto state = boost::json::parse(found.value()->state).as_object();
    auto actor = admitted(claims->subject, state);
    if (!actor || epoch_of(state) != claims->epoch) return std::nullopt;
    remember(token, {*claims, *actor, before, found.value()->revision});
    return Caller{std::move(*actor), std::move(*claims)};
}

void Callers::deny(Session& session, const Claims& claims) {
    session.admissions().deny(claims.id, claims.expires_at);
    world_.path.heads.note(kGivenBack, claims.id, Revision{1});
}

bool Callers::expired(const Claims& claims) const {
    return world_.path.clock.now() >= claims.expires_at;
}

bool Callers::given_back_here(const Claims& claims) const {
    return world_.path.heads.newest(kGivenBack, claims.id).value > 0;
}

std::optional<Callers::Seen> Callers::seen(std::string_view token) {
    std::lock_guard lock(mutex_);
    const auto found = seen_.find(std::string(token));
    return found == seen_.end() ? std::nullopt : std::optional(found->second);
}

void Callers::remember(std::string_view token, Seen seen) {
    std::lock_guard lock(mutex_);
    // Rarely full: then all are checked again when they come.
    if (seen_.size() >= limits::kTokensSeenMax) seen_.clear();
    seen_.insert_or_assign(std::string(token), std::move(seen));
}

void Callers::forget(std::string_view token) {
    std::lock_guard lock(mutex_);
    seen_.erase(std::string(token));
}

}  // namespace lantern::http
