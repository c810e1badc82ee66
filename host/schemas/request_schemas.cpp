#include "host/schemas/request_schemas.hpp"

#include <set>

#include "host/schemas/schema_file.hpp"

namespace lantern::schemas {

Result<RequestSchemas, std::vector<std::string>> RequestSchemas::load(const std::vector<CommandRoute>& routes) {
    std::vector<std::string> problems;
    std::set<std::filesystem::path> seen;
    RequestSchemas schemas;
    for (const auto& route : routes) {
        if (route.request_schema.empty() || !seen.insert(route.request_schema).second) continue;
        auto schema = read_schema(route.request_schema);
        if (schema)
            schemas.known_.emplace(route.request_schema, std::move(schema.value()));
        else
            problems.push_back(schema.error() + " (the request of " + route.method + " " + route.path + ")");
    }
    if (!problems.empty()) return failure(std::move(problems));
    return schemas;
}

const Schema* RequestSchemas::find(const CommandRoute& route) const {
    const auto known = known_.find(route.request_schema);
    return known == known_.end() ? nullptr : &known->second;
}

}  // namespace lantern::schemas
