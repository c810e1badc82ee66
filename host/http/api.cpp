#include "host/http/api.hpp"

#include "host/http/guarded.hpp"
#include "host/http/origins.hpp"

namespace lantern::http {
namespace {

std::string auth_path_of(const AuthSettings& auth) {
    return auth.aggregate.empty() ? std::string() : auth.path;
}

}  // namespace

Api::Api(const World& world)
    : world_(world),
      router_(world.settings.commands, world.settings.queries, auth_path_of(world.settings.auth),
              world.intake ? std::optional(world.intake->settings()) : std::nullopt),
      callers_({world.settings.auth, world.path, world.tokens, world.caller}),
      commands_({world.path, world.services, world.announcer, world.workers, world.settings.body_bytes_max,
                 world.check_request}),
      queries_({world.path, world.workers, world.shown}),
      logins_({world.settings.auth, world.path, world.services, world.workers, callers_, world.tokens,
               world.decoy_hash, world.settings.body_bytes_max}),
      intakes_({world.intake, world.announcer, world.workers, world.settings.body_bytes_max}),
      documents_(world.documents, world.workers) {}

void Api::handle(Request request, Respond respond) {
    auto trace = trace_of(request, world_.path.clock, random_);
    auto target = parse_target(request.target);
    const auto exchange = std::make_shared<Exchange>(std::move(request), std::move(trace), std::move(respond),
                                                     world_.answered, admitted_);
    exchange->also = headers_for_origin(exchange->request, world_.settings.origins);
    if (!target) return exchange->refuse_malformed("The path cannot be read.");
    exchange->target = std::move(*target);
    if (answered_without_token(exchange) || documents_.handle(exchange)) return;

    // In this order: what is not there for anyone (404, 405), whether there is room (503), who calls (401), what
    // they may (403).
    exchange->match = router_.find(exchange->request.method, exchange->target.segments);
    if (!is_there(*exchange)) return;
    if (admitted_ > static_cast<int>(world_.settings.queue_max))
        return exchange->refuse_busy("Too many requests are waiting.");
    identify(exchange);
}

bool Api::answered_without_token(const ExchangePtr& exchange) {
    const auto& segments = exchange->target.segments;
    if (segments.size() != 1 || (segments[0] != "ht" && segments[0] != "readyz")) return false;
    const auto& method = exchange->request.method;
    if (method != "GET" && method != "HEAD") {
        exchange->match.allowed = "GET, HEAD, OPTIONS";
        is_there(*exchange);
    } else if (segments[0] == "ht") {
        exchange->answer_json(200, "{\"status\":\"alive\"}");
    } else {
        queries_.ready(exchange);
    }
    return true;
}

bool Api::is_there(Exchange& exchange) const {
    const auto& match = exchange.match;
    if (!match.found()) {
        if (match.allowed.empty()) {
            exchange.refuse_absent("There is no such path.");
        } else if (exchange.request.method == "OPTIONS") {
            exchange.answer(options_answer(exchange.request, match.allowed, world_.settings.origins));
        } else {
            exchange.refuse({405,
                             "method-not-allowed",
                             "Not this method",
                             "This path takes " + match.allowed + ".",
                             "",
                             "",
                             {}},
                            {{"Allow", match.allowed}});
        }
        return false;
    }
    for (const auto& [name, segment] : match.captured) {
        if (segment.size() <= limits::kAggregateIdBytesMax) continue;
        exchange.refuse_absent("There is nothing of this " + name + ".");
        return false;
    }
    return true;
}

void Api::identify(const ExchangePtr& exchange) {
    if (exchange->match.access() == Access::anyone) return dispatch(exchange);
    const auto token = bearer_token(exchange->request);
    if (token.empty()) return enter(exchange, std::nullopt);
    if (auto known = callers_.known(token)) return enter(exchange, std::move(known));
    if (!world_.tokens) return enter(exchange, std::nullopt);
    world_.workers.run(guarded(exchange, [this, exchange](Session& session) {
        enter(exchange, callers_.check(session, bearer_token(exchange->request)));
    }));
}

void Api::enter(const ExchangePtr& exchange, std::optional<Caller> caller) {
    if (!caller) {
        const bool none = bearer_token(exchange->request).empty();
        return exchange->refuse({401,
                                 "unauthorized",
                                 "Not authenticated",
                                 none ? "A bearer token is needed." : "The bearer token is not valid.",
                                 "",
                                 "",
                                 {}});
    }
    exchange->actor = std::move(caller->actor);
    exchange->claims = std::move(caller->claims);
    if (may_enter(*exchange)) dispatch(exchange);
}

bool Api::may_enter(Exchange& exchange) {
    const auto& scope = exchange.match.scope();
    const bool own = exchange.match.access() == Access::self;
    if (own && exchange.claims && exchange.match.id() == exchange.actor.id) return true;
    if (exchange.actor.may(own && scope.empty() ? "*" : scope)) return true;
    const std::string detail = scope.empty() ? "This is somebody else's." : "The scope " + scope + " is needed.";
    exchange.refuse({403, "forbidden", "Not allowed", detail, "", "", {}});
    return false;
}

void Api::dispatch(const ExchangePtr& exchange) {
    if (exchange->match.auth) return logins_.handle(exchange);
    if (exchange->match.intake) return intakes_.handle(exchange);
    if (exchange->match.command) return commands_.handle(exchange);
    queries_.handle(exchange);
}

}  // namespace lantern::http
