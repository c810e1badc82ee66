#include "tests/chaos/observed.hpp"

namespace lantern::chaos {
namespace {

std::string cell(const postgres::Rows& rows, std::size_t row, int column) {
    return rows.null(row, column) ? kNull : rows.text(row, column);
}

// The first column of the query is the key.
Rows read(postgres::Connection& connection, const std::string& query) {
    const auto result = connection.query(query);
    Rows rows;
    for (std::size_t row = 0; row < result.size(); ++row) {
        Row& into = rows[result.text(row, 0)];
        for (int column = 1; column < result.columns(); ++column)
            into[result.column_name(column)] = cell(result, row, column);
    }
    return rows;
}

}  // namespace

Story read_story(postgres::Connection& connection) {
    Story story;
    const auto facts = connection.query(
        "select e.stream_id, s.aggregate_type, s.aggregate_id, e.id, e.type, e.recorded_at, e.data, e.revision,"
        " e.position from lantern.events e join lantern.streams s using (stream_id) order by 1, e.revision");
    for (std::size_t row = 0; row < facts.size(); ++row)
        story.facts.push_back({facts.text(row, 0), facts.text(row, 1), facts.text(row, 2), facts.text(row, 3),
                               facts.text(row, 4), facts.text(row, 5), facts.text(row, 6), facts.integer(row, 7),
                               facts.integer(row, 8)});
    const auto routes = connection.query(
        "select handler, event_type, begin_position, end_position from lantern.routes where begin_position is not "
        "null");
    for (std::size_t row = 0; row < routes.size(); ++row)
        story.routes.push_back(
            {routes.text(row, 0), routes.text(row, 1), routes.integer(row, 2), routes.maybe_integer(row, 3)});
    return story;
}

Tables read_tables(postgres::Connection& connection, const Handlers& handlers) {
    Tables tables;
    const auto table = [&](const std::string& name, const std::string& key) {
        tables[name] = read(connection, "select " + key + " as key, * from " + name);
    };
    for (const auto& recorder : handlers.recorders) {
        table(recorder + ".steps", "id || ' ' || revision");
        table(recorder + ".heads", "id");
    }
    if (!handlers.users.empty()) table(handlers.users + ".users", "id");
    if (!handlers.audit.empty()) table(handlers.audit + ".audit_log", "subject || ' ' || event_id");
    if (!handlers.mailer.empty()) table("lantern.effects", "event_id");
    std::vector<std::string> all = handlers.recorders;
    all.insert(all.end(), {handlers.users, handlers.audit, handlers.mailer});
    std::erase(all, "");
    for (const auto& handler : all) table(handler + ".lantern_streams", "stream_id");
    return tables;
}

}  // namespace lantern::chaos
