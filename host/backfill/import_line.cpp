#include "host/backfill/import_line.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "host/core/clock.hpp"
#include "host/core/json_numbers.hpp"
#include "host/core/limits.hpp"

namespace lantern::backfill {
namespace {

namespace json = boost::json;

constexpr std::size_t kForeignIdBytesMax = 500;
constexpr std::size_t kVersionShownMax = 20;

std::string kind_of(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "a boolean";
        case json::kind::string:
            return "text";
        case json::kind::array:
            return "an array";
        case json::kind::object:
            return "an object";
        default:
            return "a number";
    }
}

// `written` stands between quotes, and may hold escapes.
bool says(std::string_view written, std::string_view name) {
    if (written.find('\\') == std::string_view::npos) return written == name;
    const auto value = json::parse("\"" + std::string(written) + "\"");
    return std::string_view(value.get_string()) == name;
}

// The text of a member of the object that `text` is; the object is known to parse. Empty: no such member. The last
// of several counts, as for the parser.
std::string_view raw_member(std::string_view text, std::string_view name) {
    std::string_view found;
    std::size_t at = text.find('{') + 1;
    const auto skip_string = [&] {
        for (++at; text[at] != '"'; ++at)
            if (text[at] == '\\') ++at;
        ++at;
    };
    const auto skip_blank = [&] { at = std::min(text.find_first_not_of(" \t\r\n", at), text.size()); };
    for (;;) {
        skip_blank();
        if (text[at] == '}') return found;
        if (text[at] == ',') {
            ++at;
            continue;
        }
        const std::size_t key = at;
        skip_string();
        const auto key_text = text.substr(key + 1, at - key - 2);
        skip_blank();
        ++at;  // the colon
        skip_blank();
        const std::size_t begin = at;
        for (int depth = 0;;) {
            const char c = text[at];
            if (c == '"') {
                skip_string();
                continue;
            }
            if (depth == 0 && (c == ',' || c == '}')) break;
            if (c == '{' || c == '[') ++depth;
            if (c == '}' || c == ']') --depth;
            ++at;
        }
        if (says(key_text, name)) found = text.substr(begin, at - begin);
        while (!found.empty() && std::string_view(" \t\r\n").find(found.back()) != std::string_view::npos)
            found.remove_suffix(1);
    }
}

bool is_aggregate_type(std::string_view name) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && name.size() <= limits::kNameBytesMax && name[0] >= 'a' && name[0] <= 'z' &&
           std::all_of(name.begin(), name.end(), plain);
}

bool has_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

constexpr const char* kBeyond = "found a number that is too large to compute with, expected one up to 1.7e308";

class Reader {
public:
    Reader(std::int64_t number, std::string_view text) : text_(text) { line_.number = number; }

    Result<ImportLine, std::vector<LineProblem>> read() {
        json::error_code error;
        const auto parsed = json::parse(text_, error);
        if (error) return refuse("found text that is not JSON (" + error.message() + "), expected one event");
        const json::object* object = parsed.if_object();
        if (!object) return refuse("found " + kind_of(parsed) + ", expected a JSON object");
        object_ = object;
        for (const auto& [name, value] : *object)
            if (is_beyond(value)) note(name, kBeyond);
        version();
        names();
        subject();
        numbers();
        contents();
        if (!problems_.empty()) return failure(std::move(problems_));
        return std::move(line_);
    }

private:
    boost::outcome_v2::failure_type<std::vector<LineProblem>> refuse(const std::string& reason) {
        problems_.push_back({line_.number, "", reason});
        return failure(std::move(problems_));
    }
    void note(const std::string& field, const std::string& reason) {
        problems_.push_back({line_.number, field, reason});
    }

    const json::value* find(std::string_view field) const { return object_->if_contains(field); }

    enum class Presence { required, optional };

    // Empty after a problem, and when it is absent and may be.
    std::string text(std::string_view field, Presence presence, std::size_t bytes_max) {
        const std::string name(field);
        const json::value* value = find(field);
        if (!value || value->is_null()) {
            if (presence == Presence::required) note(name, "found none, expected text");
            return {};
        }
        if (!value->is_string()) {
            note(name, "found " + kind_of(*value) + ", expected text");
            return {};
        }
        std::string found(value->get_string());
        if (!found.empty() && found.size() <= bytes_max && !has_controls(found)) return found;
        if (found.empty() || found.size() > bytes_max)
            note(name, "found text of " + std::to_string(found.size()) + " bytes, expected 1 to " +
                           std::to_string(bytes_max));
        else
            note(name, "found a control character, expected none");
        return {};
    }

    void version() {
        const json::value* version = find("specversion");
        const auto* said = version ? version->if_string() : nullptr;
        if (said && *said == "1.0") return;
        const bool shown = said && said->size() <= kVersionShownMax;
        const std::string found = shown ? json::serialize(*said) : version ? kind_of(*version) : "none";
        note("specversion", "found " + found + ", expected \"1.0\"");
    }

    void names() {
        if (find("data_base64")) note("data_base64", "found binary data, expected `data` with JSON");
        line_.source = text("source", Presence::required, kForeignIdBytesMax);
        line_.id = text("id", Presence::required, kForeignIdBytesMax);
        line_.type = text("type", Presence::required, limits::kEventTypeBytesMax);
        if (line_.type.find_first_of("*#.") != std::string::npos)
            note("type", "found \"" + line_.type + "\", expected a name without *, # and .");
        if (line_.id.empty() || !line_.source.starts_with(kStoreSource)) return;
        line_.event_id = Uuid::parse(line_.id);
        if (!line_.event_id)
            note("id", "found \"" + line_.id + "\", expected the UUID of an event of " + line_.source);
    }

    void subject() {
        const std::string subject =
            text("subject", Presence::required, limits::kNameBytesMax + 1 + limits::kAggregateIdBytesMax);
        if (subject.empty()) return;
        const auto slash = subject.find('/');
        line_.aggregate_type = subject.substr(0, slash);
        line_.aggregate_id = slash == std::string::npos ? "" : subject.substr(slash + 1);
        if (!is_aggregate_type(line_.aggregate_type) || line_.aggregate_id.empty() ||
            line_.aggregate_id.size() > limits::kAggregateIdBytesMax)
            note("subject", "found \"" + subject + "\", expected <aggregate type>/<aggregate id>, e.g. user/42");
    }

    std::optional<std::int64_t> from(std::string_view field, std::int64_t least) {
        const json::value* value = find(field);
        if (!value || value->is_null()) return std::nullopt;
        json::error_code error;
        const auto number = value->is_number() ? value->to_number<std::int64_t>(error) : -1;
        if (!error && number >= least && number < std::numeric_limits<std::int64_t>::max()) return number;
        note(std::string(field), "found " + json::serialize(*value) + ", expected a whole number from " +
                                     std::to_string(least) + " on");
        return std::nullopt;
    }

    void numbers() {
        if (const auto revision = from("revision", 1)) line_.revision = Revision{*revision};
        if (const auto expected = from("expectedrevision", 0)) {
            const Revision next{*expected + 1};
            if (line_.revision.value_or(next) != next)
                note("expectedrevision",
                     "found " + std::to_string(*expected) + ", expected one less than revision");
            line_.revision = next;
        }
        const auto version = from("schemaversion", 1).value_or(1);
        if (version > 1'000'000)
            note("schemaversion", "found " + std::to_string(version) + ", expected a small number");
        line_.schema_version = static_cast<int>(version);
        const std::string time = text("time", Presence::optional, 64);
        if (time.empty()) return;
        line_.recorded_at = parse_iso8601(time);
        if (!line_.recorded_at)
            note("time", "found \"" + time + "\", expected RFC 3339, e.g. 2026-11-21T03:33:26Z");
    }

    void contents() {
        const std::string type = text("datacontenttype", Presence::optional, 200);
        if (!type.empty() && type.find("json") == std::string::npos)
            note("datacontenttype", "found \"" + type + "\", expected application/json");
        line_.data = "null";
        if (find("data")) line_.data = raw_member(text_, "data");
        // PostgreSQL can't store it, nor can anyone who reads the text on.
        if (line_.data.find("\\u0000") != std::string::npos)
            note("data", "found the character U+0000, expected none");
        metadata();
    }

    void metadata() {
        json::object metadata;
        if (const json::value* given = find("metadata"); given && given->is_string()) {
            json::error_code error;
            const auto parsed = json::parse(given->get_string(), error);
            if (error || !parsed.is_object())
                return note("metadata", "found text that is no JSON object, expected one");
            metadata = parsed.get_object();
            if (is_beyond(parsed)) note("metadata", kBeyond);
        } else if (given && given->is_object()) {
            metadata = given->get_object();
        } else if (given && !given->is_null()) {
            return note("metadata", "found " + kind_of(*given) + ", expected a JSON object");
        }
        static constexpr std::string_view kKnown[] = {"specversion",
                                                      "id",
                                                      "source",
                                                      "type",
                                                      "subject",
                                                      "time",
                                                      "data",
                                                      "revision",
                                                      "schemaversion",
                                                      "metadata",
                                                      "datacontenttype",
                                                      "dataschema",
                                                      "expectedrevision"};
        for (const auto& [name, value] : *object_)
            if (std::find(std::begin(kKnown), std::end(kKnown), std::string_view(name)) == std::end(kKnown))
                metadata.emplace(name, value);
        if (!line_.event_id) {
            metadata.emplace("source", line_.source);
            metadata.emplace("source_id", line_.id);
        }
        line_.metadata = json::serialize(metadata);
        if (line_.metadata.find("\\u0000") != std::string::npos)
            note("metadata", "found the character U+0000, expected none");
    }

    const std::string_view text_;
    const json::object* object_ = nullptr;
    ImportLine line_;
    std::vector<LineProblem> problems_;
};

}  // namespace

std::string LineProblem::text() const {
    return "line " + std::to_string(number) + ": " + (field.empty() ? "" : "/" + field + ": ") + reason;
}

Result<ImportLine, std::vector<LineProblem>> read_line(std::int64_t number, std::string_view text) {
    return Reader(number, text).read();
}

StreamName stream_of(const ImportLine& line) {
    return {line.aggregate_type, line.aggregate_id};
}

Event event_of(const ImportLine& line, Revision revision, Timestamp recorded_at) {
    Event event;
    event.id = *line.event_id;
    event.revision = revision;
    event.aggregate_type = line.aggregate_type;
    event.aggregate_id = line.aggregate_id;
    event.type = line.type;
    event.schema_version = line.schema_version;
    event.recorded_at = recorded_at;
    event.data = line.data;
    event.metadata = line.metadata;
    return event;
}

std::string line_of(const Event& event, const std::string& source) {
    const auto quoted = [](std::string_view text) { return json::serialize(json::string(text)); };
    std::string line = R"({"specversion":"1.0","id":)" + quoted(event.id.text()) + R"(,"source":)" + quoted(source);
    line += R"(,"type":)" + quoted(event.type);
    line += R"(,"subject":)" + quoted(event.aggregate_type + "/" + event.aggregate_id);
    line += R"(,"time":)" + quoted(iso8601(event.recorded_at));
    line += R"(,"revision":)" + std::to_string(event.revision.value);
    line += R"(,"schemaversion":)" + std::to_string(event.schema_version);
    if (event.metadata != "{}") line += R"(,"metadata":)" + quoted(event.metadata);
    if (event.data != "null") line += R"(,"datacontenttype":"application/json","data":)" + event.data;
    return line + "}";
}

}  // namespace lantern::backfill
