#include "host/http/commands.hpp"

#include "host/http/json_body.hpp"

namespace lantern::http {

// Shared, since its jobs are copied by std::function.
struct Commands::Course {
    ExchangePtr exchange;
    command::Handling handling;
    int conflicts = 0;  // serialisation failures and deadlocks met
};

void Commands::handle(const ExchangePtr& exchange) {
    if (!body_is_good(*exchange)) return;
    auto course = std::make_shared<Course>();
    course->exchange = exchange;
    course->handling.request = request_of(*exchange);
    world_.workers.run([this, course](Session& session) { go_on(session, course); });
}

bool Commands::body_is_good(Exchange& exchange) const {
    const auto& request = exchange.request;
    if (request.body.size() > world_.body_bytes_max) {
        exchange.refuse({413,
                         "too-large",
                         "The body is too large",
                         "At most " + std::to_string(world_.body_bytes_max) + " bytes are taken.",
                         "",
                         "",
                         {}});
        return false;
    }
    if (request.body.empty()) return true;
    if (!is_json(request.header("Content-Type"))) {
        exchange.refuse(
            {415, "not-json", "The body is not JSON", "Content-Type must be application/json.", "", "", {}},
            {{"Accept", "application/json"}});
        return false;
    }
    if (const auto refusal = refuse_body(request.body)) {
        exchange.refuse_malformed("The body is no JSON object: " + *refusal + ".");
        return false;
    }
    return true;
}

command::CommandRequest Commands::request_of(const Exchange& exchange) {
    const auto& route = *exchange.match.command;
    const auto& request = exchange.request;
    command::CommandRequest command;
    command.aggregate = route.aggregate;
    command.aggregate_id = exchange.match.id();
    command.command = route.command;
    command.creates = route.creates;
    command.accepted_status = route.status;
    command.repeats = route.repeats;
    command.data = request.body.empty() ? object_of(exchange.target.parameters) : request.body;
    command.actor = exchange.actor;
    command.correlation_id = exchange.trace.correlation_id;
    command.causation_id = exchange.trace.request_id;
    command.traceparent = exchange.trace.traceparent;
    command.source = request.remote_address;
    command.if_match = if_match(request);
    if (const auto key = request.header("Idempotency-Key"); !key.empty())
        command.idempotency =
            command::IdempotencyKey{exchange.actor.id, route.method + " " + route.path, std::string(key),
                                    request.method + " " + request.target + "\n" + request.body};
    return command;
}

// One job. A fault ends the request; what was in conflict with another transaction was not done, and is done again.
void Commands::go_on(Session& session, const std::shared_ptr<Course>& course) {
    constexpr int kConflictsMax = 5;
    try {
        step(session, course);
    } catch (const Fault& fault) {
        if (fault.kind() == FaultKind::conflict && ++course->conflicts <= kConflictsMax)
            return world_.workers.run([this, course](Session& other) { go_on(other, course); });
        if (fault.poisons_connection()) world_.path.cache.clear();
        course->exchange->refuse_fault(fault);
    } catch (const std::exception& error) {
        course->exchange->refuse_defect(error.what());
    }
}

void Commands::step(Session& session, const std::shared_ptr<Course>& course) {
    command::CommandPath path(world_.path, session.store(), session.random());
    auto step = path.proceed(course->handling);
    if (auto* asks = std::get_if<std::vector<command::Ask>>(&step)) return ask(course, std::move(*asks));
    answer(*course->exchange, std::get<command::Answer>(step));
}

void Commands::ask(const std::shared_ptr<Course>& course, std::vector<command::Ask> asks) {
    std::vector<std::string> names;
    for (const auto& one : asks) names.push_back(one.name);
    const auto answered = [this, course, names](Result<std::vector<std::string>> answers) {
        if (!answers)
            return course->exchange->refuse_busy("A service of the server failed: " + answers.error() + ".");
        command::CommandPath::give(course->handling, names, answers.value());
        world_.workers.run([this, course](Session& session) { go_on(session, course); });
    };
    if (!world_.services.answer(std::move(asks), answered))
        course->exchange->refuse_busy("Too many passwords are being hashed.");
}

void Commands::answer(Exchange& exchange, const command::Answer& answer) {
    if (answer.appended) world_.announcer.announce();
    std::vector<Header> headers;
    if (answer.replayed) headers.push_back({"Idempotency-Replayed", "true"});
    if (answer.status >= 400) {
        if (answer.status == 401) headers.push_back({"WWW-Authenticate", "Bearer"});
        if (answer.status == 503) headers.push_back({"Retry-After", "1"});
        return exchange.answer({answer.status, answer.body, "application/problem+json", std::move(headers)},
                               answer.defect);
    }
    headers.push_back({"ETag", etag(answer.revision)});
    if (answer.status == 201) {
        auto location = exchange.target.path;
        if (location.back() != '/') location += '/';
        headers.push_back({"Location", location + encode_segment(answer.id) + "/"});
    }
    exchange.answer_json(answer.status, answer.body, std::move(headers));
}

}  // namespace lantern::http
