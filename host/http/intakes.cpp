#include "host/http/intakes.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/http/guarded.hpp"
#include "host/http/json_body.hpp"

namespace lantern::http {
namespace {

using intake::Arrival;

constexpr std::string_view kPrefix = "ce-";

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

int hex_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The CloudEvents HTTP binding percent-encodes what a header cannot hold.
std::string decoded(std::string_view value) {
    std::string out;
    for (std::size_t at = 0; at < value.size(); ++at) {
        if (value[at] == '%' && at + 2 < value.size() && hex_of(value[at + 1]) >= 0 && hex_of(value[at + 2]) >= 0) {
            out.push_back(static_cast<char>(hex_of(value[at + 1]) * 16 + hex_of(value[at + 2])));
            at += 2;
        } else {
            out.push_back(value[at]);
        }
    }
    return out;
}

intake::Parcel parcel_of(const Request& request) {
    intake::Parcel parcel{request.header("Content-Type"), {}, request.body};
    for (const auto& [name, value] : request.headers) {
        std::string key;
        std::transform(name.begin(), name.end(), std::back_inserter(key), lower);
        if (key.starts_with(kPrefix)) parcel.attributes.emplace_back(key.substr(kPrefix.size()), decoded(value));
    }
    return parcel;
}

bool of_one_stream(const std::vector<Arrival>& events) {
    return std::all_of(events.begin(), events.end(), [&](const Arrival& event) {
        return event.aggregate_type == events.front().aggregate_type &&
               event.aggregate_id == events.front().aggregate_id;
    });
}

// If-Match names the revision of the stream before the first event. Nothing, or what is wrong with it.
std::optional<std::string> expect(const Request& request, std::vector<Arrival>& events) {
    const auto wanted = if_match(request);
    if (!wanted) return std::nullopt;
    if (wanted->any || wanted->revisions.size() != 1)
        return "If-Match must name one revision of the stream, for example \"7\".";
    if (!of_one_stream(events)) return "If-Match is for events of one stream.";
    auto next = wanted->revisions.front();
    for (auto& event : events) {
        ++next.value;
        if (event.revision.value_or(next) != next) return "If-Match and the event's own expected revision differ.";
        event.revision = next;
    }
    return std::nullopt;
}

boost::json::object shown(const intake::Recorded& recorded, const std::string& subject) {
    return {{"event_id", recorded.event.text()}, {"subject", subject}, {"revision", recorded.revision.value}};
}

std::vector<Header> accepted_media(const command::Problem& problem) {
    if (problem.status != 415) return {};
    return {{"Accept", "application/cloudevents+json, application/cloudevents-batch+json, application/json"}};
}

}  // namespace

void Intakes::handle(const ExchangePtr& exchange) {
    if (!accept_size(*exchange, world_.body_bytes_max)) return;
    world_.workers.run(guarded(exchange, [this, exchange](Session& session) { take(session, *exchange); }));
}

Result<std::vector<intake::Recorded>, command::Problem> Intakes::append(Session& session, const Exchange& exchange,
                                                                        intake::Contents contents) {
    try {
        return world_.intake->take(
            {session.arrivals(), [&]() -> command::Store& { return session.store(); }, session.random()},
            std::move(contents),
            {exchange.actor, exchange.trace.correlation_id, exchange.trace.request_id, exchange.trace.traceparent,
             exchange.request.remote_address});
    } catch (const Fault& fault) {
        if (!fault.in_doubt()) throw;
        return failure(
            command::Problem{503,
                             "in-doubt",
                             "It is not known whether it was done",
                             "The connection to the database was lost while the events were being written. "
                             "Send them again: what is there already is known by source and id.",
                             "",
                             "",
                             {}});
    }
}

void Intakes::take(Session& session, Exchange& exchange) {
    const auto& request = exchange.request;
    auto contents = intake::read_parcel(parcel_of(request));
    if (!contents) return exchange.refuse(contents.error(), accepted_media(contents.error()));
    auto& events = contents.value().events;
    if (const auto wrong = expect(request, events)) return exchange.refuse_malformed(*wrong);
    const auto form = contents.value().form;
    std::vector<std::string> subjects;
    for (const auto& event : events) subjects.push_back(event.aggregate_type + "/" + event.aggregate_id);

    const auto recorded = append(session, exchange, std::move(contents.value()));
    if (!recorded) {
        const bool later = recorded.error().status == 503;
        return exchange.refuse(recorded.error(),
                               later ? std::vector<Header>{{"Retry-After", "1"}} : std::vector<Header>{});
    }
    const auto& all = recorded.value();
    std::vector<Header> headers;
    if (form == intake::Form::single) headers.push_back({"ETag", etag(all.front().revision)});
    if (std::all_of(all.begin(), all.end(), [](const auto& one) { return one.known; }))
        headers.push_back({"Idempotency-Replayed", "true"});
    else
        world_.announcer.announce();
    boost::json::object body;
    if (form == intake::Form::single) {
        body = shown(all.front(), subjects.front());
    } else {
        auto& list = body["events"].emplace_array();
        for (std::size_t at = 0; at < all.size(); ++at) list.push_back(shown(all[at], subjects[at]));
    }
    exchange.answer_json(201, boost::json::serialize(body), std::move(headers));
}

}  // namespace lantern::http
