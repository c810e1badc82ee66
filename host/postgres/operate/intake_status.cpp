#include "host/postgres/operate/intake_status.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kNote = statement("intake_note");
const Statement kStatus = statement("intake_status");

}  // namespace

IntakeStatuses::IntakeStatuses(const std::string& url)
    : connection_({.url = url, .application_name = "lantern intake status"}) {}

void IntakeStatuses::note(const IntakeNote& note) {
    connection_.ensure();
    Params params;
    params.add(note.queue).add(note.host).add(note.pid).add(note.appended).add(note.known).add(note.refused);
    params.add(note.waiting).add(note.lying);
    params.add(note.last_refusal.empty() ? std::nullopt : std::optional(note.last_refusal)).add(note.trouble);
    connection_.exec(kNote, params, Commits::here);
}

std::optional<IntakeStatus> IntakeStatuses::read() {
    connection_.ensure();
    return read_intake(connection_);
}

std::optional<IntakeStatus> read_intake(Connection& connection) {
    const auto rows = connection.exec(kStatus);
    if (rows.empty()) return std::nullopt;
    IntakeStatus status;
    status.queue = rows.text(0, 0);
    status.host = rows.text(0, 1);
    status.pid = static_cast<int>(rows.integer(0, 2));
    status.seen_at = rows.time(0, 3);
    status.appended = rows.integer(0, 4);
    status.known = rows.integer(0, 5);
    status.refused = rows.integer(0, 6);
    status.waiting = rows.integer(0, 7);
    status.lying = rows.integer(0, 8);
    status.last_refusal = rows.text(0, 9);
    if (!rows.null(0, 10)) status.last_refusal_at = rows.time(0, 10);
    status.trouble = rows.text(0, 11);
    return status;
}

}  // namespace lantern::postgres
