#include "host/http/logins.hpp"

#include <boost/json.hpp>

#include "host/http/guarded.hpp"
#include "host/http/json_body.hpp"

namespace lantern::http {
namespace {

namespace json = boost::json;

const Header kNotStored{"Cache-Control", "no-store"};

// A keyed hash in hex: what was typed as a name may be a password.
std::string blurred(const command::RequestMac& mac, const std::string& text) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (const unsigned char byte : mac.mac(text)) {
        hex += kDigits[byte >> 4];
        hex += kDigits[byte & 15];
    }
    return hex;
}

}  // namespace

// Shared, since its jobs are copied by std::function.
struct Logins::Attempt {
    ExchangePtr exchange;
    std::string name, password;
    std::vector<Allowance> allowances;
    std::string id;      // empty: nobody has this name
    json::object state;  // with its secrets
    json::object shown;  // without
};

void Logins::handle(const ExchangePtr& exchange) {
    if (!world_.tokens)
        return exchange->refuse({503,
                                 "no-logins",
                                 "Not available",
                                 "Nobody can log in here: http.auth.token_key is not set.",
                                 "",
                                 "",
                                 {}},
                                {});
    switch (*exchange->match.auth) {
        case AuthRoute::login:
            return login(exchange);
        case AuthRoute::logout:
            return logout(exchange);
        case AuthRoute::refresh:
            return refresh(exchange);
    }
}

void Logins::login(const ExchangePtr& exchange) {
    if (!accept_body(*exchange, world_.body_bytes_max)) return;
    const auto& settings = world_.settings;
    auto attempt = std::make_shared<Attempt>();
    attempt->exchange = exchange;
    std::vector<command::Rejection> missing;
    const auto body =
        exchange->request.body.empty() ? json::object() : json::parse(exchange->request.body).as_object();
    for (auto [into, field] : {std::pair{&attempt->name, &settings.name_field},
                               std::pair{&attempt->password, &settings.password_field}}) {
        const auto* value = body.if_contains(*field);
        if (value && value->is_string())
            *into = value->get_string().c_str();
        else
            missing.push_back({command::RejectionKind::invalid, "valid_" + *field, *field, "must be text"});
    }
    if (!missing.empty()) return exchange->refuse(command::problem_of(std::move(missing)));

    attempt->allowances = {{"login from " + exchange->request.remote_address, settings.per_address},
                           {"login as " + blurred(world_.path.request_mac, attempt->name), settings.per_name}};
    on_worker(exchange, [this, attempt](Session& session) { begin(session, attempt); });
}

void Logins::begin(Session& session, const std::shared_ptr<Attempt>& attempt) {
    // 1. Counted before anything is looked at, so that parallel tries count too.
    if (const auto wait = session.admissions().take(attempt->allowances); wait > Milliseconds{0})
        return attempt->exchange->refuse_too_many(wait);

    // 2. Who has this name, and their hash; else one that fits no password.
    const bool found = find(session, *attempt);
    const auto* hash = found ? attempt->state.if_contains(world_.settings.secret) : nullptr;
    const bool usable = hash && hash->is_string() && !hash->get_string().empty();

    // 3. Verified where hashing is done.
    const std::string argument = json::serialize(json::object{
        {"password", attempt->password}, {"hash", usable ? std::string(hash->get_string()) : world_.decoy_hash}});
    const auto verified = [this, attempt, usable](Result<std::vector<std::string>> answers) {
        if (!answers)
            return attempt->exchange->refuse_busy("A service of the server failed: " + answers.error() + ".");
        const bool right = usable && answers.value().at(0) == "true";
        on_worker(attempt->exchange, [this, attempt, right](Session& other) { finish(other, *attempt, right); });
    };
    if (!world_.services.answer({{"right", "password.verify", argument}}, verified))
        attempt->exchange->refuse_busy("Too many passwords are being hashed.");
}

// Takes the same steps, whether there is such a name or not.
bool Logins::find(Session& session, Attempt& attempt) {
    const auto& type = world_.settings.aggregate;
    const auto aggregate = world_.path.aggregates.find(type);
    if (aggregate == world_.path.aggregates.end())
        throw std::runtime_error("no plugin for the aggregate type " + type + " is loaded");
    for (const auto& scope : world_.settings.keys) {
        const auto key = aggregate->second.aggregate->lookup_key(scope, attempt.name);
        if (!key) throw std::runtime_error(key.error());
        const auto holder = session.store().holder(type, {scope, key.value()});
        if (holder && attempt.id.empty()) attempt.id = *holder;
    }
    command::CommandPath path(world_.path, session.store(), session.random());
    const auto state = path.state_at(type, attempt.id, {}, command::CommandPath::Secrets::included);
    if (!state) throw std::runtime_error(state.error());
    if (!state.value()) return false;
    attempt.state = json::parse(state.value()->state).as_object();
    attempt.shown = attempt.state;
    for (const auto& secret : aggregate->second.aggregate->description().secret_state) attempt.shown.erase(secret);
    return true;
}

void Logins::finish(Session& session, Attempt& attempt, bool right) {
    auto& exchange = *attempt.exchange;
    const auto actor = right ? world_.callers.admitted(attempt.id, attempt.state) : std::nullopt;
    if (!actor)
        return exchange.refuse(
            {401, "unauthorized", "Not authenticated", "Name or password is not right.", "", "", {}});
    session.admissions().give_back(attempt.allowances);
    Claims claims;
    claims.subject = attempt.id;
    claims.name = actor->name;
    claims.role = world_.callers.role_of(attempt.state);
    claims.scopes = actor->scopes;
    claims.epoch = world_.callers.epoch_of(attempt.state);
    claims.logged_in_at = world_.path.clock.now();
    claims.id = Uuid::v7(claims.logged_in_at, session.random().next(), session.random().next()).text();
    attempt.shown["id"] = attempt.id;
    give_token(exchange, std::move(claims), {{world_.settings.aggregate, attempt.shown}});
}

void Logins::logout(const ExchangePtr& exchange) {
    if (!exchange->claims)
        return exchange->refuse(
            {403, "forbidden", "Not allowed", "The operator's token cannot be given back.", "", "", {}});
    on_worker(exchange, [this, exchange](Session& session) {
        world_.callers.deny(session, *exchange->claims);
        exchange->answer({204, "", "", {}});
    });
}

void Logins::refresh(const ExchangePtr& exchange) {
    if (!exchange->claims)
        return exchange->refuse(
            {403, "forbidden", "Not allowed", "The operator's token does not expire.", "", "", {}});
    on_worker(exchange, [this, exchange](Session& session) {
        const auto now = world_.path.clock.now();
        auto claims = *exchange->claims;
        if (now >= claims.logged_in_at + world_.settings.login_life)
            return exchange->refuse(
                {401, "unauthorized", "Not authenticated", "The login is too old: log in again.", "", "", {}});
        claims.scopes = exchange->actor.scopes;
        claims.name = exchange->actor.name;
        claims.id = Uuid::v7(now, session.random().next(), session.random().next()).text();
        give_token(*exchange, std::move(claims), {});
    });
}

void Logins::give_token(Exchange& exchange, Claims claims, json::object more) {
    claims.issued_at = world_.path.clock.now();
    claims.expires_at =
        std::min(claims.issued_at + world_.settings.token_life, claims.logged_in_at + world_.settings.login_life);
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(claims.expires_at - claims.issued_at);
    json::object body{
        {"token", world_.tokens->sign(claims)}, {"token_type", "Bearer"}, {"expires_in", left.count()}};
    for (const auto& member : more) body.insert(member);
    exchange.answer_json(200, json::serialize(body), {kNotStored});
}

void Logins::on_worker(const ExchangePtr& exchange, std::function<void(Session&)> job) {
    world_.workers.run(guarded(exchange, std::move(job)));
}

}  // namespace lantern::http
