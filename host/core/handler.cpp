#include "host/core/handler.hpp"

#include <set>

namespace lantern {

Routes::Routes(std::vector<Route> routes) : routes_(std::move(routes)) {
    for (const auto& route : routes_) by_type_.emplace(route.event_type, route);
}

bool Routes::want(const std::string& event_type, Position at) const {
    const auto [first, last] = by_type_.equal_range(event_type);
    for (auto route = first; route != last; ++route) {
        if (route->second.wants(at)) return true;
    }
    return false;
}

std::vector<std::string> Routes::event_types() const {
    std::set<std::string> types;
    for (const auto& route : routes_) types.insert(route.event_type);
    return {types.begin(), types.end()};
}

}  // namespace lantern
