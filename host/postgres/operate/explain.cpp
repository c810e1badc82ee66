#include "host/postgres/operate/explain.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kEvent = statement("explain_event");
const Statement kStreamId = statement("stream_id");
const Statement kExplain = statement("explain");

std::optional<Timestamp> maybe_time(const Rows& rows, std::size_t row, int column) {
    return rows.null(row, column) ? std::nullopt : std::optional(rows.time(row, column));
}

std::optional<Position> maybe_position(const Rows& rows, std::size_t row, int column) {
    return rows.null(row, column) ? std::nullopt : std::optional(Position{rows.integer(row, column)});
}

int number(const Rows& rows, std::size_t row, int column) {
    return static_cast<int>(rows.integer(row, column));
}

Explained explained(const Rows& rows, std::size_t row) {
    Explained one;
    one.handler = HandlerName{rows.text(row, 0)};
    one.verdict = rows.text(row, 1);
    one.route = rows.text(row, 2);
    one.route_begin = maybe_position(rows, row, 3);
    one.route_end = maybe_position(rows, row, 4);
    one.checkpoint = Revision{rows.integer(row, 5)};
    one.attempts = number(rows, row, 7);
    one.next_attempt_at = maybe_time(rows, row, 8);
    one.error = rows.text(row, 9);
    one.waiting = rows.integer(row, 10);
    one.oldest_waiting = maybe_time(rows, row, 11);
    if (!rows.null(row, 12)) one.first = {Revision{rows.integer(row, 12)}, rows.uuid(row, 13), rows.text(row, 14)};
    one.failed_since = maybe_time(rows, row, 15);
    if (!rows.null(row, 16)) one.effect = {rows.text(row, 16), number(rows, row, 17), rows.text(row, 18)};
    one.kind = rows.text(row, 19);
    one.plugin = rows.text(row, 20);
    one.plugin_version = rows.text(row, 21);
    one.generation = Generation{rows.integer(row, 22)};
    one.state = rows.text(row, 23);
    one.state_reason = rows.text(row, 24);
    one.state_since = rows.time(row, 25);
    one.partition = Partition{number(rows, row, 26)};
    one.fed = rows.boolean(row, 27);
    if (!rows.null(row, 28))
        one.worker = {rows.text(row, 28),
                      number(rows, row, 29),
                      rows.text(row, 30),
                      rows.text(row, 31),
                      Milliseconds(rows.integer(row, 32)),
                      rows.boolean(row, 33)};
    return one;
}

std::optional<ExplainedEvent> found(Connection& connection, const Params& params) {
    const auto rows = connection.exec(kEvent, params);
    if (rows.empty()) return std::nullopt;
    return ExplainedEvent{.stream = StreamId{rows.integer(0, 0)},
                          .aggregate_type = rows.text(0, 1),
                          .aggregate_id = rows.text(0, 2),
                          .head = Revision{rows.integer(0, 3)},
                          .revision = Revision{rows.integer(0, 4)},
                          .position = Position{rows.integer(0, 5)},
                          .id = rows.uuid(0, 6),
                          .type = rows.text(0, 7),
                          .schema_version = number(rows, 0, 8),
                          .recorded_at = rows.time(0, 9),
                          .published = rows.boolean(0, 10),
                          .data = rows.text(0, 11)};
}

}  // namespace

std::optional<ExplainedEvent> explained_event(Connection& connection, EventId id) {
    return found(connection, Params{}.add(id).add_null());
}

std::vector<Explained> explained_handlers(Connection& connection, StreamId stream,
                                          std::optional<Revision> revision) {
    Params params;
    params.add(stream.value).add(revision ? std::optional(revision->value) : std::nullopt);
    params.add(std::int64_t{Milliseconds(limits::kHeartbeatDead).count()});
    const auto rows = connection.exec(kExplain, params);
    std::vector<Explained> all;
    for (std::size_t row = 0; row < rows.size(); ++row) all.push_back(explained(rows, row));
    return all;
}

Explain::Explain(const std::string& url)
    : connection_({.url = url, .application_name = "lantern explain", .plans = Plans::estimated}) {}

std::optional<ExplainedEvent> Explain::event(EventId id) {
    connection_.ensure();
    return explained_event(connection_, id);
}

std::optional<ExplainedEvent> Explain::newest_of(const std::string& stream) {
    connection_.ensure();
    const auto slash = stream.find('/');
    if (slash == std::string::npos) return std::nullopt;
    const auto rows =
        connection_.exec(kStreamId, Params{}.add(stream.substr(0, slash)).add(stream.substr(slash + 1)));
    if (rows.empty()) return std::nullopt;
    return found(connection_, Params{}.add_null().add(rows.integer(0, 0)));
}

std::vector<Explained> Explain::handlers(StreamId stream, std::optional<Revision> revision) {
    connection_.ensure();
    return explained_handlers(connection_, stream, revision);
}

}  // namespace lantern::postgres
