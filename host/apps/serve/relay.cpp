// lantern relay: moves committed events from the store to RabbitMQ. One of a cluster leads, the others stand by.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "host/apps/host/host_processes.hpp"
#include "host/apps/serve/ready_signal.hpp"
#include "host/apps/serve/sweeping.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/delivery/leadership.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/postgres/store/housekeeping.hpp"
#include "host/processes/stop_request.hpp"
#include "host/rabbitmq/publisher.hpp"
#include "host/relay/relay.hpp"
#include "host/settings/routing_file.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {
namespace {

using relay::Step;

constexpr auto kRoutingEvery = std::chrono::seconds{1};
constexpr int kTakeAwayEvery = 10;  // looks at the routing
constexpr auto kTellEvery = std::chrono::seconds{1};

Milliseconds longer(Milliseconds delay) {
    return std::clamp<Milliseconds>(delay * 2, limits::kBackoffFirst, limits::kBackoffMax);
}

// Everything that a relay is made of, in the order in which it is made.
class Process {
public:
    Process(const Settings& settings, const telemetry::Log& log)
        : settings_(settings),
          log_(log),
          catalog_(settings.postgres_url),
          source_(settings.postgres_url),
          leadership_(settings.postgres_url, identity_of(supervise::Role::relay, getpid())),
          publisher_(settings.amqp_url, source_.incarnation()),
          relay_(source_, leadership_, publisher_, clock_),
          housekeeping_(settings.postgres_url, settings.keep),
          sweeping_(settings.postgres_url, log) {}

    // What is in hand is finished, then leadership is given back.
    void run(const processes::StopRequest& stop) {
        ReadySignal::give();
        while (!stop.requested()) {
            follow_routing();
            follow_store();
            const Step step = relay_.step();
            report(step);
            sweeping_.lead(relay_.leads());
            tell(step);
            if (step.wait > Milliseconds{0}) stop.wait(step.wait);
        }
        relay_.stop();
    }

private:
    // The routing in force says whose queues there are; looked at now and then, read when its number changed.
    void follow_routing() {
        if (looked_at_ && clock_.steady() - *looked_at_ < kRoutingEvery) return;
        looked_at_ = clock_.steady();
        try {
            const auto revision = catalog_.routing();
            auto unbound = catalog_.unbound();
            if (revision && (revision->number != routing_ || unbound != unbound_)) {
                routing_ = revision->number;
                unbound_ = std::move(unbound);
                route(*revision);
            } else if (relay_.leads()) {
                if (++looks_ % kTakeAwayEvery == 0) publisher_.take_away_again();
                retire();
            }
        } catch (const Fault& fault) {
            log_.debug("cannot look at the routing", {{"why", fault.what()}});  // a step says it louder
        }
    }

    void route(const postgres::RoutingRevision& revision) {
        const auto routing =
            settings::parse_routing(revision.content, settings_.routing_file, settings::process_environment());
        if (!routing) {
            log_.error("cannot read the routing in force; queues stay as they are",
                       {{"revision", revision.number}, {"problems", settings::text(routing.error())}});
            return;
        }
        std::vector<rabbitmq::TopologyHandler> handlers;
        for (const HandlerSettings& handler : routing.value().handlers) {
            handlers.push_back({handler.name, handler.partitions, handler.queue_type, handler.event_types,
                                handler.queue_length_max, unbound_.contains(handler.name)});
        }
        log_.info("follows the routing",
                  {{"revision", revision.number}, {"handlers", handlers.size()}, {"detached", unbound_.size()}});
        publisher_.route(std::move(handlers));
    }

    // Takes away from the broker what nobody wants any more. What is wanted again meanwhile is declared again.
    void retire() {
        for (const auto& gone : catalog_.retired_bindings()) {
            if (!publisher_.retire({gone.handler, gone.queues, gone.event_type})) return;
            if (!catalog_.forget(gone)) publisher_.declare_again();
        }
    }

    // After a reconnect it may be an adopted one.
    void follow_store() {
        try {
            publisher_.belong_to(source_.incarnation());
        } catch (const Fault& fault) {
            log_.debug("cannot look at the store", {{"why", fault.what()}});  // a step says it louder
        }
    }

    // Where operators look: what holds the leader up, and which messages came back.
    void tell(const Step& step) {
        const std::string note = step.kind == Step::Kind::held_up ? step.trouble : "";
        std::map<std::string, std::uint64_t> more;
        for (const auto& [type, count] : publisher_.unroutable())
            if (count > counted_[type]) more[type] = count - counted_[type];
        const bool soon = told_at_ && clock_.steady() - *told_at_ < kTellEvery;
        if (step.kind == Step::Kind::stood_by || soon || (note == told_ && more.empty())) return;
        told_at_ = clock_.steady();
        try {
            leadership_.note(note);
            told_ = note;
            if (more.empty()) return;
            leadership_.count_unroutable(more);
            for (const auto& [type, count] : more) counted_[type] += count;
        } catch (const Fault& fault) {
            log_.debug("cannot tell what holds the relay up", {{"why", fault.what()}});
        }
    }

    // Says what changed, not what goes on.
    void report(const Step& step) {
        if (!step.trouble.empty() && step.trouble != trouble_) {
            log_.warn(step.kind == Step::Kind::held_up ? "is held up" : "stands by", {{"why", step.trouble}});
        }
        if (step.kind == Step::Kind::published && !trouble_.empty()) log_.info("goes on");
        if (step.kind == Step::Kind::published || !step.trouble.empty()) trouble_ = step.trouble;

        if (relay_.leads() && !led_) log_.info("leads");
        if (step.kind == Step::Kind::stood_by && led_) log_.info("no longer leads");
        if (relay_.leads() || step.kind == Step::Kind::stood_by) led_ = relay_.leads();

        for (const auto& [type, count] : publisher_.unroutable()) {
            if (unroutable_.insert(type).second) log_.info("events of a type reach no handler", {{"type", type}});
        }
        for (const std::string& problem : publisher_.problems()) {
            if (problems_.insert(problem).second) log_.error("a queue is not as it should be", {{"why", problem}});
        }
    }

    const Settings settings_;
    const telemetry::Log log_;
    SystemClock clock_;
    postgres::Catalog catalog_;
    postgres::Source source_;
    postgres::Leadership leadership_;
    rabbitmq::Publisher publisher_;
    relay::Relay relay_;

    std::optional<std::chrono::steady_clock::time_point> looked_at_;
    std::int64_t routing_ = 0;  // number of the revision that is followed
    int looks_ = 0;
    std::set<HandlerName> unbound_;  // handlers that have no queues
    // Said already
    std::string trouble_;
    bool led_ = false;
    std::set<std::string> unroutable_, problems_;
    std::string told_;
    std::optional<std::chrono::steady_clock::time_point> told_at_;
    std::map<std::string, std::uint64_t> counted_;
    postgres::Housekeeping housekeeping_;
    Sweeping sweeping_;
};

int run_relay(const Instance& at) {
    const processes::StopRequest stop;
    const Settings settings = at.settings();
    const telemetry::Log log = telemetry::Log(settings.log).with({{"process", "relay"}});
    log.info("relay starts");
    Milliseconds delay{0};
    while (!stop.requested()) {
        try {
            Process(settings, log).run(stop);
        } catch (const Fault& fault) {
            // Only from making it: the store may be away when we start, or needs a person first.
            if (!fault.retryable() && fault.place() != "postgres") throw;
            log.warn("waits", {{"for", fault.what()}});
            stop.wait(delay = longer(delay));
        }
    }
    log.info("relay ends");
    return 0;
}

}  // namespace

void add_relay(Verbs& verbs) {
    verbs.add("relay", "move events from the store to RabbitMQ (the host starts it by itself)", run_relay);
}

}  // namespace lantern::apps
