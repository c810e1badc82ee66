// lantern intake: events of other producers from a queue of RabbitMQ into the store. One process of a cluster
// reads, the others stand by.
#include <unistd.h>

#include "host/apps/host/host.hpp"
#include "host/apps/serve/aggregates.hpp"
#include "host/apps/serve/event_intake.hpp"
#include "host/apps/serve/ready_signal.hpp"
#include "host/apps/serve/shared_heads.hpp"
#include "host/apps/serve/watched_aggregates.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/intake/consuming.hpp"
#include "host/postgres/operate/intake_status.hpp"
#include "host/postgres/store/announcer.hpp"
#include "host/postgres/store/arrivals.hpp"
#include "host/postgres/store/store.hpp"
#include "host/processes/stop_request.hpp"
#include "host/rabbitmq/intake_queue.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {
namespace {

constexpr auto kTakeWait = std::chrono::milliseconds{200};
constexpr auto kNoteEvery = std::chrono::seconds{1};

// None when the settings open no aggregate's streams: no plugin code runs here then.
command::Aggregates opened_aggregates(const plugin_loading::Directory& plugins, const Settings& settings,
                                      WatchedCalls& calls, const telemetry::Log& log) {
    if (settings.intake.into_aggregates.empty()) return {};
    auto aggregates = load_aggregates(plugins, settings, log);
    for (auto& [type, loaded] : aggregates) loaded = watched(std::move(loaded), calls);
    return aggregates;
}

// Everything that an intake process is made of, in the order in which it is made.
class Process {
public:
    Process(const Settings& settings, const std::filesystem::path& cache, const telemetry::Log& log)
        : settings_(settings),
          log_(log),
          schemas_(load_schemas(settings)),
          plugins_(plugins_of(settings, cache, log)),
          owned_(owned_types(settings_, plugins_.descriptions())),
          aggregates_(opened_aggregates(plugins_, settings, calls_, log)),
          heads_(cache, settings.postgres_url),
          intake_(intake_world(settings_, schemas_, owned_, aggregates_, heads_, clock_, &calls_)),
          announcer_(settings.postgres_url),
          queue_(settings.amqp_url, settings.intake.queue,
                 {.in_hand_max = intake::in_hand_max(settings.http.body_bytes_max),
                  .body_bytes_max = settings.http.body_bytes_max,
                  .too_large = to_json(intake::too_large(settings.http.body_bytes_max))}) {}

    void run(const processes::StopRequest& stop) {
        ReadySignal::give();
        Milliseconds delay{0};
        while (!stop.requested()) {
            const auto turn = take_turn();
            report(turn);
            note();
            if (turn.trouble.empty()) {
                delay = Milliseconds{0};
                continue;
            }
            delay = std::clamp<Milliseconds>(delay * 2, limits::kBackoffFirst, limits::kBackoffMax);
            stop.wait(delay);
        }
    }

private:
    // The store may be away when it is first asked.
    intake::Consuming::Turn take_turn() {
        try {
            if (!consuming_) {
                arrivals_.emplace(settings_.postgres_url);
                consuming_.emplace(
                    intake::Consuming::World{intake_,
                                             {*arrivals_, [this]() -> command::Store& { return store(); }, random_},
                                             queue_,
                                             settings_.intake.queue,
                                             settings_.http.body_bytes_max});
            }
        } catch (const Fault& fault) {
            intake::Consuming::Turn turn;
            turn.trouble = fault.what();
            return turn;
        }
        return consuming_->turn(kTakeWait);
    }

    command::Store& store() {
        if (!store_) store_.emplace(settings_.postgres_url);
        return *store_;
    }

    // Says what changed, not what goes on.
    void report(const intake::Consuming::Turn& turn) {
        if (turn.appended > 0) announcer_.announce();
        if (turn.refused > 0)
            log_.error("messages were refused", {{"messages", turn.refused},
                                                 {"now_in", rabbitmq::refused_queue(settings_.intake.queue)},
                                                 {"last", turn.last_refusal}});
        if (!turn.trouble.empty() && turn.trouble != trouble_) log_.warn("waits", {{"for", turn.trouble}});
        if (turn.trouble.empty() && !trouble_.empty()) log_.info("goes on");
        trouble_ = turn.trouble;
        note_.appended += static_cast<std::int64_t>(turn.appended);
        note_.known += static_cast<std::int64_t>(turn.known);
        note_.refused += static_cast<std::int64_t>(turn.refused);
        if (!turn.last_refusal.empty()) note_.last_refusal = turn.last_refusal;
    }

    // Where operators look, now and then.
    void note() {
        if (clock_.steady() - noted_at_ < kNoteEvery) return;
        noted_at_ = clock_.steady();
        try {
            if (trouble_.empty()) {
                const auto depth = queue_.depth();
                note_.waiting = depth.waiting;
                note_.lying = depth.refused;
            }
            if (!statuses_) statuses_.emplace(settings_.postgres_url);
            note_.queue = settings_.intake.queue;
            note_.host = host_name();
            note_.pid = getpid();
            note_.trouble = trouble_;
            statuses_->note(note_);
            note_.appended = note_.known = note_.refused = 0;
            note_.last_refusal.clear();
        } catch (const Fault& fault) {
            log_.debug("cannot tell what the intake does",
                       {{"why", fault.what()}});  // the next turn says it louder
        }
    }

    const Settings settings_;
    const telemetry::Log log_;
    const ServedSchemas schemas_;
    WatchedCalls calls_;
    const plugin_loading::Directory plugins_;
    const std::set<std::string> owned_;
    const command::Aggregates aggregates_;
    SystemClock clock_;
    SystemRandom random_;
    SharedHeads heads_;
    const intake::Intake intake_;
    postgres::Announcer announcer_;
    rabbitmq::IntakeQueue queue_;
    std::optional<postgres::Store> store_;
    std::optional<postgres::Arrivals> arrivals_;
    std::optional<intake::Consuming> consuming_;
    std::optional<postgres::IntakeStatuses> statuses_;

    std::string trouble_;
    postgres::IntakeNote note_;  // not told yet
    std::chrono::steady_clock::time_point noted_at_{};
};

int run_intake(const Instance& at) {
    const processes::StopRequest stop;
    const Settings settings = at.settings();
    const telemetry::Log log = telemetry::Log(settings.log).with({{"process", "intake"}});
    if (settings.intake.queue.empty())
        throw Fault(FaultKind::configuration, "intake", "the setting intake.queue names no queue");
    log.info("intake starts", {{"queue", settings.intake.queue}});
    Process(settings, at.cache_directory(), log).run(stop);
    log.info("intake ends");
    return 0;
}

}  // namespace

void add_intake(Verbs& verbs) {
    verbs.add("intake", "take events of other producers from RabbitMQ (the host starts it by itself)", run_intake);
}

}  // namespace lantern::apps
