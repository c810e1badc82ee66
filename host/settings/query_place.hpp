// Where lantern.yaml says what a query route says, for problems that only the routing and the plugins show.
#pragma once

#include <filesystem>
#include <string>

#include "host/settings/problem.hpp"

namespace lantern::settings {

struct QueryPlace {
    std::size_t query = 0;  // as Settings counts them
    std::string key;        // "handler", "filters" ...; where it is left out: the query itself
    std::size_t item = 0;   // of a key that is a list
};

Problem problem_at(const std::filesystem::path& file, const QueryPlace& place);

}  // namespace lantern::settings
