#include "host/apps/operate/status_shown.hpp"

#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "host/apps/backfill/job_wait.hpp"
#include "host/apps/operate/explain_shown.hpp"
#include "host/apps/operate/intake_shown.hpp"
#include "host/core/clock.hpp"
#include "host/core/limits.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using postgres::HandlerStatus;
using postgres::HostNote;
using postgres::WorkerStatus;

constexpr Milliseconds kSilent{5'000};  // a heartbeat comes each second

double in_seconds(Milliseconds time) {
    return static_cast<double>(time.count()) / 1000;
}

std::string kind_of(const HandlerStatus& status) {
    return status.handler.kind == PluginKind::projection ? "projection" : "side_effect";
}

std::string time_text(Timestamp time) {
    return iso8601(time).substr(0, 19) + "Z";
}

std::string partitions(int count, int of) {
    return std::to_string(count) + " of " + std::to_string(of) + " partitions";
}

json::array strings_json(const std::vector<std::string>& strings) {
    json::array all;
    for (const auto& one : strings) all.emplace_back(one);
    return all;
}

json::value worker_json(const WorkerStatus& worker) {
    json::array held;
    for (const auto& partition : worker.partitions) held.emplace_back(partition.value);
    return json::object{{"host", worker.host},
                        {"pid", worker.pid},
                        {"plugin_build", worker.plugin_build},
                        {"note", worker.note},
                        {"started_at", iso8601(worker.started_at)},
                        {"heartbeat_at", iso8601(worker.heartbeat_at)},
                        {"silent_seconds", in_seconds(worker.silent)},
                        {"partitions", held}};
}

json::value handler_json(const HandlerStatus& status) {
    json::array workers;
    for (const auto& worker : status.workers) workers.push_back(worker_json(worker));
    return json::object{{"handler", status.handler.name.value},
                        {"kind", kind_of(status)},
                        {"plugin", status.handler.plugin},
                        {"plugin_version", status.handler.plugin_version},
                        {"schema_version", status.handler.schema_version},
                        {"generation", status.handler.generation.value},
                        {"state", status.handler.state},
                        {"state_reason", status.handler.state_reason},
                        {"state_since", iso8601(status.handler.state_since)},
                        {"reasons", strings_json(reasons(status))},
                        {"event_types", strings_json(status.event_types)},
                        {"lag_events", status.lag_events},
                        {"lag_is_more", status.lag_is_more},
                        {"lag_seconds", in_seconds(status.lag)},
                        {"parked", status.retrying + status.dead},
                        {"retrying", status.retrying},
                        {"dead", status.dead},
                        {"partitions", status.handler.partitions},
                        {"partitions_unheld", status.partitions_unheld},
                        {"partitions_feeding", status.partitions_feeding},
                        {"workers", workers}};
}

json::value host_json(const HostNote& host) {
    json::array problems;
    for (const auto& problem : host.problems)
        problems.push_back(json::object{{"about", problem.about}, {"text", problem.text}});
    return json::object{{"host", host.host},
                        {"pid", host.pid},
                        {"revision", host.revision},
                        {"routing_file", host.routing_file},
                        {"file_state", postgres::file_state(host.file)},
                        {"problems", problems},
                        {"seen_at", iso8601(host.seen_at)}};
}

json::value job_json(const postgres::Job& job) {
    const auto waits = waits_for(job);
    return json::object{{"job", job.id},
                        {"handler", job.handler.value},
                        {"kind", job.kind},
                        {"state", job.state},
                        {"phase", job.phase},
                        {"plugin_build", job.plugin_build},
                        {"requested_by", job.requested_by},
                        {"events", job.events},
                        {"events_total", job.events_total},
                        {"processes", job.processes},
                        {"slowed", job.slowed},
                        {"waits_for", waits ? waits->text() : ""}};
}

json::value kept_json(const postgres::KeptSchema& kept) {
    return json::object{
        {"handler", kept.handler.value},
        {"schema", kept.schema},
        {"plugin", kept.plugin},
        {"plugin_version", kept.plugin_version},
        {"schema_version", kept.schema_version},
        {"kept_at", iso8601(kept.kept_at)},
        {"drop_after", kept.drop_after ? json::value(iso8601(*kept.drop_after)) : json::value(nullptr)}};
}

// Jobs, and what their swaps have replaced.
void print_backfill(const Status& status) {
    for (const auto& job : status.jobs) {
        std::cout << "job " << job.id << ", " << job.kind << " of " << job.handler.value << " by "
                  << job.requested_by << ": " << job.state << ", phase " << job.phase;
        if (job.phase == "load" && job.events_total > 0)
            std::cout << " " << job.events * 100 / job.events_total << " %";
        std::cout << ", " << job.processes << " processes; `lantern jobs follow " << job.id << "`\n";
        if (!job.slowed.empty()) std::cout << "    " << job.slowed << "\n";
        if (const auto waits = waits_for(job)) std::cout << "    " << waits->text() << "\n";
    }
    for (const auto& kept : status.kept)
        std::cout << "the model of " << kept.handler.value << " by " << kept.plugin << " " << kept.plugin_version
                  << " (schema version " << kept.schema_version << ") is kept "
                  << (kept.drop_after ? "until " + time_text(*kept.drop_after) : std::string("for good"))
                  << " for `lantern rollback " << kept.handler.value << "`\n";
}

std::string workers_text(const HandlerStatus& status) {
    std::string text;
    for (const auto& worker : status.workers)
        text += (text.empty() ? "" : ", ") + std::to_string(worker.pid) + " (" + worker.plugin_build.substr(0, 12) +
                ")";
    return text.empty() ? "none" : text;
}

void print_cluster(const Status& status) {
    const auto& relay = status.relay;
    std::cout << "store at position " << relay.last_position.value << ", relay at " << relay.floor.value
              << (relay.led ? "" : ", no relay leads");
    if (!relay.note.empty()) std::cout << ", held up since " << time_text(relay.note_since) << ": " << relay.note;
    std::cout << "\n";
    if (status.routing)
        std::cout << "routing revision " << status.routing->number << " by " << status.routing->applied_by << ", "
                  << time_text(status.routing->applied_at) << "\n";
    for (const auto& host : status.hosts) {
        std::cout << "host " << host.host << ", process " << host.pid << ", follows revision " << host.revision;
        if (host.file != HostNote::File::in_force)
            std::cout << "; its " << host.routing_file
                      << (host.file == HostNote::File::differs ? " differs from the routing in force"
                                                               : " is refused");
        std::cout << "\n";
        for (const auto& problem : host.problems)
            std::cout << "    " << problem.about << ": " << problem.text << "\n";
    }
    for (const auto& type : status.unroutable)
        std::cout << "nobody handles " << type.event_type << ": " << type.messages
                  << " messages came back, the last " << time_text(type.last_at) << "\n";
}

}  // namespace

std::vector<std::string> reasons(const HandlerStatus& status) {
    std::vector<std::string> found;
    const auto& handler = status.handler;
    if (handler.state != "attached") {
        const auto ends = how_it_ends(handler.state, handler.name.value);
        found.push_back(handler.state + " since " + time_text(handler.state_since) +
                        (handler.state_reason.empty() ? "" : ", " + handler.state_reason) +
                        (ends.empty() ? "" : "; " + ends));
    }
    for (const auto& worker : status.workers) {
        const std::string process = "process " + std::to_string(worker.pid) + " on " + worker.host;
        if (worker.silent >= kSilent)
            found.push_back(process + " is silent for " + std::to_string(worker.silent.count() / 1000) + " s");
        if (!worker.note.empty()) found.push_back(process + " waits for: " + worker.note);
    }
    const bool takes = handler.state != "paused" && handler.state != "quarantined";
    if (takes && status.partitions_unheld > 0)
        found.push_back("no worker holds " + partitions(status.partitions_unheld, handler.partitions));
    if (takes && handler.state != "detached" && status.partitions_feeding > 0)
        found.push_back(partitions(status.partitions_feeding, handler.partitions) +
                        " are still fed from the store");
    if (status.retrying + status.dead > 0)
        found.push_back(std::to_string(status.retrying) + " streams are retrying and " +
                        std::to_string(status.dead) + " are dead; `lantern parked list --handler " +
                        handler.name.value + "` says why");
    return found;
}

void print_status(const Status& status) {
    print_cluster(status);
    print_backfill(status);
    print_intake(status.intake);
    std::cout << "\n"
              << std::left << std::setw(24) << "handler" << std::setw(13) << "kind" << std::setw(13) << "state"
              << std::right << std::setw(10) << "lag" << std::setw(10) << "seconds" << std::setw(10) << "retrying"
              << std::setw(8) << "dead"
              << "  workers: pid (plugin build)\n";
    for (const auto& one : status.handlers) {
        std::cout << std::left << std::setw(24) << one.handler.name.value << std::setw(13) << kind_of(one)
                  << std::setw(13) << one.handler.state << std::right << std::setw(10)
                  << (std::to_string(one.lag_events) + (one.lag_is_more ? "+" : "")) << std::setw(10) << std::fixed
                  << std::setprecision(1) << in_seconds(one.lag) << std::setw(10) << one.retrying << std::setw(8)
                  << one.dead << "  " << workers_text(one) << "\n";
        for (const auto& reason : reasons(one)) std::cout << "    " << reason << "\n";
    }
    std::cout << std::flush;
}

void print_status_json(const Status& status) {
    json::array handlers, hosts, unroutable, jobs, kept;
    for (const auto& job : status.jobs) jobs.push_back(job_json(job));
    for (const auto& one : status.kept) kept.push_back(kept_json(one));
    for (const auto& handler : status.handlers) handlers.push_back(handler_json(handler));
    for (const auto& host : status.hosts) hosts.push_back(host_json(host));
    for (const auto& type : status.unroutable)
        unroutable.push_back(json::object{
            {"event_type", type.event_type}, {"messages", type.messages}, {"last_at", iso8601(type.last_at)}});
    const auto& relay = status.relay;
    json::object document{{"handlers", handlers},
                          {"relay", json::object{{"led", relay.led},
                                                 {"epoch", relay.epoch.value},
                                                 {"seen_at", iso8601(relay.seen_at)},
                                                 {"floor", relay.floor.value},
                                                 {"note", relay.note}}},
                          {"hosts", hosts},
                          {"unroutable", unroutable},
                          {"jobs", jobs},
                          {"kept", kept},
                          {"intake", intake_json(status.intake)},
                          {"last_position", relay.last_position.value}};
    if (status.routing)
        document["routing"] = json::object{{"revision", status.routing->number},
                                           {"hash", status.routing->hash},
                                           {"applied_by", status.routing->applied_by},
                                           {"applied_at", iso8601(status.routing->applied_at)}};
    std::cout << json::serialize(document) << std::endl;
}

}  // namespace lantern::apps
