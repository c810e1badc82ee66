#include "host/postgres/store/exported.hpp"

#include "host/postgres/store/copied_event.hpp"
#include "host/postgres/store/incarnation.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

std::string time_literal(Timestamp time) {
    std::string text;
    append_time(text, time.time_since_epoch());
    return sql_literal(text) + "::timestamptz";
}

std::string is_named(const std::pair<std::string, std::string>& stream) {
    return "s.aggregate_type = " + sql_literal(stream.first) +
           " and s.aggregate_id = " + sql_literal(stream.second);
}

// A stream ends before its first event that is too late, so that what comes out has no holes, as load_stream.sql
// has it: recorded times need not follow revisions.
std::string too_late(const ExportSelection& selection) {
    std::string sql =
        " left join (select e.stream_id, min(e.revision) as revision from lantern.events e where"
        " e.recorded_at >= " +
        time_literal(*selection.until);
    if (selection.stream)
        sql += " and e.stream_id = (select s.stream_id from lantern.streams s where " +
               is_named(*selection.stream) + ")";
    return sql + " group by 1) late on late.stream_id = e.stream_id";
}

std::string query_of(const ExportSelection& selection) {
    std::string sql = "select " + std::string(kCopiedEventColumns) +
                      ", s.aggregate_type, s.aggregate_id from lantern.events e"
                      " join lantern.streams s on s.stream_id = e.stream_id";
    if (selection.until) sql += too_late(selection);
    sql += " where true";
    if (selection.stream) sql += " and " + is_named(*selection.stream);
    if (!selection.aggregate_type.empty())
        sql += " and s.aggregate_type = " + sql_literal(selection.aggregate_type);
    if (!selection.event_type.empty()) sql += " and e.type = " + sql_literal(selection.event_type);
    if (selection.from) sql += " and e.recorded_at >= " + time_literal(*selection.from);
    if (selection.until) sql += " and (late.revision is null or e.revision < late.revision)";
    return sql + " order by e.position";
}

Session session_of_export(const std::string& url) {
    return {.url = url,
            .application_name = "lantern export",
            .plans = Plans::estimated,
            .statement_timeout = Milliseconds{0}};
}

}  // namespace

Exported::Exported(const std::string& url, const ExportSelection& selection)
    : connection_(session_of_export(url)),
      incarnation_(read_incarnation(connection_)),
      copy_(connection_, query_of(selection)) {}

bool Exported::next(Event& event) {
    if (!copy_.next(line_)) return false;
    CopiedFields fields;
    fields.read(line_, kCopiedEventFields + 2);
    read_copied_event(fields, event);
    event.aggregate_type = fields[kCopiedEventFields];
    event.aggregate_id = fields[kCopiedEventFields + 1];
    return true;
}

}  // namespace lantern::postgres
