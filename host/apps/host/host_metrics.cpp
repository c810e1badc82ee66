#include "host/apps/host/host_metrics.hpp"

#include <array>

#include "host/core/state_words.hpp"

namespace lantern::apps {
namespace {

using telemetry::Counts;
using telemetry::Labels;
using telemetry::Metrics;

constexpr double kMicroseconds = 1e6;

double number(std::int64_t value) {
    return static_cast<double>(value);
}

double number(std::uint64_t value) {
    return static_cast<double>(value);
}

double seconds(Milliseconds time) {
    return static_cast<double>(time.count()) / 1000;
}

template <std::size_t Bounds>
Metrics::Histogram shown(const telemetry::HistogramCounts<Bounds>& counts,
                         const std::array<std::int64_t, Bounds>& bounds, double unit) {
    Metrics::Histogram histogram;
    for (const auto bound : bounds) histogram.bounds.push_back(number(bound) / unit);
    histogram.counts = counts.in_bucket;
    histogram.sum = number(counts.sum) / unit;
    return histogram;
}

void add_counts(Metrics& page, const std::string& handler, const Counts& counts) {
    const Labels of{{"handler", handler}};
    page.counter("lantern_events_applied_total", "Events whose effect was committed, or that the handler skipped.",
                 of, number(counts.applied));
    page.counter("lantern_events_duplicate_total", "Deliveries of events that were applied already.", of,
                 number(counts.duplicates));
    page.counter("lantern_events_filled_total", "Events that the broker lost and the store gave.", of,
                 number(counts.filled));
    page.counter("lantern_events_failed_total", "Failed attempts, by what became of the stream.",
                 {{"handler", handler}, {"parked", "retrying"}}, number(counts.retrying));
    page.counter("lantern_events_failed_total", "", {{"handler", handler}, {"parked", "dead"}},
                 number(counts.dead));
    page.counter("lantern_messages_malformed_total", "Messages that were no event of this store, and dropped.", of,
                 number(counts.malformed));
    page.histogram("lantern_batch_events", "Events applied by one transaction.", of,
                   shown(counts.batch_events, telemetry::kBatchEventsBounds, 1));
    page.histogram("lantern_batch_seconds", "From the first call of the plugin to the commit.", of,
                   shown(counts.batch_microseconds, telemetry::kBatchMicrosecondsBounds, kMicroseconds));
}

void add_handler(Metrics& page, const postgres::HandlerStatus& status) {
    const auto& handler = status.handler.name.value;
    const Labels of{{"handler", handler}};
    page.gauge("lantern_lag_events", "Routed events that wait, in streams that are not parked.", of,
               number(status.lag_events));
    page.gauge("lantern_lag_seconds", "Age of the oldest of them.", of, seconds(status.lag));
    page.gauge("lantern_parked_streams", "Streams that failed, by state.",
               {{"handler", handler}, {"state", "retrying"}}, number(status.retrying));
    page.gauge("lantern_parked_streams", "", {{"handler", handler}, {"state", "dead"}}, number(status.dead));
    for (const auto& [word, ends] : state_words::kHandler)
        page.gauge("lantern_handler_state", "1 for the state that the handler is in.",
                   {{"handler", handler}, {"state", std::string(word)}}, status.handler.state == word ? 1 : 0);
    page.gauge("lantern_workers", "Workers that hold leases or wait for some, on all hosts.", of,
               number(std::uint64_t{status.workers.size()}));
    page.gauge("lantern_partitions_unheld", "Partitions that no worker holds.", of,
               number(std::int64_t{status.partitions_unheld}));
    page.gauge("lantern_partitions_feeding", "Partitions that are fed from the store, not from RabbitMQ.", of,
               number(std::int64_t{status.partitions_feeding}));
}

}  // namespace

void add_members(Metrics& page, const MemberTallies& tallies) {
    page.gauge("lantern_build_info", "1; which build this is.", {{"version", LANTERN_VERSION}}, 1);
    for (const auto& [handler, counts] : tallies.by_handler()) add_counts(page, handler, counts);
    std::map<std::pair<supervise::Role, std::string>, std::int64_t> running;
    std::map<std::string, bool> waits;
    for (const auto& process : tallies.processes()) {
        ++running[{process.member.role, process.member.handler}];
        if (process.member.role == supervise::Role::worker)
            waits[process.member.handler] = waits[process.member.handler] || process.pace.waits;
    }
    for (const auto& [handler, does] : waits)
        page.gauge("lantern_breaker_open", "1 while a worker waits for a server or a dependency of its plugin.",
                   {{"handler", handler}}, does ? 1 : 0);
    for (const auto& [kind, count] : running)
        page.gauge("lantern_processes", "Processes of this host that run.",
                   {{"role", std::string(supervise::role_name(kind.first))}, {"handler", kind.second}},
                   number(count));
    for (const auto& [kind, count] : tallies.deaths())
        page.counter("lantern_process_restarts_total", "Processes of this host that ended unasked.",
                     {{"role", std::string(supervise::role_name(kind.first))}, {"handler", kind.second}},
                     number(count));
}

void add_store(Metrics& page, postgres::Catalog& catalog, postgres::Backlogs& backlogs) {
    for (const auto& status : catalog.handlers()) add_handler(page, status);
    const auto relay = backlogs.of_relay();
    page.gauge("lantern_relay_lag_events", "Events that the relay has not published yet.", {},
               number(relay.events));
    page.gauge("lantern_relay_lag_seconds", "Age of the oldest of them.", {}, seconds(relay.oldest));
    page.gauge("lantern_relay_led", "1 while a relay leads.", {}, relay.leader_heartbeat ? 1 : 0);
    page.gauge("lantern_store_position", "Position of the newest event.", {},
               number(catalog.relay().last_position.value));
    for (const auto& type : catalog.unroutable())
        page.counter("lantern_unroutable_messages_total", "Messages that came back: nobody handles their type.",
                     {{"type", type.event_type}}, number(type.messages));
    if (const auto intake = backlogs.of_intake()) {
        const Labels of{{"queue", intake->queue}};
        page.counter("lantern_intake_events_total", "Events of other producers that were appended from the queue.",
                     of, number(intake->appended));
        page.counter("lantern_intake_refused_total", "Messages of the queue that were refused.", of,
                     number(intake->refused));
        page.gauge("lantern_intake_refused_messages", "Refused messages that nobody has taken away yet.", of,
                   number(intake->lying));
        page.gauge("lantern_intake_waiting_messages", "Messages that wait in the queue.", of,
                   number(intake->waiting));
    }
    if (const auto routing = catalog.routing())
        page.gauge("lantern_routing_revision", "Number of the routing in force.", {}, number(routing->number));
}

}  // namespace lantern::apps
