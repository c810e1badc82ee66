// lantern status: the handlers, what they are behind, and who works for them.
#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "host/apps/verbs.hpp"
#include "host/core/clock.hpp"
#include "host/postgres/catalog.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using postgres::HandlerStatus;
using postgres::WorkerStatus;

double in_seconds(Milliseconds time) {
    return static_cast<double>(time.count()) / 1000;
}

std::string kind_of(const HandlerStatus& status) {
    return status.handler.kind == PluginKind::projection ? "projection" : "side_effect";
}

json::value worker_json(const WorkerStatus& worker) {
    json::array partitions;
    for (const auto& partition : worker.partitions) partitions.emplace_back(partition.value);
    return json::object{{"host", worker.host},
                        {"pid", worker.pid},
                        {"plugin_build", worker.plugin_build},
                        {"note", worker.note},
                        {"started_at", iso8601(worker.started_at)},
                        {"heartbeat_at", iso8601(worker.heartbeat_at)},
                        {"partitions", partitions}};
}

json::value handler_json(const HandlerStatus& status) {
    json::array workers, types;
    for (const auto& worker : status.workers) workers.push_back(worker_json(worker));
    for (const auto& type : status.event_types) types.emplace_back(type);
    return json::object{{"handler", status.handler.name.value},
                        {"kind", kind_of(status)},
                        {"plugin", status.handler.plugin},
                        {"plugin_version", status.handler.plugin_version},
                        {"schema_version", status.handler.schema_version},
                        {"generation", status.handler.generation.value},
                        {"state", status.handler.state},
                        {"state_reason", status.handler.state_reason},
                        {"state_since", iso8601(status.handler.state_since)},
                        {"event_types", types},
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

void print_json(postgres::Catalog& catalog, const std::vector<HandlerStatus>& handlers) {
    json::array all;
    for (const auto& status : handlers) all.push_back(handler_json(status));
    const auto relay = catalog.relay();
    json::object document{{"handlers", all},
                          {"relay", json::object{{"led", relay.led},
                                                 {"epoch", relay.epoch.value},
                                                 {"seen_at", iso8601(relay.seen_at)},
                                                 {"floor", relay.floor.value}}},
                          {"last_position", relay.last_position.value}};
    if (const auto routing = catalog.routing())
        document["routing"] = json::object{{"revision", routing->number},
                                           {"hash", routing->hash},
                                           {"applied_by", routing->applied_by},
                                           {"applied_at", iso8601(routing->applied_at)}};
    std::cout << json::serialize(document) << std::endl;
}

std::string workers_text(const HandlerStatus& status) {
    std::string text;
    for (const auto& worker : status.workers)
        text += (text.empty() ? "" : ", ") + std::to_string(worker.pid) + " (" + worker.plugin_build.substr(0, 12) +
                ")";
    return text.empty() ? "none" : text;
}

void print_table(postgres::Catalog& catalog, const std::vector<HandlerStatus>& handlers) {
    const auto relay = catalog.relay();
    std::cout << "store at position " << relay.last_position.value << ", relay at " << relay.floor.value
              << (relay.led ? "" : ", no relay leads") << "\n\n"
              << std::left << std::setw(24) << "handler" << std::setw(13) << "kind" << std::setw(13) << "state"
              << std::right << std::setw(10) << "lag" << std::setw(10) << "seconds" << std::setw(10) << "retrying"
              << std::setw(8) << "dead"
              << "  workers: pid (plugin build)\n";
    for (const auto& status : handlers) {
        std::cout << std::left << std::setw(24) << status.handler.name.value << std::setw(13) << kind_of(status)
                  << std::setw(13) << status.handler.state << std::right << std::setw(10)
                  << (std::to_string(status.lag_events) + (status.lag_is_more ? "+" : "")) << std::setw(10)
                  << std::fixed << std::setprecision(1) << in_seconds(status.lag) << std::setw(10)
                  << status.retrying << std::setw(8) << status.dead << "  " << workers_text(status) << "\n";
        if (!status.handler.state_reason.empty()) std::cout << "    " << status.handler.state_reason << "\n";
    }
    std::cout << std::flush;
}

}  // namespace

void add_status(Verbs& verbs) {
    auto format = std::make_shared<std::string>("table");
    auto& status =
        verbs.add("status", "show the handlers, their lag and their workers", [format](const Instance& at) {
            postgres::Catalog catalog(at.settings().postgres_url);
            const auto handlers = catalog.handlers();
            if (*format == "json")
                print_json(catalog, handlers);
            else
                print_table(catalog, handlers);
            return 0;
        });
    status.add_option("-o,--output", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
}

}  // namespace lantern::apps
