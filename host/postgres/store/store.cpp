#include "host/postgres/store/store.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/store/append_group.hpp"
#include "host/postgres/store/event_rows.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

const Statement kAppend = statement("append");
const Statement kAppendGroup = statement("append_group");
const Statement kLoad = statement("load_stream");
const Statement kFindIdempotency = statement("find_idempotency");
const Statement kKeyHolder = statement("key_holder");

Params parameters_of(const command::Append& append) {
    using namespace command;
    const auto scope = [](const UniqueKey& held) { return std::string_view(held.scope); };
    const auto key = [](const UniqueKey& held) { return std::string_view(held.key); };
    Params params;
    params.add(append.aggregate_type).add(append.aggregate_id).add(append.expected);
    params.add(array_of(append.events, [](const NewEvent& event) { return event.id; }));
    params.add(array_of(append.events, [](const NewEvent& event) { return std::string_view(event.type); }));
    params.add(array_of(append.events, [](const NewEvent& event) { return std::int64_t{event.schema_version}; }));
    params.add(array_of(append.events, [](const NewEvent& event) { return std::string_view(event.data); }));
    params.add(array_of(append.events, [](const NewEvent& event) { return std::string_view(event.metadata); }));
    params.add(array_of(append.holds, scope)).add(array_of(append.holds, key));
    params.add(array_of(append.frees, scope)).add(array_of(append.frees, key));
    params.add(array_of(append.counters, [](const CounterMove& move) { return std::string_view(move.name); }));
    params.add(array_of(append.counters, [](const CounterMove& move) { return move.delta; }));
    params.add(array_of(append.counters, [](const CounterMove& move) { return move.minimum; }));
    if (const auto& record = append.idempotency) {
        params.add(record->caller).add(record->route).add(record->key).add(hex_of(record->request_mac));
        params.add(record->status).add(record->body);
    } else {
        for (int n = 0; n < 6; ++n) params.add_null();
    }
    if (const auto& snapshot = append.snapshot) {
        params.add(snapshot->revision.value).add(snapshot->state_version).add(snapshot->build).add(snapshot->state);
    } else {
        for (int n = 0; n < 4; ++n) params.add_null();
    }
    return params;
}

// "ERROR:  the stream is at revision: 7\nDETAIL: ..." -> "7"
std::string named_in(const Fault& fault) {
    const std::string message = fault.what();
    const auto line_end = message.find('\n');
    const auto line = message.substr(0, line_end);
    static constexpr std::string_view kMarks[] = {"revision: ", "scope: ", "minimum: "};
    for (const auto mark : kMarks)
        if (const auto at = line.find(mark); at != std::string::npos) return line.substr(at + mark.size());
    return {};
}

std::optional<command::AppendRefusal> refusal_of(const Fault& fault) {
    using Kind = command::AppendRefusal::Kind;
    if (fault.code() == "LN001") return {{Kind::revision_differs, Revision{std::stoll(named_in(fault))}, {}}};
    if (fault.code() == "LN003") return {{Kind::key_taken, {}, named_in(fault)}};
    if (fault.code() == "LN004") return {{Kind::counter_below, {}, named_in(fault)}};
    if (fault.code() == "LN005") return {{Kind::idempotency_known, {}, {}}};
    return std::nullopt;
}

}  // namespace

Store::Store(const std::string& url) : connection_({.url = url, .application_name = "lantern store"}) {}

command::LoadedStream Store::load(const std::string& aggregate_type, const std::string& aggregate_id,
                                  int state_version, const std::string& build, const command::Range& range) {
    connection_.ensure();
    Params params;
    params.add(aggregate_type).add(aggregate_id).add(state_version).add(build);
    if (range.until_revision) {
        params.add(range.until_revision->value);
    } else {
        params.add_null();
    }
    params.add(range.until_time);
    if (range.after) {
        params.add(range.after->value);
    } else {
        params.add_null();
    }
    const auto rows = connection_.exec(kLoad, params);

    command::LoadedStream loaded;
    if (rows.empty()) return loaded;
    loaded.events.reserve(rows.size() - 1);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (rows.view(row, 0) == "0") {
            loaded.stream = StreamId{rows.integer(row, 1)};
            loaded.head = Revision{rows.integer(row, 2)};
            if (!rows.null(row, 3))
                loaded.snapshot =
                    command::Snapshot{Revision{rows.integer(row, 3)}, static_cast<int>(rows.integer(row, 6)),
                                      rows.text(row, 5), rows.text(row, 8)};
            continue;
        }
        auto& event = loaded.events.emplace_back(read_event(rows, row, 1));
        event.aggregate_type = aggregate_type;
        event.aggregate_id = aggregate_id;
    }
    return loaded;
}

command::AppendOutcome Store::append(const command::Append& append) {
    connection_.ensure();
    try {
        const auto rows = connection_.exec(kAppend, parameters_of(append), Commits::here);
        return command::Appended{StreamId{rows.integer(0, 0)}, Revision{rows.integer(0, 1)},
                                 Position{rows.integer(0, 2)}, rows.time(0, 3)};
    } catch (const Fault& fault) {
        if (auto refusal = refusal_of(fault)) return failure(*std::move(refusal));
        throw;
    }
}

std::vector<std::optional<command::AppendOutcome>> Store::append_group(
    const std::vector<const command::Append*>& group) {
    connection_.ensure();
    return outcomes_of(group, connection_.exec(kAppendGroup, parameters_of(group), Commits::here));
}

std::optional<command::IdempotencyRecord> Store::recorded(const std::string& caller, const std::string& route,
                                                          const std::string& key) {
    connection_.ensure();
    const auto rows = connection_.exec(kFindIdempotency, Params{}.add(caller).add(route).add(key));
    if (rows.empty()) return std::nullopt;
    return command::IdempotencyRecord{
        caller, route, key, bytes_of(rows.view(0, 0)), static_cast<int>(rows.integer(0, 1)), rows.text(0, 2)};
}

std::optional<std::string> Store::holder(const std::string& aggregate_type, const command::UniqueKey& key) {
    connection_.ensure();
    const auto rows = connection_.exec(kKeyHolder, Params{}.add(aggregate_type).add(key.scope).add(key.key));
    return rows.empty() ? std::nullopt : std::optional(rows.text(0, 0));
}

}  // namespace lantern::postgres
