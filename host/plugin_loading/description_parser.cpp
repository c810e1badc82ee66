#include "host/plugin_loading/description_parser.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "host/core/limits.hpp"
#include "host/plugin_loading/file_hash.hpp"
#include "host/plugin_loading/refusal.hpp"
#include "host/plugin_loading/tables_parser.hpp"

namespace lantern::plugin_loading {
namespace {

namespace json = boost::json;

// In the order of PluginKind.
constexpr std::array<std::string_view, 4> kKinds = {"aggregate", "schema", "projection", "side_effect"};
constexpr std::size_t kVersionBytesMax = 50;
constexpr const char* kEventTypeRule = "an event type: 1 to 150 bytes without *, #, . and spaces";

bool is_event_type(std::string_view text) {
    if (text.empty() || text.size() > limits::kEventTypeBytesMax) return false;
    return std::none_of(text.begin(), text.end(),
                        [](unsigned char c) { return c == '*' || c == '#' || c == '.' || c <= 0x20 || c == 0x7f; });
}

void read_events(JsonReader& reader, Description& description, Problems& problems) {
    const auto* events = reader.object("events");
    if (!events) return;
    if (events->empty() && description.kind != PluginKind::schema)
        reader.problem("events", "{}", "at least one event type with its highest schema version");
    JsonReader versions(*events, "events.", problems);
    for (const auto& [key, value] : *events) {
        const std::string type(key.data(), key.size());
        if (!is_event_type(type)) versions.problem(type, "this name", kEventTypeRule);
        description.events[type] = versions.version(type, 1);
    }
}

void read_upcasts(JsonReader& reader, Description& description, Problems& problems) {
    const auto* upcasts = reader.array("upcasts");
    if (!upcasts) return;
    if (upcasts->empty()) reader.problem("upcasts", "[]", "at least one {type, from}");
    std::set<std::pair<std::string, int>> seen;
    for (std::size_t at = 0; at < upcasts->size(); ++at) {
        const std::string where = "upcasts[" + std::to_string(at) + "]";
        const auto* object = (*upcasts)[at].if_object();
        if (!object) {
            problems.push_back(where + ": found " + shown((*upcasts)[at]) + ", expected an object {type, from}");
            continue;
        }
        JsonReader each(*object, where + ".", problems);
        each.allow_only({"type", "from"});
        Upcast upcast{each.text("type", limits::kEventTypeBytesMax), each.version("from", 1)};
        if (!each.member("from")) each.problem("from", "nothing", "the version that is upcast");
        if (!upcast.type.empty() && !is_event_type(upcast.type)) {
            each.problem("type", '"' + upcast.type + '"', kEventTypeRule);
        }
        if (!seen.emplace(upcast.type, upcast.from).second) {
            problems.push_back(where + ": found " + upcast.type + " " + std::to_string(upcast.from) +
                               " a second time, expected one upcaster for each version of a type");
        }
        description.upcasts.push_back(std::move(upcast));
    }
}

std::vector<std::string_view> members_of(const std::string& kind) {
    std::vector<std::string_view> members = {"name", "version", "kind", "events", "settings"};
    const auto add = [&](std::initializer_list<std::string_view> more) {
        members.insert(members.end(), more.begin(), more.end());
    };
    if (kind == "aggregate") add({"aggregate_type", "state_version", "commands", "secret_state"});
    if (kind == "schema") add({"upcasts"});
    if (kind == "projection") add({"schema_version", "tables"});
    if (kind == "side_effect") add({"replayable"});
    return members;
}

void read_kind(JsonReader& reader, Description& description, Problems& problems) {
    switch (description.kind) {
        case PluginKind::aggregate:
            description.aggregate_type = reader.name("aggregate_type");
            description.state_version = reader.version("state_version", 1);
            description.commands = reader.texts("commands");
            if (reader.member("secret_state")) description.secret_state = reader.texts("secret_state");
            break;
        case PluginKind::schema:
            read_upcasts(reader, description, problems);
            break;
        case PluginKind::projection:
            description.schema_version = reader.version("schema_version", 1);
            if (reader.member("tables")) {
                if (const auto* tables = reader.array("tables"))
                    description.tables = parse_tables(*tables, problems);
            }
            description.declaration = canonical_text(description.tables);
            description.declaration_hash = hex_hash(description.declaration);
            break;
        case PluginKind::side_effect:
            description.replayable = reader.flag("replayable", false);
            break;
    }
    if (description.kind != PluginKind::schema || reader.member("events")) {
        read_events(reader, description, problems);
    }
}

json::array texts_json(const std::vector<std::string>& texts) {
    json::array array;
    for (const auto& text : texts) array.emplace_back(text);
    return array;
}

}  // namespace

std::string_view kind_name(PluginKind kind) {
    return kKinds[static_cast<std::size_t>(kind)];
}

Result<Description, std::vector<std::string>> parse_description(std::string_view text) {
    Problems problems;
    boost::system::error_code code;
    const auto value = json::parse(json::string_view(text.data(), text.size()), code);
    if (code || !value.is_object()) {
        problems.push_back(code ? "found text that is no JSON (" + code.message() + "), expected one JSON object"
                                : "found " + shown(value) + ", expected one JSON object");
        return failure(std::move(problems));
    }
    JsonReader reader(value.get_object(), "", problems);
    Description description;
    const std::string kind = reader.one_of("kind", {kKinds.begin(), kKinds.end()});
    description.name = reader.name("name");
    description.version = reader.text("version", kVersionBytesMax);
    if (reader.member("settings")) {
        if (const auto* settings = reader.object("settings"))
            description.settings_schema = json::serialize(*settings);
    }
    if (!kind.empty()) {
        reader.allow_only(members_of(kind));
        description.kind = static_cast<PluginKind>(std::find(kKinds.begin(), kKinds.end(), kind) - kKinds.begin());
        read_kind(reader, description, problems);
    }
    if (!problems.empty()) return failure(std::move(problems));
    return description;
}

std::optional<std::string> declaration_conflict(const Description& now, int known_schema_version,
                                                const std::string& known_declaration) {
    const std::string file = now.file.empty() ? now.name : now.file;
    if (now.schema_version > known_schema_version) return std::nullopt;
    if (now.schema_version < known_schema_version) {
        return refusal(file, "schema version " + std::to_string(now.schema_version) + " of " + now.name,
                       "at least " + std::to_string(known_schema_version) + ", which its tables have already",
                       "put the newer build back, or raise the schema version");
    }
    if (now.declaration == known_declaration) return std::nullopt;
    std::string difference;
    boost::system::error_code code;
    const auto before = json::parse(known_declaration, code);
    if (!code && before.is_array()) {
        Problems ignored;
        for (const auto& line : differences(parse_tables(before.get_array(), ignored), now.tables)) {
            difference += "\n  - " + line;
        }
    }
    if (difference.empty()) difference = "\n  - before: " + known_declaration + "\n  - now: " + now.declaration;
    return refusal(file,
                   "other tables of " + now.name + " under schema version " + std::to_string(now.schema_version),
                   "the tables known under that version",
                   "raise schema_version to " + std::to_string(now.schema_version + 1) +
                       " (its tables are then rebuilt), or take the change back:" + difference);
}

std::string description_json(const Description& description) {
    json::object out{{"name", description.name},
                     {"version", description.version},
                     {"kind", kind_name(description.kind)},
                     {"file", description.file},
                     {"build", description.build}};
    json::object events;
    for (const auto& [type, version] : description.events) events[type] = version;
    out["events"] = std::move(events);
    boost::system::error_code code;
    out["settings"] = json::parse(description.settings_schema, code);
    switch (description.kind) {
        case PluginKind::aggregate:
            out["aggregate_type"] = description.aggregate_type;
            out["state_version"] = description.state_version;
            out["commands"] = texts_json(description.commands);
            out["secret_state"] = texts_json(description.secret_state);
            break;
        case PluginKind::schema: {
            json::array upcasts;
            for (const auto& upcast : description.upcasts) {
                upcasts.emplace_back(json::object{{"type", upcast.type}, {"from", upcast.from}});
            }
            out["upcasts"] = std::move(upcasts);
            break;
        }
        case PluginKind::projection:
            out["schema_version"] = description.schema_version;
            out["tables"] = json::parse(description.declaration, code);
            out["declaration_hash"] = description.declaration_hash;
            break;
        case PluginKind::side_effect:
            out["replayable"] = description.replayable;
            break;
    }
    return json::serialize(out);
}

}  // namespace lantern::plugin_loading
