// lantern worker HANDLER: one process that runs one handler. Started by the host, once for each unit of
// concurrency.
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "host/apps/serve/memory_limit.hpp"
#include "host/apps/serve/ready_signal.hpp"
#include "host/apps/serve/worker_watch.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/core/queues.hpp"
#include "host/flight_recorder/recorder.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "host/postgres/delivery/history.hpp"
#include "host/postgres/delivery/leases.hpp"
#include "host/postgres/delivery/ledger.hpp"
#include "host/postgres/delivery/pulse.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/postgres/operate/crashes.hpp"
#include "host/postgres/tables/handler_role.hpp"
#include "host/processes/stop_request.hpp"
#include "host/rabbitmq/deliveries.hpp"
#include "host/settings/routing_file.hpp"
#include "host/telemetry/log.hpp"
#include "host/worker/careful_applier.hpp"
#include "host/worker/effect_applier.hpp"
#include "host/worker/projection_applier.hpp"
#include "host/worker/worker.hpp"

namespace lantern::apps {
namespace {

using plugin_loading::Directory;
using plugin_loading::Library;

constexpr auto kStoreAwayMax = std::chrono::seconds{20};

// Out of the environment, and out of what /proc shows of it.
void wipe(const char* variable) {
    if (char* value = std::getenv(variable)) explicit_bzero(value, std::strlen(value));
    unsetenv(variable);
}

[[noreturn]] void refuse(const std::string& handler, const std::string& why) {
    throw Fault(FaultKind::configuration, "handler " + handler, why);
}

HandlerSettings handler_of(const Routing& routing, const std::string& name) {
    std::string known;
    for (const auto& handler : routing.handlers) {
        if (handler.name.value == name) return handler;
        known += (known.empty() ? "" : ", ") + handler.name.value;
    }
    refuse(name, "the routing has no such handler; it has " + (known.empty() ? "none" : known));
}

struct Asked {
    std::string handler;
    int index = 0;
    std::int64_t revision = 0;  // 0: the one in force
    std::string build;          // empty: the one in the plugin directory
};

// What the store says of the handler.
struct Registered {
    HandlerSettings settings;
    std::int64_t revision = 0;
    std::optional<postgres::RegisteredHandler> handler;
};

// By the applied routing: an edit of the file that is not applied is not seen. Waits for the store; nothing: told
// to stop.
std::optional<Registered> registered(const Settings& settings, const Asked& asked,
                                     const processes::StopRequest& stop, const telemetry::Log& log) {
    auto delay = limits::kBackoffFirst;
    while (!stop.requested()) {
        try {
            postgres::Catalog catalog(settings.postgres_url);
            const auto revision = asked.revision > 0 ? catalog.routing(asked.revision) : catalog.routing();
            if (!revision) refuse(asked.handler, "there is no routing revision to run it by");
            const auto routing =
                settings::parse_routing(revision->content, settings.routing_file, settings::process_environment());
            if (!routing)
                refuse(asked.handler, "routing revision " + std::to_string(revision->number) +
                                          " can't be read here:\n" + settings::text(routing.error()));
            auto handler = handler_of(routing.value(), asked.handler);
            return Registered{std::move(handler), revision->number, catalog.handler(HandlerName{asked.handler})};
        } catch (const Fault& fault) {
            if (!fault.retryable()) throw;
            log.warn("waits", {{"for", fault.what()}});
            stop.wait(std::chrono::duration_cast<std::chrono::milliseconds>(delay));
            delay = std::min<std::chrono::milliseconds>(delay * 2, limits::kBackoffMax);
        }
    }
    return std::nullopt;
}

// As the handler's own role. What else could log in is wiped before plugin code comes into this process.
std::optional<std::string> own_url(const Settings& settings, const HandlerName& handler,
                                   const processes::StopRequest& stop, const telemetry::Log& log) {
    auto delay = limits::kBackoffFirst;
    while (settings.handler_roles && !stop.requested()) {
        try {
            auto url = postgres::url_of_handler(settings.postgres_url, handler);
            if (!url) refuse(handler.value, postgres::remedy_without_role(handler));
            wipe("LANTERN_POSTGRES_URL");
            return url;
        } catch (const Fault& fault) {
            if (!fault.retryable() && fault.place() != "postgres") throw;
            log.warn("waits", {{"for", fault.what()}});
            stop.wait(std::chrono::duration_cast<std::chrono::milliseconds>(delay));
            delay = std::min<std::chrono::milliseconds>(delay * 2, limits::kBackoffMax);
        }
    }
    if (settings.handler_roles) return std::nullopt;
    log.warn(
        "connects as the configured user: SQL of this plugin has all its rights (postgres.handler_roles: false)");
    return settings.postgres_url;
}

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

// With the event that the plugin has in hand, if it has one.
plugin_loading::LogSink sink_of(const telemetry::Log& log, const flight_recorder::Slot& slot) {
    return [log, &slot](plugin_loading::LogLevel level, std::string_view message) {
        telemetry::Fields fields{{"from", "plugin"}};
        if (const auto called = slot.called())
            fields.insert(fields.end(), {{"event", called->event.text()}, {"attempt", called->attempt}});
        log.write(static_cast<telemetry::Level>(level), message, fields);
    };
}

std::optional<postgres::ReadModel::Declared> declared_by(const Description& plugin) {
    if (plugin.kind != PluginKind::projection) return std::nullopt;
    return postgres::ReadModel::Declared{plugin.schema_version, plugin.declaration_hash};
}

// The making of a plugin's object, as the flight recorder sees it.
class Creating {
public:
    explicit Creating(flight_recorder::Slot& slot) : slot_(slot) { slot_.calling_for("create"); }
    ~Creating() { slot_.returned(); }
    Creating(const Creating&) = delete;
    Creating& operator=(const Creating&) = delete;

private:
    flight_recorder::Slot& slot_;
};

// Everything that a worker is made of, in the order in which it is made.
class Process {
public:
    Process(const Settings& settings, const std::string& postgres_url, const Registered& known,
            std::shared_ptr<const Library> library, std::shared_ptr<plugin_loading::Upcasters> upcasters,
            flight_recorder::Slot& slot, const telemetry::Log& log)
        : handler_(known.settings),
          library_(std::move(library)),
          upcasters_(std::move(upcasters)),
          slot_(slot),
          log_(log),
          self_{Uuid::v7(clock_.now(), random_.next(), random_.next()),
                handler_.name,
                host_name(),
                getpid(),
                library_->description().build,
                postgres::WorkerIdentity::Bound{queue_set(handler_), handler_.partitions, known.revision,
                                                handler_.event_types},
                handler_.queue_length_max},
          connection_(postgres::session_of(postgres_url, handler_.name)),
          leases_(connection_, self_),
          history_(connection_),
          model_(connection_, handler_.name, library_->description().tables, self_.plugin_build,
                 declared_by(library_->description())),
          ledger_(connection_, handler_.name, self_.plugin_build),
          rows_(model_),
          crashes_(connection_, handler_.name, self_.plugin_build),
          watch_(log_, slot_),
          deliveries_(settings.amqp_url, {handler_.name, handler_.partitions, handler_.queue_type,
                                          handler_.event_types, handler_.queue_length_max}),
          pulse_(postgres_url, self_.id),
          applier_(make_applier()),
          careful_({*applier_, crashes_, watch_, clock_}),
          worker_({handler_, deliveries_, leases_, history_, model_, careful_, rows_, watch_, clock_, random_,
                   static_cast<std::uint64_t>(handler_.queue_length_max)}) {}

    void run(const processes::StopRequest& stop) {
        worker_.run([&](Milliseconds wait) {
            watch_.turned();
            if (worker_.settled_in()) ReadySignal::give();
            return stop.wait(wait) || lost_the_store();
        });
    }

private:
    // After a restore the store may be another database, with other roles: a new process asks for its own anew.
    bool lost_the_store() {
        if (connection_.open()) {
            connected_at_ = clock_.steady();
        } else if (clock_.steady() - connected_at_ > kStoreAwayMax) {
            log_.warn("ends, to be started anew: the store has been away for long");
            return true;
        }
        return false;
    }

    // The first object is made here: a worker that has none is not ready to take over.
    template <class Make>
    static std::function<decltype(std::declval<Make>()())()> first_made(const Make& make) {
        // Shared, because a function object must be one that can be copied.
        const auto first = std::make_shared<decltype(make())>(make());
        return [make, first] { return *first ? std::move(*first) : make(); };
    }

    plugin_loading::HostSide host_side() {
        return {sink_of(log_, slot_), [this] { return slot_.time_left(); }};
    }

    std::unique_ptr<worker::Applier> make_applier() {
        const worker::Parking parking(handler_.retry, clock_, random_);
        if (library_->description().kind == PluginKind::projection) {
            const auto make = [this] {
                const Creating creating(slot_);
                auto made = library_->make_projection(handler_.settings, host_side());
                if (!made) refuse(handler_.name.value, made.error());
                return std::move(made.value());
            };
            return std::make_unique<worker::ProjectionApplier>(
                worker::ProjectionApplier::Parts{library_->description().tables, first_made(make), model_, rows_,
                                                 *upcasters_, watch_, clock_, parking});
        }
        const auto make = [this] {
            const Creating creating(slot_);
            auto made = library_->make_side_effect(handler_.settings, handler_.name, host_side());
            if (!made) refuse(handler_.name.value, made.error());
            return std::move(made.value());
        };
        return std::make_unique<worker::EffectApplier>(worker::EffectApplier::Parts{
            handler_.name, handler_.partitions, handler_.time_limit, first_made(make), model_, ledger_, leases_,
            rows_, *upcasters_, watch_, clock_, parking, handler_.on_interrupted, handler_.rate});
    }

    const HandlerSettings handler_;
    const std::shared_ptr<const Library> library_;
    const std::shared_ptr<plugin_loading::Upcasters> upcasters_;
    flight_recorder::Slot& slot_;
    const telemetry::Log log_;
    SystemClock clock_;
    SystemRandom random_;
    const postgres::WorkerIdentity self_;
    postgres::Connection connection_;
    std::chrono::steady_clock::time_point connected_at_ = clock_.steady();
    postgres::Leases leases_;
    postgres::History history_;
    postgres::ReadModel model_;
    postgres::Ledger ledger_;
    worker::Rows rows_;
    postgres::Crashes crashes_;
    WorkerWatch watch_;
    rabbitmq::Deliveries deliveries_;
    postgres::Pulse pulse_;
    std::unique_ptr<worker::Applier> applier_;
    worker::CarefulApplier careful_;
    worker::Worker worker_;
};

int run_worker(const Instance& at, const Asked& asked) {
    const processes::StopRequest stop;
    const Settings settings = at.settings();
    const std::string& name = asked.handler;
    const telemetry::Log log = telemetry::Log(settings.log).with({{"handler", name}});
    const auto known = registered(settings, asked, stop, log);
    if (!known) return 0;
    const HandlerSettings& handler = known->settings;

    const auto postgres_url = own_url(settings, handler.name, stop, log);
    if (!postgres_url) return 0;
    // From here on, whoever looks at how this process ended knows whom to blame.
    flight_recorder::Recorder recorder;
    recorder.record_crashes();
    limit_memory(handler.memory_bytes_max);

    plugin_loading::ProbeOptions probing;
    probing.copies = at.cache_directory();
    const Directory plugins(settings.plugin_directory, probing);
    auto library = asked.build.empty() ? plugins.open(handler.plugin) : plugins.open_build(asked.build);
    if (!library) refuse(name, library.error());
    if (known->handler)
        if (const auto why = postgres::refusal_of(*known->handler, library.value()->description()))
            refuse(name, *why);
    auto upcasters =
        plugin_loading::Upcasters::make(plugins.open_all(PluginKind::schema), library.value()->description());
    if (!upcasters) refuse(name, upcasters.error());

    auto slot = recorder.slot(0);
    slot.belongs_to({name, library.value()->description().build, handler.time_limit, handler.memory_bytes_max});

    // The store may be away when we start, or need a person first: wait for it here, as the loop does later.
    auto delay = limits::kBackoffFirst;
    while (!stop.requested()) {
        try {
            Process process(settings, *postgres_url, *known, library.value(), upcasters.value(), slot, log);
            log.info("worker runs", {{"plugin", library.value()->description().name},
                                     {"version", library.value()->description().version},
                                     {"build", library.value()->description().build.substr(0, 12)}});
            process.run(stop);
            log.info("worker ends");
            return 0;
        } catch (const Fault& fault) {
            if (!fault.poisons_connection() && fault.place() != "postgres") throw;
            log.warn("waits", {{"for", fault.what()}});
            stop.wait(std::chrono::duration_cast<std::chrono::milliseconds>(delay));
            delay = std::min<std::chrono::milliseconds>(delay * 2, limits::kBackoffMax);
        }
    }
    return 0;
}

}  // namespace

void add_worker(Verbs& verbs) {
    const auto words = std::make_shared<Asked>();
    auto& verb = verbs.add("worker", "run one handler (the host starts workers by itself)",
                           [words](const Instance& at) { return run_worker(at, *words); });
    verb.add_option("handler", words->handler, "as the routing file names it")->required();
    verb.add_option("--index", words->index, "which of the handler's workers on this host it is; for ps alone");
    verb.add_option("--revision", words->revision,
                    "of the routing that says its settings (default: the one in force)");
    verb.add_option("--build", words->build, "of its plugin (default: the one in the plugin directory)");
}

}  // namespace lantern::apps
