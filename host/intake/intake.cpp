#include "host/intake/intake.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "host/command/folding.hpp"
#include "host/core/assert.hpp"

namespace lantern::intake {
namespace {

namespace json = boost::json;
using backfill::event_of;
using backfill::stream_of;
using command::Problem;
using command::Rejection;
using command::RejectionKind;

constexpr int kRoundsMax = 20;  // of an append whose streams others append to meanwhile

std::string subject_of(const StreamName& stream) {
    return stream.aggregate_type + "/" + stream.aggregate_id;
}

bool same_content(const Arrival& one, const Arrival& other) {
    return one.type == other.type && one.schema_version == other.schema_version && one.data == other.data &&
           stream_of(one) == stream_of(other);
}

Problem problem_with(int status, const std::string& kind, const std::string& title, const Rejection& error) {
    return {status, kind, title, error.message, error.rule, error.field, {error}};
}

Problem reused(const Arrival& event, Form form) {
    return problem_with(409, "conflict", "In conflict with something that exists",
                        {RejectionKind::conflict, "event_id_reused", "id",
                         "Another event came with this source and id before.", pointer_to(event, form, "id")});
}

Problem problem_of(const Refusal& refusal, const std::vector<Arrival>& events, Form form) {
    const auto at = [&]() -> const Arrival& {
        const auto place = static_cast<std::size_t>(refusal.number - 1);
        LANTERN_ASSERT(place < events.size(), "a refusal names an event of its append");
        return events[place];
    };
    switch (refusal.kind) {
        case Refusal::Kind::revision: {
            const std::string head = std::to_string(refusal.next.value - 1);
            return problem_with(412, "revision-differs", "Changed meanwhile",
                                {RejectionKind::conflict, "expected_revision", "revision",
                                 subject_of(stream_of(at())) + " is at revision " + head + " before this event.",
                                 pointer_to(at(), form, "revision")});
        }
        case Refusal::Kind::reused:
            return reused(at(), form);
        case Refusal::Kind::key_taken:
            for (const auto& event : events)
                if (stream_of(event) == refusal.stream)
                    return problem_with(
                        409, "conflict", "In conflict with something that exists",
                        {RejectionKind::conflict, refusal.scope + "_taken", refusal.scope,
                         "The " + refusal.scope + " of " + subject_of(refusal.stream) + " is taken.",
                         pointer_to(event, form, "data")});
            break;
        case Refusal::Kind::moved:
            break;
    }
    return {409,
            "busy",
            "Changed by others at the same time",
            "Others kept appending to these streams. Try again.",
            "busy",
            "",
            {}};
}

std::string text_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Result<std::vector<Recorded>, Problem> Intake::take(const Parts& parts, Contents contents,
                                                    const Bringer& bringer) const {
    if (auto problem = prepare(parts, contents, bringer)) return failure(*std::move(problem));
    return append(parts, std::move(contents));
}

std::optional<Problem> Intake::prepare(const Parts& parts, Contents& contents, const Bringer& bringer) const {
    auto& events = contents.events;
    std::vector<std::vector<Rejection>> refused;  // by event
    for (const auto& event : events) refused.push_back(refusals(event, contents.form));
    for (auto& event : events) complete(event, bringer, parts.random);
    if (std::all_of(refused.begin(), refused.end(), [](const auto& errors) { return errors.empty(); }))
        return std::nullopt;
    // A schema or a setting may be another one than when an event came first: that is no matter of its repetition.
    const auto known = parts.arrivals.known(events);
    std::vector<Rejection> errors;
    for (std::size_t at = 0; at < events.size(); ++at)
        if (!known[at]) std::move(refused[at].begin(), refused[at].end(), std::back_inserter(errors));
    if (errors.empty()) return std::nullopt;
    return command::problem_of(std::move(errors));
}

Result<std::vector<Recorded>, Problem> Intake::append(const Parts& parts, Contents contents) const {
    // 1. An event that is there twice in one request is one event.
    std::map<std::pair<std::string, std::string>, std::size_t> seen;
    std::vector<std::size_t> places;
    Append append;
    for (auto& event : contents.events) {
        const auto [known, fresh] = seen.try_emplace({event.source, event.id}, append.events.size());
        places.push_back(known->second);
        if (!fresh) {
            if (!same_content(event, append.events[known->second])) return failure(reused(event, contents.form));
            continue;
        }
        append.events.push_back(std::move(event));
    }

    // 2. Append, with the unique keys that the new states hold and what they contribute to counters.
    for (int round = 0;; ++round) {
        if (auto problem = fold(parts, append, contents.form)) return failure(*std::move(problem));
        const auto recorded = parts.arrivals.append(append);
        if (recorded) {
            for (std::size_t at = 0; at < append.events.size(); ++at)
                world_.heads.note(append.events[at].aggregate_type, append.events[at].aggregate_id,
                                  recorded.value()[at].revision);
            std::vector<Recorded> all;
            for (const auto place : places) all.push_back(recorded.value()[place]);
            return all;
        }
        const bool again = recorded.error().kind == Refusal::Kind::moved && round < kRoundsMax;
        if (!again) return failure(problem_of(recorded.error(), append.events, contents.form));
    }
}

std::vector<Rejection> Intake::refusals(const Arrival& event, Form form) const {
    std::vector<Rejection> errors;
    const auto& open = world_.settings.into_aggregates;
    const auto place = [&](const std::string& part) { return pointer_to(event, form, part); };
    if (is_owned(event) && std::find(open.begin(), open.end(), event.aggregate_type) == open.end())
        errors.push_back(
            {RejectionKind::forbidden, "into_aggregates", "subject",
             "Streams of the type " + event.aggregate_type +
                 " are written by commands alone; the setting intake.into_aggregates does not name it.",
             place("subject")});
    if (!world_.has_schema(event.type, event.schema_version)) {
        if (world_.settings.unknown_types == IntakeSettings::UnknownTypes::refuse)
            errors.push_back({RejectionKind::invalid, "known_type", "type",
                              "There is no schema of " + event.type + " in version " +
                                  std::to_string(event.schema_version) +
                                  "; the setting intake.unknown_types says that such events are refused.",
                              place("type")});
        return errors;
    }
    for (auto flaw : world_.check(event)) {
        flaw.pointer = place("data") + flaw.pointer;
        flaw.field = flaw.field.empty() ? "data" : "data." + flaw.field;
        errors.push_back(std::move(flaw));
    }
    return errors;
}

// An id, and metadata: what the event says of itself stays, but who brought it and where it came from is not its
// own word. When it was recorded is for the store to say; when it happened is kept as `occurred_at`.
void Intake::complete(Arrival& event, const Bringer& bringer, Random& random) const {
    if (!event.event_id) event.event_id = Uuid::v7(world_.clock.now(), random.next(), random.next());
    auto metadata = json::parse(event.metadata).as_object();
    if (const auto* claimed = metadata.if_contains("actor")) metadata["claimed_actor"] = json::value(*claimed);
    metadata["actor"] = {{"id", bringer.actor.id}, {"name", bringer.actor.name}};
    const auto own_or = [&](const char* name, const std::string& other) {
        if (text_member(metadata, name).empty() && !other.empty()) metadata[name] = other;
    };
    own_or("correlation_id", bringer.correlation_id);
    own_or("causation_id", bringer.causation_id);
    own_or("traceparent", bringer.traceparent);
    if (!event.source.starts_with(backfill::kStoreSource)) {
        metadata["source"] = event.source;
        metadata["source_id"] = event.id;
    }
    if (!bringer.address.empty()) metadata["address"] = bringer.address;
    if (event.recorded_at) metadata["occurred_at"] = iso8601(*event.recorded_at);
    event.recorded_at.reset();
    event.metadata = json::serialize(metadata);
}

// What changes of unique keys and counters, of streams whose aggregate allows events from outside.
std::optional<Problem> Intake::fold(const Parts& parts, Append& append, Form form) const {
    append.heads.clear();
    append.held.clear();
    append.freed.clear();
    append.counters.clear();
    append.snapshots.clear();
    if (std::none_of(append.events.begin(), append.events.end(), [&](const auto& one) { return is_owned(one); }))
        return std::nullopt;
    const auto known = parts.arrivals.known(append.events);
    std::map<StreamName, std::vector<Arrival*>> streams;
    for (std::size_t at = 0; at < append.events.size(); ++at)
        if (auto& event = append.events[at]; is_owned(event) && !known[at])
            streams[stream_of(event)].push_back(&event);
    for (const auto& [stream, events] : streams)
        if (auto problem = fold_stream(parts, stream, events, append, form)) return problem;
    std::erase_if(append.counters, [](const auto& counter) { return counter.second == 0; });
    return std::nullopt;
}

std::optional<Problem> Intake::fold_stream(const Parts& parts, const StreamName& stream,
                                           const std::vector<Arrival*>& events, Append& append, Form form) const {
    const auto refused = [&](const Arrival& event, const std::string& why) {
        return problem_with(422, "invalid", "The request breaks rules of its fields",
                            {RejectionKind::invalid, "aggregate", "data",
                             "The aggregate " + stream.aggregate_type + " refuses it: " + why + ".",
                             pointer_to(event, form, "data")});
    };
    const auto loaded = world_.aggregates.find(stream.aggregate_type);
    const bool blocked = loaded != world_.aggregates.end() && world_.calls &&
                         world_.calls->blocked(loaded->second.aggregate->description(), "intake");
    if (loaded == world_.aggregates.end() || blocked)
        return Problem{503,
                       blocked ? "command-blocked" : "aggregate-not-loaded",
                       "Not available",
                       blocked ? "Processes that folded events of " + stream.aggregate_type +
                                     " died too often. It is not asked any more until its plugin is replaced."
                               : "No plugin for the aggregate type " + stream.aggregate_type + " is loaded.",
                       "",
                       "",
                       {}};
    const auto& plugin = loaded->second;
    const command::Watched watched(world_.calls, plugin.aggregate->description(), "intake");
    command::LoadedStream read;
    auto folded =
        command::load_and_fold(parts.store(), *plugin.aggregate, *plugin.upcasts, stream.aggregate_id, {}, read);
    if (!folded) return refused(*events.front(), folded.error());
    auto& state = *folded.value().state;
    Revision revision = folded.value().revision;
    append.heads.emplace_back(stream, revision);
    if (static_cast<std::int64_t>(read.events.size()) >= limits::kSnapshotEvery) {
        const auto saved = state.save();
        if (!saved) return refused(*events.front(), saved.error());
        const auto& described = plugin.aggregate->description();
        append.snapshots.push_back({stream, {revision, described.state_version, described.build, saved.value()}});
    }
    const auto before = state.unique_keys();
    if (!before) return refused(*events.front(), before.error());
    const auto counted_before = state.counts();
    if (!counted_before) return refused(*events.front(), counted_before.error());
    for (const Arrival* arrival : events) {
        ++revision.value;
        auto event = event_of(*arrival, revision, world_.clock.now());
        if (const auto evolved = command::evolve(state, event, *plugin.upcasts); !evolved)
            return refused(*arrival, evolved.error());
    }
    const auto after = state.unique_keys();
    if (!after) return refused(*events.back(), after.error());
    const auto counted = state.counts();
    if (!counted) return refused(*events.back(), counted.error());
    for (const auto& [counter, amount] : counted.value()) append.counters[counter] += amount;
    for (const auto& [counter, amount] : counted_before.value()) append.counters[counter] -= amount;
    const auto only_in = [&](const auto& these, const auto& others, std::vector<KeyMove>& into) {
        std::vector<command::UniqueKey> keys;
        std::set_difference(these.begin(), these.end(), others.begin(), others.end(), std::back_inserter(keys));
        for (auto& key : keys) into.push_back({stream, std::move(key)});
    };
    only_in(after.value(), before.value(), append.held);
    only_in(before.value(), after.value(), append.freed);
    return std::nullopt;
}

}  // namespace lantern::intake
