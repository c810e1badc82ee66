// What a member runs, by name: the builds of its plugins, and its handler's settings. Equal contents have one name,
// also when they come back after an edit was taken back, so that only what changed is replaced.
#pragma once

#include <string>
#include <vector>

#include "host/core/settings.hpp"

namespace lantern::supervise {

class Editions {
public:
    // How a worker of an edition is started.
    struct Launch {
        std::int64_t revision = 0;  // of the routing that says its settings
        std::string build;          // of its plugin
        bool operator==(const Launch&) const = default;
    };

    // `builds`: of the handler's plugin first, then of the schemas that it needs. How many workers there are, and
    // where a route once began, makes no other edition.
    std::string of_worker(const HandlerSettings& settings, const std::vector<std::string>& builds,
                          std::int64_t revision);
    std::string of_api(const std::vector<std::string>& builds);

    // Nothing: no worker's edition.
    std::optional<Launch> launch(const std::string& edition) const;

private:
    struct Content {
        HandlerSettings settings;
        std::vector<std::string> builds;
        bool operator==(const Content&) const = default;
    };
    std::size_t number_of(Content content);

    std::vector<Content> contents_;             // the n-th is the edition "n"
    std::vector<std::int64_t> first_revision_;  // of each; 0: of the api
};

}  // namespace lantern::supervise
