#include "host/openapi/operation.hpp"

#include <algorithm>

#include "host/core/limits.hpp"

namespace lantern::openapi {
namespace json = boost::json;
namespace {

bool is_version(const std::string& segment) {
    return segment.size() > 1 && segment[0] == 'v' &&
           std::all_of(segment.begin() + 1, segment.end(), [](unsigned char c) { return std::isdigit(c); });
}

std::string who(const Entry& entry) {
    switch (entry.access) {
        case Access::anyone:
            return "Needs no token.";
        case Access::self:
            return "For the caller whose id is `{id}`" +
                   (entry.scope.empty() ? std::string(".")
                                        : ", and for callers with the scope `" + entry.scope + "`.");
        case Access::scope:
            return entry.scope.empty() ? "For every caller with a token."
                                       : "For callers with the scope `" + entry.scope + "`.";
    }
    return "";
}

}  // namespace

std::string tag_of(const std::string& path) {
    std::size_t at = 1;
    while (at < path.size()) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto segment = path.substr(at, end - at);
        if (!is_version(segment)) return segment;
        at = end + 1;
    }
    return "root";
}

json::object operation(const Entry& entry) {
    json::object operation;
    operation["tags"].emplace_array().emplace_back(tag_of(entry.path));
    operation["summary"] = entry.summary;
    operation["description"] = who(entry) + (entry.description.empty() ? "" : " " + entry.description);
    auto& security = operation["security"].emplace_array();
    if (entry.access != Access::anyone) {
        json::array scopes;
        if (!entry.scope.empty() && entry.access == Access::scope) scopes.emplace_back(entry.scope);
        security.emplace_back(json::object{{"bearer", std::move(scopes)}});
    }
    return operation;
}

json::object parameter(const Parameter& of) {
    static constexpr const char* kPlaces[] = {"query", "header", "path"};
    json::object parameter{{"name", of.name}, {"in", kPlaces[static_cast<int>(of.in)]}};
    if (of.in == Parameter::In::path) parameter["required"] = true;
    parameter["description"] = of.description;
    parameter["schema"] = of.schema;
    if (!of.example.is_null()) parameter["example"] = of.example;
    return parameter;
}

void add_id(json::array& parameters, const std::string& path, const std::string& of) {
    if (path.find("{id}") == std::string::npos) return;
    json::object schema = text_schema();
    schema["minLength"] = 1;
    schema["maxLength"] = limits::kAggregateIdBytesMax;
    parameters.emplace_back(parameter({"id", Parameter::In::path, "The id of the " + of + ".", std::move(schema),
                                       "01890000-0000-7000-8000-000000000000"}));
}

json::object whole_number(std::int64_t least) {
    return {{"type", "integer"}, {"format", "int64"}, {"minimum", least}};
}

json::object text_schema() {
    return {{"type", "string"}};
}

}  // namespace lantern::openapi
