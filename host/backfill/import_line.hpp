// One line of an import: a CloudEvents 1.0 JSON event. Read by `lantern import`, written by `lantern export`.
//   specversion      required: "1.0"
//   id, source       required texts; unique together. A source urn:lantern:store:<uuid> is a store of ours: its ids
//                    are event ids and stay
//   type             event type          subject   <aggregate type>/<aggregate id>
//   time             RFC 3339; without it the time of the import
//   data             any JSON value, kept byte for byte; none: stored without data
//   revision         extension, integer: the event's revision; without it lines follow each other
//   expectedrevision extension, integer from 0: the revision before the event, the same said otherwise
//   schemaversion    extension, integer, default 1
//   metadata         extension: text that holds a JSON object; other extensions become members of it
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/event.hpp"
#include "host/core/result.hpp"

namespace lantern::backfill {

inline constexpr std::string_view kStoreSource = "urn:lantern:store:";

struct ImportLine {
    std::int64_t number = 0;  // 1, 2, 3 ... in its file
    std::string source, id;
    std::optional<EventId> event_id;  // of a store of ours
    std::string aggregate_type, aggregate_id, type;
    int schema_version = 1;
    std::optional<Timestamp> recorded_at;
    std::optional<Revision> revision;
    std::string data;      // JSON; "null" without data
    std::string metadata;  // JSON object
};

struct StreamName {
    std::string aggregate_type, aggregate_id;
    auto operator<=>(const StreamName&) const = default;
};

struct LineProblem {
    std::int64_t number = 0;
    std::string field;  // where, below the line: "type", "data/email"; empty: the line as a whole
    std::string reason;
    std::string text() const;  // line 7: /data/email: found ..., expected ...
};

// Error: all that is wrong with it.
Result<ImportLine, std::vector<LineProblem>> read_line(std::int64_t number, std::string_view text);

StreamName stream_of(const ImportLine& line);

// As a state sees it, before the stream has a bigint; the line has its event id.
Event event_of(const ImportLine& line, Revision revision, Timestamp recorded_at);

// The line that read_line reads back as this event. `source`: kStoreSource and the store's incarnation.
std::string line_of(const Event& event, const std::string& source);

}  // namespace lantern::backfill
