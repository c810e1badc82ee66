#include "host/apps/operate/doctor_checks.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "host/apps/backfill/job_wait.hpp"
#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/core/fault.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/rabbitmq/inspection.hpp"
#include "host/routing/check.hpp"

namespace lantern::apps {
namespace {

using Level = Finding::Level;
using postgres::Inspection;

constexpr int kPostgresOldest = 150000;
constexpr int kRabbitOldestMajor = 3, kRabbitOldestMinor = 10;
constexpr Milliseconds kClockDoubtful{1'000}, kClockWrong{60'000};

std::string number(std::int64_t value) {
    return std::to_string(value);
}

class Examination {
public:
    void ok(std::string subject, std::string found) {
        findings_.push_back({Level::ok, std::move(subject), std::move(found), ""});
    }
    void warning(std::string subject, std::string found, std::string remedy) {
        findings_.push_back({Level::warning, std::move(subject), std::move(found), std::move(remedy)});
    }
    void problem(std::string subject, std::string found, std::string remedy) {
        findings_.push_back({Level::problem, std::move(subject), std::move(found), std::move(remedy)});
    }
    Findings take() { return std::move(findings_); }

private:
    Findings findings_;
};

void check_server(Examination& to, const Inspection& seen) {
    if (seen.version < kPostgresOldest)
        to.problem("postgresql version", seen.version_text, "Lantern needs PostgreSQL 15 or later");
    else
        to.ok("postgresql version", seen.version_text);
    if (seen.is_standby)
        to.problem("postgresql primary", "the server is a standby, which takes no writes",
                   "let postgres.url lead to the primary, e.g. with target_session_attrs=read-write");
    if (seen.encoding != "UTF8")
        to.problem("database encoding", seen.encoding, "create the database anew: createdb -E UTF8");
    if (!seen.fsync)
        to.problem("postgresql durability", "fsync is off: a crash of the machine may lose accepted commands",
                   "alter system set fsync = on; select pg_reload_conf()");
    else if (seen.synchronous_commit == "off")
        to.problem("postgresql durability", "synchronous_commit is off: a crash may lose accepted commands",
                   "alter database " + seen.database + " set synchronous_commit = on");
    else
        to.ok("postgresql durability", "fsync on, synchronous_commit " + seen.synchronous_commit);
    const auto ahead = seen.clock_ahead < Milliseconds{0} ? -seen.clock_ahead : seen.clock_ahead;
    const std::string clock = "the server's clock is " + number(ahead.count()) + " ms " +
                              (seen.clock_ahead < Milliseconds{0} ? "behind" : "ahead of") + " this machine's (± " +
                              number(seen.clock_doubt.count()) + ")";
    const std::string synchronise =
        "synchronise both clocks (chrony, systemd-timesyncd): due times of retries are "
        "taken by the worker's clock";
    if (ahead > kClockWrong + seen.clock_doubt)
        to.problem("clock", clock, synchronise);
    else if (ahead > kClockDoubtful + seen.clock_doubt)
        to.warning("clock", clock, synchronise);
    else
        to.ok("clock", clock);
}

void check_rights(Examination& to, const Inspection& seen) {
    const std::string who = "role " + seen.user + " on database " + seen.database;
    if (!seen.may_create_schemas)
        to.problem("right to create schemas", who + " has it not: a new handler gets a schema of its own",
                   "grant create on database " + seen.database + " to " + seen.user);
    else
        to.ok("right to create schemas", who);
    if (!seen.owns_store)
        to.problem("owner of the store", who + " does not own the schema lantern",
                   "connect as its owner, or: grant the owner's role to " + seen.user);
}

// Workers of a handler that has no role wait for it.
void check_roles(Examination& to, const Inspection& seen, const Settings& settings) {
    const std::string subject = "roles of handlers";
    const std::string grant = "as a superuser: alter role " + seen.user + " createrole";
    std::string missing;
    for (const auto& handler : seen.without_role) missing += (missing.empty() ? "" : ", ") + handler;
    if (!settings.handler_roles)
        to.warning(subject, "postgres.handler_roles is false: SQL of a plugin has all rights of " + seen.user,
                   "set it to true, and " + grant);
    else if (seen.may_create_roles)
        to.ok(subject, seen.user + " may create them");
    else if (!missing.empty())
        to.problem(subject, missing + " have none, and " + seen.user + " may not create them: their workers wait",
                   grant);
    else
        to.warning(subject, seen.user + " may not create them: a handler that is added will wait for its own",
                   grant);
}

void check_store(Examination& to, const Inspection& seen) {
    if (!seen.migrations_trouble.empty())
        to.problem("migrations", seen.migrations_trouble,
                   "run the build that the store was migrated by, or a newer one");
    else if (!seen.migrated)
        to.problem("migrations", "the store is not of this build's shape", "run: lantern migrate");
    else
        to.ok("migrations", "the store is of this build's shape");
    if (!seen.incarnation_trouble.empty())
        to.problem("store", seen.incarnation_trouble, "look what was lost, then run: lantern store adopt");
}

// Of one host that runs all roles.
int connections_needed(const Settings& settings, const Routing& routing) {
    constexpr int kForEachThread = 2, kForEachApi = 2, kForEachWorker = 2, kRelay = 5, kHost = 6;
    int workers = 0;
    for (const auto& handler : routing.handlers) workers += handler.concurrency;
    return settings.http.processes * (settings.http.threads * kForEachThread + kForEachApi) +
           workers * kForEachWorker + kRelay + kHost;
}

void check_connections(Examination& to, const Inspection& seen, int needed) {
    const std::string found = "a host with all roles needs up to " + number(needed) + "; the server has " +
                              number(seen.connections_max) + ", of which others use " +
                              number(seen.connections_other);
    const std::string remedy = "raise max_connections, or lower http.processes, http.threads or concurrency";
    if (needed > seen.connections_max)
        to.problem("postgresql connections", found, remedy);
    else if (needed > seen.connections_max - seen.connections_other)
        to.warning("postgresql connections", found, remedy);
    else
        to.ok("postgresql connections", found);
}

// An api process raises its soft limit as far as it needs.
void check_open_files(Examination& to, std::size_t connections) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    constexpr rlim_t kBeside = 256;
    const rlim_t needed = static_cast<rlim_t>(connections) + kBeside;
    const bool enough = files.rlim_max == RLIM_INFINITY || files.rlim_max >= needed;
    const std::string most = files.rlim_max == RLIM_INFINITY ? "any number" : std::to_string(files.rlim_max);
    const std::string found = "a process may open " + most + "; an api process takes up to " +
                              std::to_string(connections) + " connections";
    const std::string limit = std::to_string(needed);
    if (!enough)
        to.warning("open files", found,
                   "ulimit -Hn " + limit + ", or LimitNOFILE=" + limit +
                       " in the service's unit; or lower http.connections");
    else
        to.ok("open files", found);
}

void check_version(Examination& to, const std::string& version) {
    int major = 0, minor = 0;
    const bool read = std::sscanf(version.c_str(), "%d.%d", &major, &minor) == 2;
    if (!read)
        to.warning("rabbitmq version", version.empty() ? "the broker does not say" : version,
                   "Lantern needs RabbitMQ 3.10 or later");
    else if (major < kRabbitOldestMajor || (major == kRabbitOldestMajor && minor < kRabbitOldestMinor))
        to.problem("rabbitmq version", version, "Lantern needs RabbitMQ 3.10 or later");
    else
        to.ok("rabbitmq version", version);
}

std::string delete_each(const std::vector<std::string>& queues) {
    return "rabbitmqctl delete_queue " + boost::algorithm::join(queues, "; rabbitmqctl delete_queue ");
}

using Queue = rabbitmq::Inspection::Queue;
using QueueNames = std::map<Queue, std::vector<std::string>>;  // of one handler

// By handler.
std::map<HandlerName, QueueNames> look_at_queues(rabbitmq::Inspection& broker, const Routing& routing) {
    std::map<HandlerName, QueueNames> queues;
    std::vector<std::string> there;
    for (const auto& handler : routing.handlers) {
        const rabbitmq::TopologyHandler topology{handler.name, handler.partitions, handler.queue_type,
                                                 handler.event_types, handler.queue_length_max};
        for (int k = 0; k < handler.partitions; ++k) {
            const auto state = broker.queue(topology, Partition{k});
            const auto name = rabbitmq::queue_name(topology, Partition{k});
            queues[handler.name][state].push_back(name);
            if (state == Queue::fine) there.push_back(name);
        }
    }
    const auto silent = broker.without_leader(there);
    const std::set<std::string> leaderless(silent.begin(), silent.end());
    for (auto& [handler, named] : queues)
        for (const auto& name : std::exchange(named[Queue::fine], {}))
            named[leaderless.contains(name) ? Queue::no_leader : Queue::fine].push_back(name);
    return queues;
}

// One finding for all partitions: the worst decides its level and remedy. Queues are declared by the relay as it
// connects, so what is missing is no more than a warning.
void check_queues(Examination& to, const HandlerSettings& handler, QueueNames named) {
    const std::string subject = "queues of " + handler.name.value;
    const auto total = " of " + number(handler.partitions);
    const auto count = [&](Queue state) { return number(static_cast<std::int64_t>(named[state].size())); };
    const auto names = [&](Queue state) { return boost::algorithm::join(named[state], " "); };
    std::vector<std::string> found, remedies;
    if (!named[Queue::no_leader].empty()) {
        found.push_back(count(Queue::no_leader) + total +
                        " have no leader, and deliver nothing: " + names(Queue::no_leader));
        remedies.push_back("start the broker's missing nodes, or delete them (" +
                           delete_each(named[Queue::no_leader]) + "): what they held comes from the store");
    }
    if (!named[Queue::other_arguments].empty()) {
        found.push_back(count(Queue::other_arguments) + total +
                        " were declared with other arguments: " + names(Queue::other_arguments));
        remedies.push_back(delete_each(named[Queue::other_arguments]) +
                           ": they are declared anew, and what they held comes from the store");
    }
    const bool problem = !found.empty();
    if (!named[Queue::missing].empty()) {
        found.push_back(count(Queue::missing) + total + " are not there");
        remedies.push_back("start the relay, which declares them; restart it if it runs");
    }
    if (found.empty()) return to.ok(subject, count(Queue::fine) + ", as declared, each with a leader");
    const auto all = boost::algorithm::join(found, "; "), remedy = boost::algorithm::join(remedies, "; ");
    problem ? to.problem(subject, all, remedy) : to.warning(subject, all, remedy);
}

void check_broker(Examination& to, const Settings& settings, const Routing& routing) {
    try {
        rabbitmq::Inspection broker(settings.amqp_url);
        check_version(to, broker.version());
        if (const auto alarm = broker.alarm())
            to.problem(
                "rabbitmq alarm", "the broker takes no messages: " + *alarm,
                "free memory or disk of the broker's machine (rabbitmqctl status); nothing is lost meanwhile");
        else
            to.ok("rabbitmq alarm", "none");
        if (broker.has_exchange())
            to.ok("exchange", rabbitmq::kExchange);
        else
            to.warning("exchange", std::string(rabbitmq::kExchange) + " is not there",
                       "start the relay, which declares it; restart it if it runs");
        const auto queues = look_at_queues(broker, routing);
        for (const auto& handler : routing.handlers) check_queues(to, handler, queues.at(handler.name));
    } catch (const Fault& fault) {
        to.problem("rabbitmq", fault.what(),
                   "see that the broker runs, and that user, password and vhost of amqp.url are right");
    }
}

void check_plugins(Examination& to, const Instance& at, const Settings& settings, const Routing& routing) {
    const plugin_loading::Directory plugins(settings.plugin_directory, probe_options(at));
    std::vector<Description> usable;
    for (const auto& found : plugins.found()) {
        if (found.description)
            usable.push_back(*found.description);
        else
            to.problem("plugin", found.refusal,
                       "repair or remove " + found.file.string() + "; lantern plugin check FILE says more");
    }
    to.ok("plugins",
          number(static_cast<std::int64_t>(usable.size())) + " usable in " + settings.plugin_directory.string());
    const auto misfits = routing::check(routing, usable);
    for (const auto& misfit : misfits)
        to.problem("routing of " + misfit.handler.value, "found " + misfit.found + ", expected " + misfit.expected,
                   "lantern routes check names file, line and column");
    if (misfits.empty()) to.ok("routing", "fits the plugins");
}

void check_applied(Examination& to, const Inspection& seen, const Settings& settings, const Routing& routing) {
    if (!seen.migrated) return;
    if (!seen.routing)
        to.warning("routing in force", "none was applied yet",
                   "start a host: it applies " + settings.routing_file.string());
    else if (seen.routing_hash != routing.hash)
        to.warning(
            "routing in force",
            "revision " + number(*seen.routing) + " is another than " + settings.routing_file.string(),
            "lantern routes plan says what this file would change; copy the text in force here to keep that");
    else
        to.ok("routing in force", "revision " + number(*seen.routing) + ", this file");
}

// Jobs that nobody works on.
void check_jobs(Examination& to, const Inspection& seen, const Settings& settings) {
    if (!seen.migrated) return;
    for (const auto& job : postgres::Jobs(settings.postgres_url).open())
        if (const auto waits = waits_for(job))
            to.problem("job " + number(job.id) + ", " + job.kind + " of " + job.handler.value, waits->why,
                       waits->remedy);
}

std::optional<Inspection> check_postgres(Examination& to, const Settings& settings) {
    try {
        const auto seen = postgres::inspect(settings.postgres_url);
        check_server(to, seen);
        check_rights(to, seen);
        check_roles(to, seen, settings);
        check_store(to, seen);
        return seen;
    } catch (const Fault& fault) {
        to.problem(
            "postgresql", fault.what(),
            "see that the server runs, and that host, role, password and database of postgres.url are right");
        return std::nullopt;
    }
}

}  // namespace

Findings examine(const Instance& at, const Settings& settings, const Routing& routing) {
    Examination to;
    const auto seen = check_postgres(to, settings);
    if (seen) check_connections(to, *seen, connections_needed(settings, routing));
    check_broker(to, settings, routing);
    check_open_files(to, settings.http.connections_max);
    check_plugins(to, at, settings, routing);
    if (seen) check_applied(to, *seen, settings, routing);
    if (seen) check_jobs(to, *seen, settings);
    return to.take();
}

}  // namespace lantern::apps
