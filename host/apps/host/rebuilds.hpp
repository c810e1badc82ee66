// What a host does about jobs of backfill: which of those that run its own processes can work on, and the rebuild
// that a plugin with other tables asks for. That a build was rebuilt for is a row: whoever begins it first, no host
// begins it twice, and what failed, was given up or rolled back waits for a person.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/identifiers.hpp"
#include "host/postgres/backfill/jobs.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {

class Rebuilds {
public:
    Rebuilds(const std::string& postgres_url, std::string host, Milliseconds keep, const telemetry::Log& log);

    // Asks the store. True: other jobs run than when it was asked last, so that handlers are to be planned anew.
    // Now and then it drops what swaps replaced and nobody wants back any more. Throws Fault.
    bool look();
    // Those that run, with their handlers, of which `here` says that their build is.
    std::map<std::int64_t, std::string> jobs(const std::function<bool(const std::string& build)>& here) const;

    // Builds that a job folds with, or may, of which `here` says that they are. Throws Fault.
    std::vector<std::string> builds(const std::function<bool(const std::string& build)>& here);

    // The installed build declares a higher schema version than the handler's tables have: begins the rebuild.
    // Returns why that build will not take over by itself; empty: it will. Throws Fault.
    std::string rebuild_for(const HandlerName& handler, const Description& installed);

private:
    void drop_expired();

    const std::string postgres_url_, host_;
    const Milliseconds keep_;
    const telemetry::Log log_;
    postgres::Jobs jobs_;
    std::vector<postgres::Job> open_;
    std::chrono::steady_clock::time_point dropped_at_{};
};

}  // namespace lantern::apps
