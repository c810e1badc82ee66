// Events for tests, and the fixture form that `lantern plugin run` and the kit read: one JSON object a line, or one
// JSON array of them, after CloudEvents:
//     {"type": "USER_CREATED", "subject": "user/42", "data": {...}}
// Optional: "id" (UUID), "time" (RFC 3339), "schema_version" (1), "metadata" ({}). Revisions count up per subject,
// positions over all.
#pragma once

#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include <lantern/testing/values.hpp>

namespace lantern::testing {

struct GivenEvent {
    std::string type;
    std::string aggregate_type;
    std::string aggregate_id;
    std::int64_t schema_version = 1;
    std::string data = "{}";
    std::string metadata = "{}";
    std::string id;                       // empty: made from the position
    std::optional<std::int64_t> time_us;  // nothing: a second after the one before
    // set by number()
    std::int64_t stream_id = 0, revision = 0, position = 0;

    GivenEvent at(std::string_view time) && {
        time_us = parse_time(time);
        if (!time_us) throw std::invalid_argument("not an RFC 3339 time: " + std::string(time));
        return std::move(*this);
    }
    GivenEvent version(std::int64_t schema) && { return schema_version = schema, std::move(*this); }
    GivenEvent with_metadata(std::string_view text) && { return metadata = text, std::move(*this); }
    GivenEvent by(std::string_view actor) && {
        metadata = json::serialize(json::object{{"actor", json::string(actor)}});
        return std::move(*this);
    }
    GivenEvent with_id(std::string_view uuid) && { return id = uuid, std::move(*this); }

    // Borrows from this event.
    lantern_event abi() const {
        lantern_event out{};
        out.size = sizeof out;
        out.stream_id = stream_id;
        out.revision = revision;
        out.position = position;
        out.recorded_at_us = time_us.value_or(0);
        out.schema_version = schema_version;
        out.id = borrow(id);
        out.aggregate_type = borrow(aggregate_type);
        out.aggregate_id = borrow(aggregate_id);
        out.type = borrow(type);
        out.data = borrow(data);
        out.metadata = borrow(metadata);
        return out;
    }
};

// event("USER_CREATED", "user/42", R"({"username": "sarah"})").version(2).at("2026-11-23T15:47:00Z")
inline GivenEvent event(std::string_view type, std::string_view subject, std::string_view data = "{}") {
    const std::size_t slash = subject.find('/');
    if (slash == std::string_view::npos) throw std::invalid_argument("a subject is aggregate type/aggregate id");
    GivenEvent event;
    event.type = type;
    event.aggregate_type = subject.substr(0, slash);
    event.aggregate_id = subject.substr(slash + 1);
    event.data = data;
    return event;
}

// Gives events their streams, revisions, positions, ids and times, in the order given.
class Numbering {
public:
    void number(GivenEvent& event) {
        const std::string subject = event.aggregate_type + "/" + event.aggregate_id;
        Stream& stream = streams_.try_emplace(subject, Stream{std::int64_t(streams_.size()) + 1, 0}).first->second;
        event.stream_id = stream.id;
        event.revision = ++stream.revision;
        event.position = ++position_;
        if (event.time_us) time_us_ = *event.time_us;
        event.time_us = time_us_;
        time_us_ += 1'000'000;
        if (event.id.empty()) {
            char id[48];
            std::snprintf(id, sizeof id, "01900000-0000-7000-8000-%012llx",
                          static_cast<unsigned long long>(position_));
            event.id = id;
        }
    }

private:
    struct Stream {
        std::int64_t id, revision;
    };
    std::map<std::string, Stream> streams_;
    std::int64_t position_ = 0;
    std::int64_t time_us_ = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
};

inline GivenEvent event_from(const json::object& from) {
    const auto text = [&](const char* field) -> std::string_view {
        const json::value* value = from.if_contains(field);
        if (!value || !value->is_string())
            throw std::invalid_argument(std::string(field) + " is missing or no text");
        return view(value->as_string());
    };
    GivenEvent out = event(text("type"), text("subject"));
    if (const json::value* data = from.if_contains("data")) out.data = json::serialize(*data);
    if (const json::value* metadata = from.if_contains("metadata")) out.metadata = json::serialize(*metadata);
    if (const json::value* version = from.if_contains("schema_version"))
        out.schema_version = version->to_number<std::int64_t>();
    if (from.contains("id")) out.id = text("id");
    if (from.contains("time")) out = std::move(out).at(text("time"));
    return out;
}

// Throws std::invalid_argument with the line at fault. Not numbered yet.
inline std::vector<GivenEvent> parse_fixture(const std::string& content) {
    std::vector<GivenEvent> events;
    json::error_code error;
    const json::value whole = json::parse(content, error);
    if (!error && whole.is_array()) {
        for (const json::value& one : whole.as_array()) events.push_back(event_from(one.as_object()));
        return events;
    }
    std::istringstream lines(content);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        try {
            const json::value one = json::parse(line);
            if (!one.is_object()) throw std::invalid_argument("expected a JSON object");
            events.push_back(event_from(one.as_object()));
        } catch (const std::exception& wrong) {
            throw std::invalid_argument("line " + std::to_string(number) + ": " + wrong.what());
        }
    }
    return events;
}

inline std::vector<GivenEvent> read_fixture(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::invalid_argument("cannot read " + path);
    std::ostringstream content;
    content << file.rdbuf();
    try {
        return parse_fixture(content.str());
    } catch (const std::exception& wrong) {
        throw std::invalid_argument(path + ": " + wrong.what());
    }
}

}  // namespace lantern::testing
