// What a member runs, by name: the builds of its plugins, its handler's settings, and since which revision of the
// routing these are in force. Equal contents have one name, so that only what changed is replaced, also when a
// build is taken back. Settings that come back are others: the workers between may have bound other queues and
// ended routes, and it is the later revision that has a say in those.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/core/settings.hpp"

namespace lantern::supervise {

class Editions {
public:
    // How a worker of an edition is started.
    struct Launch {
        std::int64_t revision = 0;  // of the routing: the first of those in a row that say its settings
        std::string build;          // of its plugin
        bool operator==(const Launch&) const = default;
    };

    // All handlers of a revision of the routing. Each revision, in order, also those that came and went between two
    // looks; the same twice is fine.
    void revised(const std::vector<HandlerSettings>& handlers, std::int64_t revision);
    // A handler of the last revision. `builds`: of its plugin first, then of the schemas that it needs. How many
    // workers there are, and where a route once began, makes no other edition.
    std::string of_worker(const HandlerName& handler, const std::vector<std::string>& builds);
    std::string of_api(const std::vector<std::string>& builds);

    // Nothing: no worker's edition.
    std::optional<Launch> launch(const std::string& edition) const;

private:
    struct Work {
        HandlerSettings settings;
        std::int64_t since = 0;  // revision; 0: of the api
        bool operator==(const Work&) const = default;
    };
    struct Content {
        Work work;
        std::vector<std::string> builds;
        bool operator==(const Content&) const = default;
    };
    std::string name_of(Content content);

    std::vector<Content> contents_;     // the n-th is the edition "n"
    std::map<HandlerName, Work> work_;  // by the last revision
};

}  // namespace lantern::supervise
