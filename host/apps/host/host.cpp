#include "host/apps/host/host.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "host/apps/host/host_readiness.hpp"
#include "host/apps/serve/served_schemas.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/http/server.hpp"
#include "host/postgres/backfill/jobs.hpp"
#include "host/postgres/delivery/leadership.hpp"
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
                           {"LANTERN_HTTP_ADDRESS", settings.http.address},
                           {"LANTERN_HTTP_PORT", std::to_string(settings.http.port)},
                           {"LANTERN_ADMIN_TOKEN", settings.http.admin_token},
                           {"LANTERN_CACHE_DIR", at.cache_directory().string()},
                           {"LANTERN_HOST_RUN", run.text()}};
    return options;
}

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
    : at_(at),
      options_(std::move(options)),
      log_(std::move(log)),
      settings_(at.settings()),
      coroner_(settings_.postgres_url, at.cache_directory(), log_),
      run_(fresh_uuid()) {
    // Several api processes share one port, so it is chosen here.
    if (settings_.http.port == 0) settings_.http.port = private_servers::free_port();
}

void Host::run(const processes::StopRequest& stop) {
    monitor_.emplace(settings_, HostMonitor::Self{host_name(), options_.roles}, tallies_);
    log_.info("shows /metrics, /healthz and /readyz",
              {{"address", settings_.metrics.address}, {"port", monitor_->port()}});
    auto reconciler = prepare(stop);
    if (!reconciler) return;
    auto options = processes_of(at_, settings_, run_);
    options.extra = [this](const supervise::Member& member) { return extra(member); };
    processes_.emplace(std::move(options), log_);
    supervisor_.emplace(*processes_, static_cast<supervise::Observer&>(*this), clock_);
    aim_at(std::move(target_));
    changes_ = std::make_unique<LiveChanges>(std::move(reconciler), log_);
    while (!stop.requested()) {
        if (auto target = changes_->take()) aim_at(*std::move(target));
        processes_->watch();
        supervisor_->tick();
        forget_the_dead();
        coroner_.tend();
        blocked_.show(coroner_.blocked());
        if (!ready_) report_ready();
        constexpr milliseconds kReadyEvery{100};
        const auto idle = supervisor_->idle();
        processes_->wait({stop.descriptor(), changes_->descriptor()}, ready_ ? idle : std::min(idle, kReadyEvery));
    }
    log_.info("host stops");
    supervisor_->stop();
    while (!supervisor_->stopped()) {
        processes_->wait({}, supervisor_->idle());
        supervisor_->tick();
    }
    forget_the_dead();
    log_.info("host ended");
}

std::unique_ptr<Reconciler> Host::prepare(const processes::StopRequest& stop) {
    milliseconds delay = limits::kBackoffFirst;
    while (!stop.requested()) {
        try {
            if (settings_.http.tls && options_.roles.contains(Role::api))
                http::check_certificate(*settings_.http.tls);
            load_schemas(settings_);
            if (!postgres::migrated(settings_.postgres_url))
                throw Fault(FaultKind::configuration, "host",
                            "the database is not of this build's shape; run: lantern migrate");
            catalog_.emplace(settings_.postgres_url);
            auto reconciler =
                std::make_unique<Reconciler>(at_, settings_, Reconciler::Self{run_, options_.roles}, log_);
            if (auto target = reconciler->look()) target_ = *std::move(target);
            remember_the_dead();
            return reconciler;
        } catch (const Fault& fault) {
            if (!fault.retryable() && !fault.in_doubt()) throw;
            log_.warn("host waits", {{"for", fault.what()}, {"again_in", in_ms(delay)}});
            stop.wait(delay);
            delay = std::min<milliseconds>(delay * 2, limits::kBackoffMax);
        }
    }
    return nullptr;
}

// Workers and the relay of an earlier host that was killed, here.
void Host::remember_the_dead() {
    for (const auto& status : catalog_->handlers()) {
        for (const auto& worker : status.workers)
            if (worker.host == host_name() &&
                (options_.company == Options::Company::alone || !processes::runs(worker.pid)))
                dead_workers_.insert(worker.pid);
    }
    if (const auto relay = catalog_->relay(); relay.led) {
        relay_seen_ = relay.seen_at;
        if (options_.company == Options::Company::alone) dead_relays_.insert(relay.leader);
    }
}

void Host::aim_at(Target target) {
    target_ = std::move(target);
    supervise::Wanted wanted{options_.roles,
                             settings_.http.processes,
                             target_.handlers,
                             target_.editions,
                             target_.jobs,
                             settings_.backfill.processes,
                             !settings_.intake.queue.empty()};
    const auto members = supervise::members(wanted);
    if (std::erase_if(not_starting_, [&](const auto& entry) { return !members.contains(entry.first); }) > 0)
        tell_who_does_not_start();
    supervisor_->want(members);
    std::map<std::string, milliseconds> time_limits;
    for (const auto& handler : target_.handlers) time_limits[handler.name.value] = handler.time_limit;
    monitor_->time_limits(std::move(time_limits));
}

HostProcesses::Extra Host::extra(const supervise::Member& member) {
    HostProcesses::Extra extra;
    if (supervise::runs_aggregates(member.role))
        extra.handed_over[BlockedCommands::kVariable] = blocked_.descriptor();
    if (!member.handler.empty()) extra.printed.push_back({"handler", member.handler});
    if (member.role == Role::worker) extra.handed_over[telemetry::kTallyVariable] = tallies_.open(member);
    if (const auto launch = target_.launches.find(member.edition); launch != target_.launches.end()) {
        extra.arguments = {"--revision", std::to_string(launch->second.revision), "--build", launch->second.build};
        extra.printed.push_back({"build", launch->second.build.substr(0, 12)});
    }
    return extra;
}

void Host::tell_who_does_not_start() {
    Reconciler::Problems problems;
    for (const auto& [member, how] : not_starting_)
        problems.push_back({member.handler.empty() ? "api" : member.handler, how});
    if (changes_) changes_->report(std::move(problems));
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
        while (!dead_backfills_.empty()) {
            postgres::Jobs(settings_.postgres_url).lost(*dead_backfills_.begin());
            dead_backfills_.erase(dead_backfills_.begin());
        }
    } catch (const Fault& fault) {
        // Tried again at the next turn; until then, and at worst, their heartbeats grow old.
        log_.warn("leases of dead processes not freed yet", {{"for", fault.what()}});
    }
}

void Host::report_ready() {
    try {
        const auto& http = settings_.http;
        if (options_.roles.contains(Role::api) &&
            !(http.tls ? port_listens(http.address, http.port) : http_answers(http.address, http.port, "/readyz")))
            return;
        if (options_.roles.contains(Role::worker) && !all_bound()) return;
        const auto relay = catalog_->relay();
        if (options_.roles.contains(Role::relay) && (!relay.led || relay.seen_at == relay_seen_)) return;
    } catch (const Fault&) {
        return;  // asked again soon; whoever needs the store says what ails it
    }
    ready_ = true;
    monitor_->everything_runs();
    log_.info("host ready", {{"http_port", settings_.http.port}});
    if (!options_.ready_file.empty()) std::ofstream(options_.ready_file) << getpid() << "\n";
}

bool Host::all_bound() {
    for (const auto& status : catalog_->handlers()) {
        if (status.handler.state == "paused" || status.handler.state == "quarantined") continue;  // holds nothing
        const bool runs_here = target_.editions.contains(status.handler.name.value);
        if (runs_here && (status.partitions_unheld > 0 || status.partitions_feeding > 0)) return false;
    }
    return true;
}

void Host::started(const supervise::Member& member, int pid) {
    tallies_.started(member, pid);
    log_.info("started", {{"member", member.text()}, {"pid", pid}});
}

void Host::ended(const supervise::Death& death, std::optional<milliseconds> again_in) {
    coroner_.examine(death);
    tallies_.ended(death.member, again_in ? MemberTallies::End::unwanted : MemberTallies::End::wanted);
    if (death.member.role == Role::worker) dead_workers_.insert(death.pid);
    if (death.member.role == Role::relay) dead_relays_.insert(identity_of(Role::relay, run_, death.pid));
    if (death.member.role == Role::backfill) dead_backfills_.insert(identity_of(Role::backfill, run_, death.pid));
    telemetry::Fields fields{{"member", death.member.text()}, {"pid", death.pid}, {"with", death.how}};
    if (!again_in) return log_.info("ended", fields);
    if (supervisor_->stand_in(death.member)) {
        const std::string how = death.member.text() + " in its next edition does not get ready (" + death.how +
                                "); the one before goes on";
        log_.error(how, fields);
        not_starting_[death.member] = how;
        tell_who_does_not_start();
    }
    fields.push_back({"again_in", in_ms(*again_in)});
    log_.error("died", fields);
}

void Host::not_started(const supervise::Member& member, const std::string& why, milliseconds again_in) {
    log_.error("not started", {{"member", member.text()}, {"why", why}, {"again_in", in_ms(again_in)}});
}

void Host::took_over(const supervise::Member& member) {
    log_.info("took over", {{"member", member.text()}});
    if (not_starting_.erase(member) > 0) tell_who_does_not_start();
}

void add_host(Verbs& verbs) {
    struct Words {
        std::vector<std::string> roles{"api", "intake", "relay", "worker", "backfill"};
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
    host.add_option("--roles", words->roles, "api,intake,relay,worker,backfill (default all)")
        ->delimiter(',')
        ->check(CLI::IsMember({"api", "intake", "relay", "worker", "backfill"}));
    host.add_flag("--alone", words->alone,
                  "no other host shares the store: what an earlier one held is free at once");
    host.add_option("--ready-file", words->ready_file, "file that is written once everything is running and bound");
}

}  // namespace lantern::apps
