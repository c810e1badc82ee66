// One host: follows the routing in force, and keeps its members running until it is told to stop.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "host/apps/host/coroner.hpp"
#include "host/apps/host/host_monitor.hpp"
#include "host/apps/host/host_processes.hpp"
#include "host/apps/host/live_changes.hpp"
#include "host/apps/instance.hpp"
#include "host/apps/serve/blocked_commands.hpp"
#include "host/core/clock.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/processes/stop_request.hpp"
#include "host/supervise/supervisor.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {

class Host final : private supervise::Observer {
public:
    struct Options {
        std::set<supervise::Role> roles;
        // Whether other hosts may share the store. Alone: whoever still leads there as a relay is dead.
        enum class Company { others, alone } company = Company::others;
        std::filesystem::path ready_file;  // written once everything that can run is running and bound; empty: none
    };
    Host(const Instance& at, Options options, telemetry::Log log);

    // Until `stop`. Fault(configuration) when the database is not of this build's shape or the routing is refused.
    void run(const processes::StopRequest& stop);

private:
    // The first look at what to run. Nothing: told to stop before the store could be reached.
    std::unique_ptr<Reconciler> prepare(const processes::StopRequest& stop);
    void remember_the_dead();
    void aim_at(Target target);
    void tell_who_does_not_start();
    HostProcesses::Extra extra(const supervise::Member& member);
    void forget_the_dead();
    void report_ready();
    bool all_bound();

    void started(const supervise::Member& member, int pid) override;
    void ended(const supervise::Death& death, std::optional<std::chrono::milliseconds> again_in) override;
    void not_started(const supervise::Member& member, const std::string& why,
                     std::chrono::milliseconds again_in) override;
    void took_over(const supervise::Member& member) override;

    const Instance at_;
    const Options options_;
    const telemetry::Log log_;
    Settings settings_;
    SystemClock clock_;
    Coroner coroner_;
    BlockedCommandsShown blocked_;
    MemberTallies tallies_;
    std::optional<HostMonitor> monitor_;
    std::optional<HostProcesses> processes_;
    std::optional<supervise::Supervisor> supervisor_;
    std::unique_ptr<LiveChanges> changes_;
    Target target_;
    std::map<supervise::Member, std::string> not_starting_;  // how they ended, while another edition stands in
    std::optional<postgres::Catalog> catalog_;
    std::set<int> dead_workers_;     // pids whose leases are still to be freed
    std::set<Uuid> dead_relays_;     // whose leadership is still to be freed
    std::set<Uuid> dead_backfills_;  // whose shares of jobs are
    const Uuid run_;                 // names this run of the host to its children
    Timestamp relay_seen_{};         // heartbeat of whoever led when we first looked
    bool ready_ = false;
};

// This machine, as workers note it beside their pid.
std::string host_name();

}  // namespace lantern::apps
