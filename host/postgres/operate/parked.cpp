#include "host/postgres/operate/parked.hpp"

#include "host/core/assert.hpp"
#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kStreamId = statement("stream_id");
const Statement kGroups = statement("parked_groups");
const Statement kStreams = statement("parked_streams");
const Statement kAttempts = statement("parked_attempts");
const Statement kAct = statement("parked_act");

Params params_of(const ParkedSelection& selection) {
    Params params;
    params.add(selection.handler ? std::optional(selection.handler->value) : std::nullopt);
    params.add(selection.stream ? std::optional(selection.stream->value) : std::nullopt);
    params.add(selection.fingerprint);
    params.add(selection.older_than ? std::optional(std::int64_t{selection.older_than->count()}) : std::nullopt);
    return params;
}

std::string state_of(const Rows& rows, std::size_t row, int column) {
    return rows.integer(row, column) == 2 ? "dead" : "retrying";
}

std::optional<Timestamp> maybe_time(const Rows& rows, std::size_t row, int column) {
    return rows.null(row, column) ? std::nullopt : std::optional(rows.time(row, column));
}

}  // namespace

std::string ParkedStream::name() const {
    return aggregate_type.empty() ? std::to_string(stream.value) : aggregate_type + "/" + aggregate_id;
}

Parked::Parked(const std::string& url)
    : connection_({.url = url, .application_name = "lantern parked", .plans = Plans::estimated}) {}

std::optional<StreamId> Parked::find(const std::string& name) {
    connection_.ensure();
    const auto slash = name.find('/');
    if (slash == std::string::npos) return std::nullopt;
    const auto rows = connection_.exec(kStreamId, Params{}.add(name.substr(0, slash)).add(name.substr(slash + 1)));
    return rows.empty() ? std::nullopt : std::optional(StreamId{rows.integer(0, 0)});
}

std::vector<ParkedGroup> Parked::groups(const ParkedSelection& selection) {
    connection_.ensure();
    const auto rows = connection_.exec(kGroups, params_of(selection));
    std::vector<ParkedGroup> groups;
    for (std::size_t row = 0; row < rows.size(); ++row)
        groups.push_back({HandlerName{rows.text(row, 0)}, state_of(rows, row, 1), rows.text(row, 2),
                          rows.text(row, 3), rows.integer(row, 4), maybe_time(rows, row, 5),
                          maybe_time(rows, row, 6), rows.text(row, 7), rows.text(row, 8)});
    return groups;
}

std::vector<ParkedStream> Parked::streams(const ParkedSelection& selection, std::optional<std::int64_t> limit) {
    connection_.ensure();
    const auto rows = connection_.exec(kStreams, params_of(selection).add(limit));
    std::vector<ParkedStream> streams;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto& parked = streams.emplace_back();
        parked.handler = HandlerName{rows.text(row, 0)};
        parked.stream = StreamId{rows.integer(row, 1)};
        parked.aggregate_type = rows.text(row, 2);
        parked.aggregate_id = rows.text(row, 3);
        parked.revision = Revision{rows.integer(row, 4)};
        if (!rows.null(row, 5)) {
            parked.failing = Revision{rows.integer(row, 5)};
            parked.event = rows.uuid(row, 6);
        }
        parked.event_type = rows.text(row, 7);
        parked.state = state_of(rows, row, 8);
        parked.seen = Revision{rows.integer(row, 9)};
        parked.attempts = static_cast<int>(rows.integer(row, 10));
        parked.next_attempt_at = maybe_time(rows, row, 11);
        parked.since = maybe_time(rows, row, 12);
        parked.error = rows.text(row, 13);
        parked.fingerprint = rows.text(row, 14);
    }
    return streams;
}

std::vector<KeptAttempt> Parked::attempts(const HandlerName& handler, StreamId stream, std::int64_t limit) {
    connection_.ensure();
    const auto rows = connection_.exec(kAttempts, Params{}.add(handler.value).add(stream.value).add(limit));
    std::vector<KeptAttempt> attempts;
    for (std::size_t row = 0; row < rows.size(); ++row)
        attempts.push_back({rows.time(row, 0), Revision{rows.integer(row, 1)},
                            static_cast<int>(rows.integer(row, 2)), rows.text(row, 3), rows.text(row, 4),
                            rows.text(row, 5)});
    return attempts;
}

std::int64_t Parked::act(ParkedAction action, std::span<const ParkedStream> streams, const Motive& motive) {
    if (streams.empty()) return 0;
    connection_.ensure();
    ArrayLiteral failing, events;
    for (const auto& parked : streams) {
        LANTERN_ASSERT(parked.handler == streams.front().handler, "one handler at a time");
        if (parked.failing) {
            failing.add(parked.failing->value);
            events.add(parked.event);
        } else {
            failing.add_null();
            events.add_null();
        }
    }
    Params params;
    params.add(streams.front().handler.value).add(action == ParkedAction::skip ? "skip" : "retry");
    params.add(array_of(streams, [](const ParkedStream& parked) { return parked.stream.value; }));
    params.add(array_of(streams, [](const ParkedStream& parked) { return parked.revision.value; }));
    params.add(std::move(failing).take()).add(std::move(events).take());
    params.add(motive.who).add(motive.reason).add(motive.selection);
    return connection_.exec(kAct, params, Commits::here).integer(0, 0);
}

}  // namespace lantern::postgres
