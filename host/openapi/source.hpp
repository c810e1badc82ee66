// What an api is made of, as far as its description tells.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/settings.hpp"

namespace lantern::openapi {

struct Source {
    const HttpSettings& http;                // outlives this
    std::string version{};                   // of Lantern
    const IntakeSettings* intake = nullptr;  // outlives this; nullptr: no events of other producers are taken
    std::map<std::string, Description> aggregates{};              // by aggregate type
    std::map<std::string, std::vector<Table>> tables{};           // by handler; one that is not here never ran
    std::map<std::filesystem::path, std::string> requests{};      // CommandRoute::request_schema -> JSON Schema
    std::map<std::pair<std::string, int>, std::string> events{};  // (type, version) -> JSON Schema
};

}  // namespace lantern::openapi
