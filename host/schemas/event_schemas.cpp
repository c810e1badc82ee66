#include "host/schemas/event_schemas.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "host/schemas/schema_file.hpp"
#include "host/schemas/secrets.hpp"
#include "host/schemas/shown.hpp"

namespace lantern::schemas {

struct EventSchemas::Known {
    Schema schema;
};

namespace {

// <TYPE>.<version>.json; event types hold no dots.
std::optional<std::pair<std::string, int>> parse_name(const std::string& name) {
    const std::size_t first = name.find('.');
    const std::size_t last = name.rfind('.');
    if (first == std::string::npos || first == 0 || first == last || name.substr(last) != ".json")
        return std::nullopt;
    int version = 0;
    const char* end = name.data() + last;
    const auto [rest, error] = std::from_chars(name.data() + first + 1, end, version);
    if (error != std::errc{} || rest != end || version < 1) return std::nullopt;
    return std::pair(name.substr(0, first), version);
}

}  // namespace

EventSchemas::EventSchemas() = default;
EventSchemas::EventSchemas(EventSchemas&&) noexcept = default;
EventSchemas& EventSchemas::operator=(EventSchemas&&) noexcept = default;
EventSchemas::~EventSchemas() = default;

Result<EventSchemas, std::vector<std::string>> EventSchemas::load(const std::filesystem::path& directory) {
    std::error_code trouble;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator entry(directory, trouble), end; !trouble && entry != end;
         entry.increment(trouble)) {
        if (entry->path().extension() == ".json") files.push_back(entry->path());
    }
    if (trouble) {
        return failure(std::vector<std::string>{directory.string() + ": found " + trouble.message() +
                                                "; expected the directory of the event schemas"});
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> problems;
    EventSchemas schemas;
    for (const auto& file : files) {
        const auto name = parse_name(file.filename().string());
        if (!name) {
            problems.push_back(file.string() + ": found this name; expected <EVENT TYPE>.<version>.json");
            continue;
        }
        auto schema = read_schema(file);
        if (!schema) {
            problems.push_back(schema.error());
            continue;
        }
        schemas.known_[*name] = std::make_unique<Known>(Known{std::move(schema.value())});
    }
    if (!problems.empty()) return failure(std::move(problems));
    return schemas;
}

std::map<std::pair<std::string, int>, std::string> EventSchemas::texts() const {
    std::map<std::pair<std::string, int>, std::string> texts;
    for (const auto& [event, known] : known_) texts[event] = boost::json::serialize(known->schema.document());
    return texts;
}

bool EventSchemas::knows(const std::string& type, int version) const {
    return known_.contains({type, version});
}

std::string EventSchemas::shown(const std::string& type, int version, std::string_view data) const {
    const auto known = known_.find({type, version});
    if (known == known_.end()) return "null";
    boost::json::error_code error;
    const auto document = boost::json::parse({data.data(), data.size()}, error);
    if (error) return "null";
    return boost::json::serialize(schemas::shown(document, known->second->schema.document()));
}

std::string EventSchemas::with_placeholders(const std::string& type, int version, std::string_view data) const {
    const auto known = known_.find({type, version});
    if (known == known_.end()) return "null";
    auto document = boost::json::parse(shown(type, version, data));
    fill_secrets(document, known->second->schema.document());
    return boost::json::serialize(document);
}

std::vector<Violation> EventSchemas::check(const std::string& type, int version, std::string_view data,
                                           Secrets secrets) const {
    const auto known = known_.find({type, version});
    if (known == known_.end()) return {};
    const Schema& schema = known->second->schema;
    if (secrets == Secrets::required) return schema.check(data);
    boost::json::error_code error;
    auto document = boost::json::parse({data.data(), data.size()}, error);
    if (error) return schema.check(data);
    fill_secrets(document, schema.document());
    return schema.check(boost::json::serialize(document));
}

}  // namespace lantern::schemas
