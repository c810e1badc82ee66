// What an api is made of, as far as its description tells.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/settings.hpp"

namespace lantern::openapi {

struct Source {
    const HttpSettings& http;                            // outlives this
    std::string version;                                 // of Lantern
    std::map<std::string, Description> aggregates{};     // by aggregate type
    std::map<std::string, std::vector<Table>> tables{};  // by handler; one that is not here never ran
    std::map<std::pair<std::string, std::string>, std::string> requests{};  // (aggregate, command) -> JSON Schema
    std::map<std::pair<std::string, int>, std::string> events{};            // (type, version) -> JSON Schema
};

}  // namespace lantern::openapi
