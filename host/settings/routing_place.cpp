#include "host/settings/mapping.hpp"
#include "host/settings/routing_file.hpp"

namespace lantern::settings {
namespace {

enum class Wanted { key, value };

std::optional<YAML::Node> value_of(const YAML::Node& map, const std::string& key, Wanted wanted = Wanted::value) {
    if (!map.IsMap()) return std::nullopt;
    for (const auto& entry : map) {
        if (entry.first.IsScalar() && entry.first.Scalar() == key)
            return wanted == Wanted::key ? entry.first : entry.second;
    }
    return std::nullopt;
}

std::optional<YAML::Node> mention(const YAML::Node& handlers, const std::string& handler) {
    if (!handlers.IsSequence()) return std::nullopt;
    for (const auto& item : handlers) {
        if (item.IsScalar() && item.Scalar() == handler) return item;
    }
    return std::nullopt;
}

std::optional<YAML::Node> in_events(const YAML::Node& root, const RoutingPlace& place) {
    const auto events = value_of(root, "events");
    if (!events || !events->IsMap()) return std::nullopt;
    for (const auto& entry : *events) {
        if (!place.event_type.empty() && entry.first.Scalar() != place.event_type) continue;
        if (auto found = mention(entry.second, place.handler)) return found;
    }
    return std::nullopt;
}

std::optional<YAML::Node> in_handlers(const YAML::Node& root, const RoutingPlace& place) {
    const auto handlers = value_of(root, "handlers");
    if (!handlers) return std::nullopt;
    const auto settings = value_of(*handlers, place.handler);
    if (settings && !place.key.empty()) {
        if (auto found = value_of(*settings, place.key)) return found;
    }
    return value_of(*handlers, place.handler, Wanted::key);
}

}  // namespace

Problem problem_at(const std::string& text, const std::filesystem::path& file, const RoutingPlace& place) {
    Problem problem;
    problem.file = file.string();
    const Environment nothing = fixed_environment({});
    Reading reading(file, nothing);
    const auto root = reading.load(text);
    if (!root) return problem;
    auto found = place.event_type.empty() ? in_handlers(*root, place) : std::nullopt;
    if (!found) found = in_events(*root, place);
    if (!found) return problem;
    problem.line = found->Mark().line + 1;
    problem.column = found->Mark().column + 1;
    return problem;
}

}  // namespace lantern::settings
