#include "host/http/commands.hpp"

#include <boost/json.hpp>

#include "host/core/limits.hpp"
#include "host/http/json_body.hpp"

namespace lantern::http {

struct Commands::Course final : command::AppendGroups::Member {
    const command::Append& append() const override { return proposal.append; }

    ExchangePtr exchange;
    command::Handling handling;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    bool counted = false;                     // against the route's allowance
    bool checked = false;                     // its data
    int conflicts = 0;                        // serialisation failures and deadlocks met
    command::CommandPath::Proposal proposal;  // while it is being appended
};

void Commands::handle(const ExchangePtr& exchange) {
    if (!accept_body(*exchange, world_.body_bytes_max)) return;
    auto request = request_of(*exchange);
    if (!request) return exchange->refuse(command::problem_of({request.error()}));
    auto course = std::make_shared<Course>();
    course->exchange = exchange;
    course->handling.request = std::move(request.value());
    world_.workers.run([this, course](Session& session) { go_on(session, course); });
}

Result<command::CommandRequest, command::Rejection> Commands::request_of(const Exchange& exchange) {
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
    if (!route.id_field.empty()) {
        const auto body = boost::json::parse(command.data);
        const auto* named = body.as_object().if_contains(route.id_field);
        if (!named || !named->is_string() || named->get_string().empty())
            return failure(command::Rejection{command::RejectionKind::invalid, "valid_" + route.id_field,
                                              route.id_field, "must be text"});
        const std::string text(named->get_string());
        if (route.key.empty())
            command.aggregate_id = text.substr(0, limits::kAggregateIdBytesMax);
        else
            command.lookup = command::Lookup{route.key, text};
    }
    // Callers without a name would share their keys.
    const auto key = request.header("Idempotency-Key");
    if (route.access != Access::anyone && !key.empty())
        command.idempotency =
            command::IdempotencyKey{exchange.actor.id, route.method + " " + route.path, std::string(key),
                                    request.method + " " + request.target + "\n" + request.body};
    return command;
}

// A fault ends the request; what was in conflict with another transaction was not done, and is done again.
void Commands::attempt(const CoursePtr& course, const std::function<void()>& part) {
    constexpr int kConflictsMax = 5;
    try {
        part();
    } catch (const Fault& fault) {
        if (fault.kind() == FaultKind::conflict && ++course->conflicts <= kConflictsMax)
            return world_.workers.run([this, course](Session& other) { go_on(other, course); });
        if (fault.poisons_connection()) world_.path.cache.clear();
        course->exchange->refuse_fault(fault);
    } catch (const std::exception& error) {
        course->exchange->refuse_defect(error.what());
    }
}

// One job.
void Commands::go_on(Session& session, const CoursePtr& course) {
    attempt(course, [&] { step(session, course); });
}

void Commands::step(Session& session, const CoursePtr& course) {
    const auto& route = *course->exchange->match.command;
    if (route.per_address && !std::exchange(course->counted, true)) {
        const Allowance allowance{route.path + " from " + course->exchange->request.remote_address,
                                  *route.per_address};
        if (const auto wait = session.admissions().take({allowance}); wait > Milliseconds{0})
            return course->exchange->refuse_too_many(wait);
    }
    if (world_.check && !std::exchange(course->checked, true)) {
        auto wrong = world_.check(route, course->handling.request.data);
        if (!wrong.empty()) return course->exchange->refuse(command::problem_of(std::move(wrong)));
    }
    command::CommandPath path(world_.path, session.store(), session.random());
    auto turn = path.decide(course->handling);
    if (auto* asks = std::get_if<std::vector<command::Ask>>(&turn)) return ask(course, std::move(*asks));
    if (const auto* answered = std::get_if<command::Answer>(&turn)) return end(course, *answered);
    course->proposal = std::move(std::get<command::CommandPath::Proposal>(turn));
    append(session, course);
}

// Perhaps with others, by a thread that is at it already.
void Commands::append(Session& session, const CoursePtr& course) {
    groups_.append(session.store(), course, [&](const auto& member, command::AppendGroups::Landing landing) {
        land(session, std::static_pointer_cast<Course>(member), std::move(landing));
    });
}

void Commands::land(Session& session, const CoursePtr& course, command::AppendGroups::Landing landing) {
    attempt(course, [&] {
        if (const auto* thrown = std::get_if<std::exception_ptr>(&landing)) std::rethrow_exception(*thrown);
        if (const auto* outcome = std::get_if<command::AppendOutcome>(&landing))
            return conclude(session, course, *outcome);
        // It may have to wait for somebody else's lock, so not on this thread, for which others wait.
        world_.workers.run([this, course](Session& other) {
            attempt(course, [&] { conclude(other, course, other.store().append(course->append())); });
        });
    });
}

void Commands::conclude(Session& session, const CoursePtr& course, const command::AppendOutcome& outcome) {
    command::CommandPath path(world_.path, session.store(), session.random());
    if (const auto answered = path.conclude(course->handling, std::move(course->proposal), outcome))
        return end(course, *answered);
    world_.workers.run([this, course](Session& other) { go_on(other, course); });
}

void Commands::ask(const CoursePtr& course, std::vector<command::Ask> asks) {
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

void Commands::end(const CoursePtr& course, const command::Answer& answered) {
    if (course->exchange->match.command->blind && answered.status < 500) return answer_blindly(course, answered);
    answer(*course->exchange, answered);
}

// Neither the answer nor its time tells what came of it.
void Commands::answer_blindly(const CoursePtr& course, const command::Answer& answer) {
    if (answer.appended) world_.announcer.announce();
    const auto left = course->since + limits::kBlindAnswerAfter - std::chrono::steady_clock::now();
    world_.workers.run_after(std::max(std::chrono::ceil<Milliseconds>(left), Milliseconds{0}), [course](Session&) {
        course->exchange->answer_json(course->exchange->match.command->status, "{\"status\":\"accepted\"}");
    });
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
