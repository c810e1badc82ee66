#include "host/schemas/event_schemas.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#include "host/schemas/shown.hpp"
#include "host/schemas/validation.hpp"

namespace lantern::schemas {

struct EventSchemas::Known {
    boost::json::value schema;
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

Result<boost::json::value> read_schema(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return failure(file.string() + ": found a file that cannot be read; expected a JSON Schema");
    boost::json::error_code error;
    auto schema = boost::json::parse(text.str(), error);
    if (error)
        return failure(file.string() + ": found text that is not JSON (" + error.message() +
                       "); expected a JSON Schema");
    if (!schema.is_object())
        return failure(file.string() + ": found JSON that is no object; expected a JSON Schema");
    if (const auto refusal = refuse_schema(text.str())) {
        return failure(file.string() + ": found " + *refusal + "; expected a JSON Schema");
    }
    return schema;
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

bool EventSchemas::knows(const std::string& type, int version) const {
    return known_.contains({type, version});
}

std::string EventSchemas::shown(const std::string& type, int version, std::string_view data) const {
    const auto known = known_.find({type, version});
    if (known == known_.end()) return "null";
    boost::json::error_code error;
    const auto document = boost::json::parse({data.data(), data.size()}, error);
    if (error) return "null";
    return boost::json::serialize(schemas::shown(document, known->second->schema));
}

}  // namespace lantern::schemas
