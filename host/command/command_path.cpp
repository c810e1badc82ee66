#include "host/command/command_path.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "host/command/answers.hpp"
#include "host/core/assert.hpp"
#include "host/core/limits.hpp"

namespace lantern::command {
namespace {

constexpr int kFreshIds = 4;  // given to each decision

std::string metadata_of(const CommandRequest& request) {
    boost::json::object metadata;
    metadata["actor"] = {{"id", request.actor.id}, {"name", request.actor.name}};
    metadata["correlation_id"] = request.correlation_id;
    metadata["causation_id"] = request.causation_id;
    metadata["traceparent"] = request.traceparent;
    metadata["source"] = request.source;
    return boost::json::serialize(metadata);
}

std::vector<UniqueKey> only_in(const std::vector<UniqueKey>& these, const std::vector<UniqueKey>& others) {
    std::vector<UniqueKey> difference;
    std::set_difference(these.begin(), these.end(), others.begin(), others.end(), std::back_inserter(difference));
    return difference;
}

// Worth storing: the events read since the last one are many, or the new events cross a multiple.
bool snapshot_is_due(const LoadedStream& stream, bool cached, std::size_t new_events) {
    const auto every = limits::kSnapshotEvery;
    if (stream.head.value == 0) return false;
    if (!cached && static_cast<std::int64_t>(stream.events.size()) >= every) return true;
    return stream.head.value / every < (stream.head.value + static_cast<std::int64_t>(new_events)) / every;
}

}  // namespace

struct CommandPath::Basis {
    const LoadedAggregate& plugin;
    StreamCache::Entry cached;  // what it was folded from: this or `loaded`
    LoadedStream loaded;
    Folded folded;
    std::string saved;  // the state before the new events; empty: there was none

    const LoadedStream& stream() const { return cached ? *cached : loaded; }
    Revision head() const { return folded.revision; }
    const Description& described() const { return plugin.aggregate->description(); }
};

CommandPath::Step CommandPath::proceed(Handling& handling) {
    while (true) {
        auto turn = decide(handling);
        if (auto* answer = std::get_if<Answer>(&turn)) return std::move(*answer);
        if (auto* asks = std::get_if<std::vector<Ask>>(&turn)) return std::move(*asks);
        auto& proposal = std::get<Proposal>(turn);
        const auto outcome = store_.append(proposal.append);
        if (auto answer = conclude(handling, std::move(proposal), outcome)) return std::move(*answer);
    }
}

CommandPath::Turn CommandPath::decide(Handling& handling) {
    const auto& request = handling.request;
    const auto aggregate = world_.aggregates.find(request.aggregate);
    if (aggregate == world_.aggregates.end()) return unloaded(request.aggregate);
    const auto& described = aggregate->second.aggregate->description();
    if (world_.calls && world_.calls->blocked(described, request.command))
        return blocked(request.aggregate, request.command, described.build);
    const Watched watched(world_.calls, described, request.command);
    if (auto nobody = find_aggregate(aggregate->second, handling)) return std::move(*nobody);
    if (auto first = first_answer(handling)) return std::move(*first);
    while (true)
        if (auto turn = decide_once(aggregate->second, handling)) return std::move(*turn);
}

void CommandPath::give(Handling& handling, const std::vector<std::string>& names,
                       const std::vector<std::string>& answers) {
    LANTERN_ASSERT(names.size() == answers.size(), "each ask has its answer");
    for (std::size_t n = 0; n < names.size(); ++n) handling.answers[names[n]] = boost::json::parse(answers[n]);
}

std::optional<Answer> CommandPath::find_aggregate(const LoadedAggregate& plugin, Handling& handling) {
    const auto& request = handling.request;
    if (!handling.aggregate_id.empty()) return std::nullopt;
    handling.aggregate_id = request.creates ? fresh_id().text() : request.aggregate_id;
    if (!request.lookup) return std::nullopt;
    const auto key = plugin.aggregate->lookup_key(request.lookup->scope, request.lookup->typed);
    if (!key) return defective(key.error());
    const auto holder = store_.holder(request.aggregate, {request.lookup->scope, key.value()});
    if (!holder) return not_found(request.aggregate);
    handling.aggregate_id = *holder;
    return std::nullopt;
}

std::optional<Answer> CommandPath::first_answer(Handling& handling) {
    const auto& key = handling.request.idempotency;
    if (!key || handling.key_looked_up) return std::nullopt;
    handling.request_mac = world_.request_mac.mac(key->request);
    const auto first = store_.recorded(key->caller, key->route, key->key);
    handling.key_looked_up = true;
    if (!first) return std::nullopt;
    return replayed(*first, handling.request_mac);
}

// One decision on one state. Nothing: that state was not good enough, decide anew.
std::optional<CommandPath::Turn> CommandPath::decide_once(const LoadedAggregate& plugin, Handling& handling) {
    auto made = basis_of(plugin, handling);
    if (!made) return defective(made.error());
    auto& basis = made.value();
    const auto& request = handling.request;
    // Nothing may be answered from the cache but what gets appended.
    const auto read_first = [&]() -> std::optional<Turn> {
        handling.cache_distrusted = true;
        return std::nullopt;
    };

    // 1. Answers hold for the state they were asked on: a password verified against a hash that has gone since
    //    proves nothing.
    if (!handling.answers.empty() && handling.asked_at != basis.head()) {
        if (basis.cached) return read_first();
        if (handling.repeats++ >= request.repeats) return busy_stream(request.repeats);
        handling.answers.clear();
        handling.rounds = 0;
    }

    // 2. What the caller believes. Of a stream that does not exist the aggregate speaks first.
    if (request.if_match && basis.head().value > 0 && !request.if_match->met_by(basis.head())) {
        if (basis.cached) return read_first();
        return revision_differs(basis.head());
    }

    // 3. Decide.
    auto decided = basis.folded.state->decide(command_of(plugin, handling));
    if (!decided) return defective(decided.error());
    auto& decision = decided.value();
    if (!decision.rejections.empty()) {
        if (basis.cached) return read_first();
        return settle(handling, rejected(std::move(decision.rejections)));
    }
    if (!decision.asks.empty()) {
        if (++handling.rounds > limits::kAskRoundsMax)
            return defective("the aggregate asked in more than " + std::to_string(limits::kAskRoundsMax) +
                             " rounds");
        handling.asked_at = basis.head();
        return std::move(decision.asks);
    }
    if (decision.events.empty()) {
        if (basis.cached) return read_first();
        return settle(handling, accepted(request.accepted_status, handling.aggregate_id, basis.head()));
    }
    if (request.if_match && !request.if_match->met_by(basis.head())) return revision_differs(basis.head());

    // 4. To be appended, at exactly this revision.
    return propose(handling, basis, std::move(decision));
}

Result<CommandPath::Basis> CommandPath::basis_of(const LoadedAggregate& plugin, const Handling& handling) {
    Basis basis{plugin, nullptr, {}, {}, {}};
    if (handling.request.creates) {
        basis.folded.state = plugin.aggregate->state();  // a fresh id has no events; the append proves it
        return basis;
    }
    const auto& type = plugin.aggregate->description().aggregate_type;
    if (auto cached = world_.cache.find(type, handling.aggregate_id)) {
        // Known to have moved on, or no longer good enough: what came since is read.
        if (handling.cache_distrusted || world_.heads.newest(type, handling.aggregate_id) > cached->head) {
            if (catch_up(plugin, handling.aggregate_id, *cached, basis.loaded)) cached = nullptr;
        } else {
            basis.cached = cached;
        }
        if (!cached || basis.cached) {
            if (auto folded = fold(*plugin.aggregate, *plugin.upcasts, basis.stream())) {
                basis.folded = std::move(folded.value());
                return basis;
            }
        }
        world_.cache.forget(type, handling.aggregate_id);
        basis.cached = nullptr;
    }
    auto folded =
        load_and_fold(store_, *plugin.aggregate, *plugin.upcasts, handling.aggregate_id, {}, basis.loaded);
    if (!folded) return failure(folded.error());
    basis.folded = std::move(folded.value());
    return basis;
}

// The cached stream with the events that the store has after it. False: the store is behind the cache.
bool CommandPath::catch_up(const LoadedAggregate& plugin, const std::string& aggregate_id,
                           const LoadedStream& cached, LoadedStream& stream) {
    const auto& described = plugin.aggregate->description();
    auto tail = store_.load(described.aggregate_type, aggregate_id, described.state_version, described.build,
                            {{}, {}, cached.head});
    if (tail.head < cached.head) return false;
    stream = cached;
    stream.head = tail.head;
    stream.events.insert(stream.events.end(), std::make_move_iterator(tail.events.begin()),
                         std::make_move_iterator(tail.events.end()));
    return true;
}

Command CommandPath::command_of(const LoadedAggregate& plugin, const Handling& handling) {
    const auto& request = handling.request;
    boost::json::object context;
    context["time_us"] = world_.clock.now().time_since_epoch().count();
    auto& scopes = context["actor"].emplace_object()["scopes"].emplace_array();
    for (const auto& scope : request.actor.scopes) scopes.emplace_back(scope);
    context["actor"].as_object()["id"] = request.actor.id;
    context["actor"].as_object()["name"] = request.actor.name;
    auto& ids = context["ids"].emplace_array();
    for (int n = 0; n < kFreshIds; ++n) ids.emplace_back(fresh_id().text());
    context["correlation_id"] = request.correlation_id;
    context["settings"] = boost::json::parse(plugin.settings);
    context["answers"] = handling.answers;
    return {request.command, handling.aggregate_id, request.data, boost::json::serialize(context)};
}

// Evolves the state in `basis` by the new events, to learn which keys it holds then.
Result<Append> CommandPath::append_of(const Handling& handling, Basis& basis, Decided decided) {
    const auto& described = basis.described();
    Append append;
    append.aggregate_type = described.aggregate_type;
    append.aggregate_id = handling.aggregate_id;
    append.stream = basis.stream().stream.value_or(StreamId{});
    append.expected = basis.head().value;
    append.counters = std::move(decided.counters);
    std::sort(append.counters.begin(), append.counters.end(),
              [](const CounterMove& a, const CounterMove& b) { return a.name < b.name; });
    auto& emitted = decided.events;

    // 1. The state before: its keys, and a snapshot for the cache, now and then for the store.
    auto& state = *basis.folded.state;
    const auto before = state.unique_keys();
    if (!before) return failure(before.error());
    if (basis.head().value > 0) {
        auto saved = state.save();
        if (!saved) return failure(saved.error());
        basis.saved = std::move(saved.value());
    }
    if (snapshot_is_due(basis.stream(), basis.cached != nullptr, emitted.size()))
        append.snapshot = Snapshot{basis.head(), described.state_version, described.build, basis.saved};

    // 2. The events, and the state after them. Their stored time is not known yet, so this state is used for its
    //    keys and then dropped.
    const auto metadata = metadata_of(handling.request);
    Event event;
    event.aggregate_type = append.aggregate_type;
    event.aggregate_id = append.aggregate_id;
    event.stream = append.stream;
    event.revision = basis.head();
    event.recorded_at = world_.clock.now();
    event.metadata = metadata;
    for (auto& one : emitted) {
        ++event.revision.value;
        event.id = fresh_id();
        event.type = one.type;
        event.schema_version = one.schema_version;
        event.data = one.data;
        if (const auto evolved = evolve(state, event, *basis.plugin.upcasts); !evolved)
            return failure(evolved.error());
        append.events.push_back({event.id, std::move(one.type), one.schema_version, std::move(one.data), metadata});
    }
    const auto after = state.unique_keys();
    if (!after) return failure(after.error());
    append.holds = only_in(after.value(), before.value());
    append.frees = only_in(before.value(), after.value());
    return append;
}

CommandPath::Turn CommandPath::propose(const Handling& handling, Basis& basis, Decided decided) {
    auto made = append_of(handling, basis, std::move(decided));
    if (!made) return defective(made.error());
    auto& append = made.value();
    const Revision revision{append.expected + static_cast<std::int64_t>(append.events.size())};
    Proposal proposal{{}, accepted(handling.request.accepted_status, handling.aggregate_id, revision)};
    if (const auto& key = handling.request.idempotency)
        append.idempotency = IdempotencyRecord{
            key->caller, key->route, key->key, handling.request_mac, proposal.answer.status, proposal.answer.body};
    const auto& described = basis.described();
    if (!basis.saved.empty())
        proposal.before = Snapshot{basis.head(), described.state_version, described.build, std::move(basis.saved)};
    proposal.append = std::move(append);
    proposal.on_cached_state = basis.cached != nullptr;
    return proposal;
}

std::optional<Answer> CommandPath::conclude(Handling& handling, Proposal proposal, const AppendOutcome& outcome) {
    if (!outcome) return refused(handling, proposal, outcome.error());
    auto answer = std::move(proposal.answer);
    LANTERN_ASSERT(outcome.value().revision == answer.revision, "an append at N of k events ends at N + k");
    remember(std::move(proposal), outcome.value());
    answer.appended = true;
    return answer;
}

std::optional<Answer> CommandPath::refused(Handling& handling, const Proposal& proposal,
                                           const AppendRefusal& refusal) {
    const auto& request = handling.request;
    switch (refusal.kind) {
        case AppendRefusal::Kind::revision_differs:
            handling.cache_distrusted = true;
            if (proposal.on_cached_state || handling.repeats++ < request.repeats) return std::nullopt;
            return request.if_match ? revision_differs(refusal.head) : busy_stream(request.repeats);
        case AppendRefusal::Kind::key_taken:
            return settle(handling, key_taken(refusal.what));
        case AppendRefusal::Kind::counter_below:
            for (const auto& move : proposal.append.counters)
                if (move.name == refusal.what) return settle(handling, counter_below(move));
            return defective("the store refused a counter that was not moved: " + refusal.what);
        case AppendRefusal::Kind::idempotency_known:
            break;
    }
    // A twin of this request was faster.
    const auto& key = request.idempotency;
    const auto first = store_.recorded(key->caller, key->route, key->key);
    if (!first) return std::nullopt;  // it has just grown too old
    return replayed(*first, handling.request_mac);
}

// An answer without events is recorded under the key too: the first answer stays the answer.
Answer CommandPath::settle(const Handling& handling, Answer answer) {
    const auto& key = handling.request.idempotency;
    if (!key) return answer;
    Append record;
    record.aggregate_type = handling.request.aggregate;
    record.aggregate_id = handling.aggregate_id;
    record.idempotency =
        IdempotencyRecord{key->caller, key->route, key->key, handling.request_mac, answer.status, answer.body};
    if (store_.append(record)) return answer;
    const auto first = store_.recorded(key->caller, key->route, key->key);
    return first ? replayed(*first, handling.request_mac) : answer;
}

// The stream as the store has it now, so that the next command finds it.
void CommandPath::remember(Proposal&& proposal, const Appended& appended) {
    auto& append = proposal.append;
    LoadedStream stream;
    stream.stream = appended.stream;
    stream.head = appended.revision;
    stream.snapshot = std::move(proposal.before);
    Event event;
    event.stream = appended.stream;
    event.revision = Revision{append.expected};
    event.position = appended.position;
    event.aggregate_type = append.aggregate_type;
    event.aggregate_id = append.aggregate_id;
    event.recorded_at = appended.recorded_at;
    for (auto& one : append.events) {
        ++event.revision.value;
        event.id = one.id;
        event.type = std::move(one.type);
        event.schema_version = one.schema_version;
        event.data = std::move(one.data);
        event.metadata = std::move(one.metadata);
        stream.events.push_back(event);
    }
    world_.heads.note(append.aggregate_type, append.aggregate_id, appended.revision);
    world_.cache.put(append.aggregate_type, append.aggregate_id, std::move(stream));
}

Result<std::optional<CommandPath::Shown>> CommandPath::state_at(const std::string& aggregate_type,
                                                                const std::string& aggregate_id, const Range& range,
                                                                Secrets secrets) {
    const auto aggregate = world_.aggregates.find(aggregate_type);
    if (aggregate == world_.aggregates.end())
        return failure("no plugin for the aggregate type " + aggregate_type + " is loaded");
    LoadedStream loaded;
    const auto folded = load_and_fold(store_, *aggregate->second.aggregate, *aggregate->second.upcasts,
                                      aggregate_id, range, loaded);
    if (!folded) return failure(folded.error());
    if (folded.value().revision.value == 0) return std::optional<Shown>();
    const auto saved = folded.value().state->save();
    if (!saved) return failure(saved.error());
    boost::system::error_code malformed;
    auto state = boost::json::parse(saved.value(), malformed);
    if (malformed || !state.is_object()) return failure("the aggregate's saved state is no JSON object");
    if (secrets == Secrets::left_out)
        for (const auto& secret : aggregate->second.aggregate->description().secret_state)
            state.as_object().erase(secret);
    return std::optional<Shown>(
        Shown{folded.value().revision, folded.value().recorded_at, boost::json::serialize(state)});
}

Uuid CommandPath::fresh_id() {
    return Uuid::v7(world_.clock.now(), random_.next(), random_.next());
}

}  // namespace lantern::command
