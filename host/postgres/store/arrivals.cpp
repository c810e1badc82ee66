#include "host/postgres/store/arrivals.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/store/key_moves.hpp"

namespace lantern::postgres {
namespace {

using intake::Arrival;

const Statement kAppend = statement("intake_append");
const Statement kKnown = statement("import_known");
const Statement kSnapshots = statement("import_snapshots");

template <class Member>
std::string texts(std::span<const Arrival> events, Member member) {
    return array_of(events, [member](const Arrival& event) { return std::string_view(event.*member); });
}

std::string event_ids(std::span<const Arrival> events) {
    return array_of(events, [](const Arrival& event) { return *event.event_id; });
}

Params parameters_of(const intake::Append& append) {
    using Head = std::pair<intake::StreamName, Revision>;
    const auto& events = append.events;
    Params params;
    params.add(texts(events, &Arrival::source)).add(texts(events, &Arrival::id)).add(event_ids(events));
    params.add(texts(events, &Arrival::aggregate_type)).add(texts(events, &Arrival::aggregate_id));
    params.add(texts(events, &Arrival::type));
    params.add(array_of(events, [](const Arrival& event) { return std::int64_t{event.schema_version}; }));
    params.add(texts(events, &Arrival::data)).add(texts(events, &Arrival::metadata));
    ArrayLiteral revisions;
    for (const auto& event : events) {
        if (event.revision)
            revisions.add(event.revision->value);
        else
            revisions.add_null();
    }
    params.add(std::move(revisions).take());
    params.add(
        array_of(append.heads, [](const Head& head) { return std::string_view(head.first.aggregate_type); }));
    params.add(array_of(append.heads, [](const Head& head) { return std::string_view(head.first.aggregate_id); }));
    params.add(array_of(append.heads, [](const Head& head) { return head.second.value; }));
    add_moves(params, append.held);
    add_moves(params, append.freed);
    add_counters(params, append.counters);
    return params;
}

}  // namespace

Arrivals::Arrivals(const std::string& url) : connection_({.url = url, .application_name = "lantern intake"}) {}

std::vector<bool> Arrivals::known(std::span<const Arrival> events) {
    connection_.ensure();
    Params params;
    params.add(texts(events, &Arrival::source)).add(texts(events, &Arrival::id)).add(event_ids(events));
    const auto rows = connection_.exec(kKnown, params);
    std::vector<bool> known(events.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
        known[static_cast<std::size_t>(rows.integer(row, 0)) - 1] = true;
    return known;
}

Result<std::vector<intake::Recorded>, intake::Refusal> Arrivals::append(const intake::Append& append) {
    connection_.ensure();
    try {
        for (const auto& snapshot : append.snapshots)  // one by one: who writes two could wait for another who does
            connection_.exec(kSnapshots, parameters_of({&snapshot, 1}));
        const auto rows = connection_.exec(kAppend, parameters_of(append), Commits::here);
        std::vector<intake::Recorded> recorded;
        for (std::size_t row = 0; row < rows.size(); ++row)
            recorded.push_back({rows.uuid(row, 0), Revision{rows.integer(row, 1)}, rows.boolean(row, 2)});
        LANTERN_ASSERT(recorded.size() == append.events.size(), "each event of an append has its place");
        return recorded;
    } catch (const Fault& fault) {
        if (auto refusal = refusal_of(fault, "event ")) return failure(*std::move(refusal));
        throw;
    }
}

}  // namespace lantern::postgres
