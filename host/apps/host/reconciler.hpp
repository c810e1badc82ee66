// What this host should run: follows the routing in force, which is a row in PostgreSQL, and looks at its own
// routing file, settings and plugin directory for what was edited or put there.
//
// The file is an edit of the revision that it was equal to last; it becomes the next one if that is still in force.
// Otherwise it differs, which is said and changes nothing: so two hosts with different files do not fight. What is
// refused leaves everything as it was.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/apps/host/coroner.hpp"
#include "host/apps/host/file_watch.hpp"
#include "host/apps/host/host_plan.hpp"
#include "host/apps/host/rebuilds.hpp"
#include "host/apps/host/served_settings.hpp"
#include "host/apps/instance.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/postgres/operate/hosts.hpp"
#include "host/settings/problem.hpp"
#include "host/supervise/editions.hpp"
#include "host/supervise/members.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {

// What a host should run from now on.
struct Target {
    std::int64_t revision = 0;
    std::vector<HandlerSettings> handlers;                        // those that can run
    std::map<std::string, std::string> editions;                  // by handler; of the api: ""
    std::map<std::string, supervise::Editions::Launch> launches;  // by edition, of workers
    std::map<std::int64_t, std::string> jobs;                     // of backfill, with their handlers
};

class Reconciler {
public:
    using Problems = std::vector<postgres::HostNote::Problem>;

    struct Self {
        Uuid run;
        std::set<supervise::Role> roles;
    };
    // Connects, and probes the plugins. Throws Fault.
    Reconciler(const Instance& at, const Settings& settings, const Self& self, const telemetry::Log& log);

    // One look at everything; nothing: what should run is what should have run before. Throws Fault; the first look
    // throws Fault(configuration) when no routing is in force and the file cannot be.
    std::optional<Target> look();
    // Until there may be something to see; at most FileWatch::kPoll.
    void wait(int descriptor) { watch_.wait(descriptor); }
    // What the supervisor found: of members that do not start.
    void report(Problems problems) { not_starting_ = std::move(problems); }

private:
    struct File {
        std::string signature;
        std::optional<Routing> routing;  // nothing: it is refused
        settings::Problems problems;
    };

    bool look_at_plugins();
    bool look_at_file();
    bool look_at_settings();
    void judge(std::optional<postgres::RoutingRevision>& head);
    void edit(std::optional<postgres::RoutingRevision>& head);
    bool apply(std::int64_t parent);
    void refuse(const settings::Problems& problems);
    void follow(const postgres::RoutingRevision& head);
    void pass_over(const postgres::RoutingRevision& head);
    Target target(const HostPlan& plan, std::int64_t revision);
    std::vector<std::string> schema_builds(const Description& plugin) const;
    void write_down();

    const std::filesystem::path routing_file_;
    const telemetry::Log log_;
    postgres::Catalog catalog_;
    postgres::Hosts hosts_;
    plugin_loading::Directory plugins_;
    ServedSettings served_;
    FileWatch watch_;
    Coroner builds_;  // for its word on which build may run
    Rebuilds rebuilds_;
    HostPlanner planner_;
    supervise::Editions editions_;

    std::optional<File> file_;
    std::optional<Routing> in_force_;
    bool to_judge_ = true, to_follow_ = true;
    std::optional<Target> next_;
    Problems of_file_, of_served_, of_plugins_, of_handlers_, not_starting_;
    postgres::HostNote note_;
    Problems said_;
};

}  // namespace lantern::apps
