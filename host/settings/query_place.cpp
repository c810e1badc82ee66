#include "host/settings/query_place.hpp"

#include "host/settings/reading.hpp"

namespace lantern::settings {
namespace {

// What stands at `key`; nothing when there is no such key.
std::optional<YAML::Node> value_of(const YAML::Node& map, const std::string& key) {
    if (!map.IsMap()) return std::nullopt;
    for (const auto& entry : map)
        if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
    return std::nullopt;
}

std::optional<YAML::Node> item_of(const YAML::Node& list, std::size_t at) {
    return list.IsSequence() && at < list.size() ? std::optional(list[at]) : std::nullopt;
}

}  // namespace

Problem problem_at(const std::filesystem::path& file, const QueryPlace& place) {
    Problem problem;
    problem.file = file.string();
    std::string why_not;
    const auto text = read_text(file, why_not);
    const Environment nothing = fixed_environment({});
    Reading reading(file, nothing);
    const auto root = text ? reading.load(*text) : std::nullopt;
    const auto http = root ? value_of(*root, "http") : std::nullopt;
    const auto queries = http ? value_of(*http, "queries") : std::nullopt;
    auto found = queries ? item_of(*queries, place.query) : std::nullopt;
    if (!found) return problem;
    if (const auto value = value_of(*found, place.key)) found = item_of(*value, place.item).value_or(*value);
    problem.line = found->Mark().line + 1;
    problem.column = found->Mark().column + 1;
    return problem;
}

}  // namespace lantern::settings
