#include "host/http/api.hpp"

namespace lantern::http {

Api::Api(const World& world)
    : world_(world),
      router_(world.settings.commands, world.settings.queries),
      commands_({world.path, world.services, world.announcer, world.workers, world.settings.body_bytes_max}),
      queries_({world.path, world.workers, world.shown}) {}

void Api::handle(Request request, Respond respond) {
    auto trace = trace_of(request, world_.path.clock, random_);
    auto target = parse_target(request.target);
    const auto exchange = std::make_shared<Exchange>(std::move(request), std::move(trace), std::move(respond),
                                                     world_.answered, admitted_);
    if (!target) return exchange->refuse_malformed("The path cannot be read.");
    exchange->target = std::move(*target);
    if (answered_without_token(exchange)) return;

    exchange->match = router_.find(exchange->request.method, exchange->target.segments);
    const auto& match = exchange->match;
    if (!may_pass(*exchange)) return;
    if (match.command) return commands_.handle(exchange);
    queries_.handle(exchange);
}

bool Api::answered_without_token(const ExchangePtr& exchange) {
    const auto& segments = exchange->target.segments;
    if (segments.size() != 1 || (segments[0] != "ht" && segments[0] != "readyz")) return false;
    if (exchange->request.method != "GET") {
        exchange->refuse({405, "method-not-allowed", "Not this method", "This path takes GET.", "", "", {}},
                         {{"Allow", "GET"}});
    } else if (segments[0] == "ht") {
        exchange->answer_json(200, "{\"status\":\"alive\"}");
    } else {
        queries_.ready(exchange);
    }
    return true;
}

// In this order: what is not there for anyone (404, 405), who calls (401), what they may (403), whether there is
// room (503).
bool Api::may_pass(Exchange& exchange) const {
    const auto& match = exchange.match;
    if (!match.found()) {
        if (match.allowed.empty()) {
            exchange.refuse_absent("There is no such path.");
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
    const auto token = bearer_token(exchange.request);
    auto caller = token.empty() ? std::nullopt : world_.caller(token);
    if (!caller) {
        exchange.refuse({401,
                         "unauthorized",
                         "Not authenticated",
                         token.empty() ? "A bearer token is needed." : "The bearer token is not valid.",
                         "",
                         "",
                         {}});
        return false;
    }
    exchange.actor = std::move(*caller);
    const auto& scope = match.command ? match.command->scope : match.query->scope;
    if (!exchange.actor.may(scope)) {
        exchange.refuse({403, "forbidden", "Not allowed", "The scope " + scope + " is needed.", "", "", {}});
        return false;
    }
    for (const auto& [name, segment] : match.captured) {
        if (segment.size() <= limits::kAggregateIdBytesMax) continue;
        exchange.refuse_absent("There is nothing of this " + name + ".");
        return false;
    }
    if (admitted_ > static_cast<int>(limits::kHttpQueueMax)) {
        exchange.refuse_busy("Too many requests are waiting.");
        return false;
    }
    return true;
}

}  // namespace lantern::http
