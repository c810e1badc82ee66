#include "host/apps/host.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "host/apps/host_readiness.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/plugin_loading/description_parser.hpp"
#include "host/postgres/leadership.hpp"
#include "host/postgres/migrate.hpp"
#include "host/private_servers/place.hpp"
#include "host/processes/leftovers.hpp"

namespace lantern::apps {
namespace {

using std::chrono::milliseconds;
using supervise::Role;

HostProcesses::Options processes_of(const Instance& at, const Settings& settings, const Uuid& run) {
    HostProcesses::Options options;
    options.arguments = {"--config", at.config_directory().string(), "--plugins",
                         settings.plugin_directory.string()};
    options.environment = {{"LANTERN_POSTGRES_URL", settings.postgres_url},
                           {"LANTERN_AMQP_URL", settings.amqp_url},
                           {"LANTERN_HTTP_PORT", std::to_string(settings.http.port)},
                           {"LANTERN_ADMIN_TOKEN", settings.http.admin_token},
                           {"LANTERN_CACHE_DIR", at.cache_directory().string()},
                           {"LANTERN_HOST_RUN", run.text()}};
    return options;
}

// In words, when it is the tables that changed under one schema version.
std::optional<std::string> tables_conflict(postgres::Catalog& catalog, const Runnable& of) {
    const auto known = catalog.handler(of.handler.name);
    if (!known || known->kind != of.plugin.kind || known->declaration.empty()) return std::nullopt;
    return plugin_loading::declaration_conflict(of.plugin, known->schema_version, known->declaration);
}

// RabbitMQ writes the name of a new quorum queue to disk within half a second of quiet. A node that is killed
// before forgets what the queue held, and does not elect its leader. So new queues get this long before anyone is
// told that events can be sent through them.
constexpr milliseconds kNewQueuesSettle{1500};

Uuid fresh_uuid() {
    SystemClock clock;
    SystemRandom random;
    return Uuid::v7(clock.now(), random.next(), random.next());
}

std::string in_ms(milliseconds delay) {
    return std::to_string(delay.count()) + " ms";
}

}  // namespace

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

Host::Host(const Instance& at, Options options, telemetry::Log log)
    : at_(at), options_(std::move(options)), log_(std::move(log)), settings_(at.settings()), run_(fresh_uuid()) {
    // Several api processes share one port, so it is chosen here.
    if (settings_.http.port == 0) settings_.http.port = private_servers::free_port();
}

void Host::run(const processes::StopRequest& stop) {
    auto plan = prepare(stop);
    if (!plan) return;
    plan_ = *std::move(plan);

    HostProcesses processes(processes_of(at_, settings_, run_));
    supervise::Supervisor supervisor(processes, *this, clock_);
    supervise::Wanted wanted{options_.roles, settings_.http.processes, {}};
    for (const auto& runnable : plan_.runnable) wanted.handlers.push_back(runnable.handler);
    supervisor.want(supervise::members(wanted));
    while (!stop.requested()) {
        supervisor.tick();
        forget_the_dead();
        if (!ready_) report_ready();
        constexpr milliseconds kReadyEvery{100};
        processes.wait(stop.descriptor(), ready_ ? supervisor.idle() : std::min(supervisor.idle(), kReadyEvery));
    }
    log_.info("host stops");
    supervisor.stop();
    while (!supervisor.stopped()) {
        processes.wait(-1, supervisor.idle());
        supervisor.tick();
    }
    forget_the_dead();
    log_.info("host ended");
}

std::optional<HostPlan> Host::prepare(const processes::StopRequest& stop) {
    milliseconds delay = limits::kBackoffFirst;
    while (!stop.requested()) {
        try {
            if (!postgres::migrated(settings_.postgres_url))
                throw Fault(FaultKind::configuration, "host",
                            "the database is not of this build's shape; run: lantern migrate");
            catalog_.emplace(settings_.postgres_url);
            return apply_routing();
        } catch (const Fault& fault) {
            if (!fault.retryable() && !fault.in_doubt()) throw;
            log_.warn("host waits", {{"for", fault.what()}, {"again_in", in_ms(delay)}});
            stop.wait(delay);
            delay = std::min<milliseconds>(delay * 2, limits::kBackoffMax);
        }
    }
    return std::nullopt;
}

HostPlan Host::apply_routing() {
    const Routing routing = at_.routing();
    plugin_loading::ProbeOptions probe;
    probe.copies = at_.cache_directory();
    const plugin_loading::Directory plugins(settings_.plugin_directory, probe);
    for (const auto& found : plugins.found())
        if (!found.description)
            log_.error("plugin refused", {{"file", found.file.string()}, {"why", found.refusal}});
    HostPlan plan = plan_host(routing, plugins);

    std::vector<Description> descriptions;
    for (const auto& found : plugins.found())
        if (found.description) descriptions.push_back(*found.description);
    const auto in_force = catalog_->routing();
    const auto applied = catalog_->apply(routing, descriptions, host_name() + ":" + routing.hash.substr(0, 12),
                                         in_force ? in_force->number : 0);
    if (!applied) {
        std::string problems;
        for (const auto& problem : applied.error()) problems += "\n  " + problem;
        throw Fault(FaultKind::configuration, "routing", "refused:" + problems);
    }
    for (const auto& [handler, why] : applied.value().refused) {
        const auto refused =
            std::find_if(plan.runnable.begin(), plan.runnable.end(),
                         [&name = handler](const auto& entry) { return entry.handler.name == name; });
        if (refused == plan.runnable.end()) continue;
        plan.refused.push_back({handler, tables_conflict(*catalog_, *refused).value_or(why)});
        plan.runnable.erase(refused);
    }
    for (const auto& refused : plan.refused)
        log_.error("handler does not run", {{"handler", refused.handler.value}, {"why", refused.why}});
    log_.info("routing in force", {{"revision", applied.value().revision.number},
                                   {"made_now", applied.value().made_revision},
                                   {"handlers", static_cast<int>(plan.runnable.size())}});
    for (const auto& status : catalog_->handlers()) {
        queues_are_new_ = queues_are_new_ || status.partitions_feeding > 0;
        // Workers of an earlier host that was killed, here.
        for (const auto& worker : status.workers)
            if (worker.host == host_name() &&
                (options_.company == Options::Company::alone || !processes::runs(worker.pid)))
                dead_workers_.insert(worker.pid);
    }
    if (const auto relay = catalog_->relay(); relay.led) {
        relay_seen_ = relay.seen_at;
        if (options_.company == Options::Company::alone) dead_relays_.insert(relay.leader);
    }
    return plan;
}

void Host::forget_the_dead() {
    try {
        while (!dead_workers_.empty()) {
            catalog_->forget_worker(host_name(), *dead_workers_.begin());
            dead_workers_.erase(dead_workers_.begin());
        }
        while (!dead_relays_.empty()) {
            postgres::Leadership(settings_.postgres_url, *dead_relays_.begin()).resign();
            dead_relays_.erase(dead_relays_.begin());
        }
    } catch (const Fault& fault) {
        // Tried again at the next turn; until then, and at worst, their heartbeats grow old.
        log_.warn("leases of dead processes not freed yet", {{"for", fault.what()}});
    }
}

void Host::report_ready() {
    try {
        if (options_.roles.contains(Role::api) &&
            !http_answers(settings_.http.address, settings_.http.port, "/readyz"))
            return;
        if (options_.roles.contains(Role::worker) && !all_bound()) return;
        const auto relay = catalog_->relay();
        if (options_.roles.contains(Role::relay) && (!relay.led || relay.seen_at == relay_seen_)) return;
        if (!bound_since_) bound_since_ = clock_.steady();
        if (queues_are_new_ && clock_.steady() - *bound_since_ < kNewQueuesSettle) return;
    } catch (const Fault&) {
        return;  // asked again soon; whoever needs the store says what ails it
    }
    ready_ = true;
    log_.info("host ready", {{"http_port", settings_.http.port}});
    if (!options_.ready_file.empty()) std::ofstream(options_.ready_file) << getpid() << "\n";
}

bool Host::all_bound() {
    for (const auto& status : catalog_->handlers()) {
        if (status.handler.state == "paused" || status.handler.state == "quarantined") continue;  // holds nothing
        const bool runs_here = std::any_of(plan_.runnable.begin(), plan_.runnable.end(), [&](const auto& runnable) {
            return runnable.handler.name == status.handler.name;
        });
        if (runs_here && (status.partitions_unheld > 0 || status.partitions_feeding > 0)) return false;
    }
    return true;
}

void Host::started(const supervise::Member& member, int pid) {
    log_.info("started", {{"member", member.text()}, {"pid", pid}});
}

void Host::ended(const supervise::Death& death, std::optional<milliseconds> again_in) {
    if (death.member.role == Role::worker) dead_workers_.insert(death.pid);
    if (death.member.role == Role::relay) dead_relays_.insert(relay_identity(run_, death.pid));
    telemetry::Fields fields{{"member", death.member.text()}, {"pid", death.pid}, {"with", death.how}};
    if (!again_in) return log_.info("ended", fields);
    fields.push_back({"again_in", in_ms(*again_in)});
    log_.error("died", fields);
}

void Host::not_started(const supervise::Member& member, const std::string& why, milliseconds again_in) {
    log_.error("not started", {{"member", member.text()}, {"why", why}, {"again_in", in_ms(again_in)}});
}

void add_host(Verbs& verbs) {
    struct Words {
        std::vector<std::string> roles{"api", "relay", "worker"};
        std::string ready_file;
        bool alone = false;
    };
    auto words = std::make_shared<Words>();
    auto& host = verbs.add("host", "run and watch the processes of this machine", [words](const Instance& at) {
        const processes::StopRequest stop;
        using Company = Host::Options::Company;
        Host::Options options{{}, words->alone ? Company::alone : Company::others, words->ready_file};
        for (const auto& name : words->roles) options.roles.insert(*supervise::parse_role(name));
        Host(at, std::move(options), telemetry::Log(at.settings().log).with({{"process", "host"}})).run(stop);
        return 0;
    });
    host.add_option("--roles", words->roles, "api,relay,worker (default all)")
        ->delimiter(',')
        ->check(CLI::IsMember({"api", "relay", "worker"}));
    host.add_flag("--alone", words->alone,
                  "no other host shares the store: what an earlier one held is free at once");
    host.add_option("--ready-file", words->ready_file, "file that is written once everything is running and bound");
}

}  // namespace lantern::apps
