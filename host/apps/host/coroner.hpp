// Looks into the deaths of members: records whom they are charged to, and takes builds that keep dying out of
// service, loudly. A record that the store does not take now is kept and tried again.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>

#include "host/postgres/operate/crashes.hpp"
#include "host/supervise/build_choice.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {

class Coroner {
public:
    // `copies`: where private copies of plugin builds lie.
    Coroner(std::string postgres_url, std::filesystem::path copies, const telemetry::Log& log);

    void examine(const supervise::Death& death);

    // Records what is still to be recorded. True: since it was asked last, some build was quarantined or let go,
    // here or on another host, so that handlers are to be planned anew. Call it about once a second.
    bool tend();

    // The build that the handler is to run. Throws Fault.
    supervise::BuildChoice build_to_run(const HandlerName& handler, const Description& installed);
    // A worker of this build is being started: it is one to go back to. Throws Fault.
    void starts(const HandlerName& handler, const Description& plugin);
    // Nothing that may run is left: the handler stands, and says so.
    void quarantine(const HandlerName& handler, const Description& installed, const std::string& why);

    // Commands that are not to be decided any more, as of the last tend().
    const std::vector<postgres::BlockedCommand>& blocked() const { return blocked_; }

private:
    struct Report {
        supervise::Crash crash;
        int pid = 0;
    };

    postgres::CrashBook& book();
    void record();
    void judge(const supervise::Crash& crash, const postgres::CrashCounts& counts);

    const std::string postgres_url_;
    const std::filesystem::path copies_;
    const telemetry::Log log_;
    std::optional<postgres::CrashBook> book_;
    std::deque<Report> reports_;
    std::vector<supervise::KnownBuild> builds_;  // as of the last tend()
    std::vector<postgres::BlockedCommand> blocked_;
};

}  // namespace lantern::apps
