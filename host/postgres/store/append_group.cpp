#include "host/postgres/store/append_group.hpp"

#include <charconv>

#include "host/core/assert.hpp"
#include "host/postgres/array_literal.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

using Group = std::vector<const command::Append*>;
using Kind = command::AppendRefusal::Kind;

// Columns of one parameter each, added in the order of the statement.
template <std::size_t N>
struct Columns {
    ArrayLiteral of[N];

    void give(Params& params) {
        for (auto& column : of) params.add(std::move(column).take());
    }
};

// {1,2,3}
std::vector<std::int64_t> integers_of(std::string_view array) {
    std::vector<std::int64_t> integers;
    const char* const end = array.data() + array.size();
    for (const char* at = array.data() + 1; at < end && *at != '}'; ++at) {
        const auto [after, error] = std::from_chars(at, end, integers.emplace_back());
        LANTERN_ASSERT(error == std::errc{}, "an array of integers holds integers");
        at = after;
        if (*at == '}') break;
    }
    return integers;
}

std::int64_t revision_after(const command::Append& append) {
    return append.expected + static_cast<std::int64_t>(append.events.size());
}

}  // namespace

Params parameters_of(const Group& group) {
    Columns<5> members;
    Columns<7> events;
    Columns<7> records;
    Columns<5> snapshots;
    std::int64_t number = 0;
    for (const auto* append : group) {
        ++number;
        members.of[0].add(append->stream.value);
        members.of[1].add(std::string_view(append->aggregate_type));
        members.of[2].add(std::string_view(append->aggregate_id));
        members.of[3].add(append->expected);
        members.of[4].add(revision_after(*append));
        auto revision = append->expected;
        for (const auto& event : append->events) {
            events.of[0].add(number);
            events.of[1].add(++revision);
            events.of[2].add(event.id);
            events.of[3].add(std::string_view(event.type));
            events.of[4].add(std::int64_t{event.schema_version});
            events.of[5].add(std::string_view(event.data));
            events.of[6].add(std::string_view(event.metadata));
        }
        if (const auto& record = append->idempotency) {
            records.of[0].add(number);
            records.of[1].add(std::string_view(record->caller));
            records.of[2].add(std::string_view(record->route));
            records.of[3].add(std::string_view(record->key));
            records.of[4].add(std::string_view(hex_of(record->request_mac)));
            records.of[5].add(std::int64_t{record->status});
            records.of[6].add(std::string_view(record->body));
        }
        if (const auto& snapshot = append->snapshot) {
            snapshots.of[0].add(number);
            snapshots.of[1].add(snapshot->revision.value);
            snapshots.of[2].add(std::int64_t{snapshot->state_version});
            snapshots.of[3].add(std::string_view(snapshot->build));
            snapshots.of[4].add(std::string_view(snapshot->state));
        }
    }
    Params params;
    members.give(params);
    events.give(params);
    records.give(params);
    snapshots.give(params);
    return params;
}

std::vector<std::optional<command::AppendOutcome>> outcomes_of(const Group& group, const Rows& rows) {
    std::vector<std::optional<command::AppendOutcome>> outcomes(group.size());
    const auto found = integers_of(rows.view(0, 1)), heads = integers_of(rows.view(0, 2));
    for (std::size_t n = 0; n < found.size(); ++n)
        outcomes[static_cast<std::size_t>(found[n] - 1)] =
            failure(command::AppendRefusal{Kind::revision_differs, Revision{heads[n]}, {}});
    for (const auto member : integers_of(rows.view(0, 0)))
        outcomes[static_cast<std::size_t>(member - 1)] =
            failure(command::AppendRefusal{Kind::idempotency_known, {}, {}});
    std::size_t events = 0;
    const auto positions = integers_of(rows.view(0, 4));
    for (const auto member : integers_of(rows.view(0, 3))) {
        const auto& append = *group[static_cast<std::size_t>(member - 1)];
        events += append.events.size();
        LANTERN_ASSERT(events <= positions.size(), "each event that was appended has its position");
        outcomes[static_cast<std::size_t>(member - 1)] = command::Appended{
            append.stream, Revision{revision_after(append)}, Position{positions[events - 1]}, rows.time(0, 5)};
    }
    return outcomes;
}

}  // namespace lantern::postgres
