// lantern worker HANDLER: one process that runs one handler. Started by the host, once for each unit of
// concurrency.
#include <unistd.h>

#include <thread>

#include "host/apps/verbs.hpp"
#include "host/apps/worker_watch.hpp"
#include "host/core/fault.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "host/postgres/history.hpp"
#include "host/postgres/leases.hpp"
#include "host/postgres/ledger.hpp"
#include "host/postgres/pulse.hpp"
#include "host/postgres/read_model.hpp"
#include "host/processes/stop_request.hpp"
#include "host/rabbitmq/deliveries.hpp"
#include "host/telemetry/log.hpp"
#include "host/worker/effect_applier.hpp"
#include "host/worker/projection_applier.hpp"
#include "host/worker/worker.hpp"

namespace lantern::apps {
namespace {

using plugin_loading::Directory;
using plugin_loading::Library;

[[noreturn]] void refuse(const std::string& handler, const std::string& why) {
    throw Fault(FaultKind::configuration, "handler " + handler, why);
}

HandlerSettings handler_of(const Routing& routing, const std::string& name) {
    std::string known;
    for (const auto& handler : routing.handlers) {
        if (handler.name.value == name) return handler;
        known += (known.empty() ? "" : ", ") + handler.name.value;
    }
    refuse(name, "the routing file has no such handler; it has " + (known.empty() ? "none" : known));
}

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

plugin_loading::LogSink sink_of(const telemetry::Log& log) {
    return [log](plugin_loading::LogLevel level, std::string_view message) {
        log.write(static_cast<telemetry::Level>(level), message, {{"from", "plugin"}});
    };
}

// Everything that a worker is made of, in the order in which it is made.
class Process {
public:
    Process(const Settings& settings, HandlerSettings handler, std::shared_ptr<const Library> library,
            std::shared_ptr<plugin_loading::Upcasters> upcasters, const telemetry::Log& log)
        : handler_(std::move(handler)),
          library_(std::move(library)),
          upcasters_(std::move(upcasters)),
          log_(log),
          self_{Uuid::v7(clock_.now(), random_.next(), random_.next()), handler_.name, host_name(), getpid(),
                library_->description().build},
          connection_(postgres::session_of(settings.postgres_url, handler_.name)),
          leases_(connection_, self_),
          history_(connection_),
          model_(connection_, handler_.name, library_->description().tables, self_.plugin_build),
          ledger_(connection_, handler_.name, self_.plugin_build),
          rows_(model_),
          watch_(log_),
          deliveries_(settings.amqp_url,
                      {handler_.name, handler_.partitions, handler_.queue_type, handler_.event_types}),
          pulse_(settings.postgres_url, self_.id),
          applier_(make_applier()),
          worker_({handler_, deliveries_, leases_, history_, model_, *applier_, rows_, watch_, clock_, random_}) {}

    void run(const processes::StopRequest& stop) {
        worker_.run([&](Milliseconds wait) {
            watch_.turned();
            return stop.wait(wait);
        });
    }

private:
    std::unique_ptr<worker::Applier> make_applier() {
        const worker::Parking parking(handler_.retry, clock_, random_);
        if (library_->description().kind == PluginKind::projection) {
            const auto make = [this] {
                auto made = library_->make_projection(handler_.settings, sink_of(log_));
                if (!made) refuse(handler_.name.value, made.error());
                return std::move(made.value());
            };
            return std::make_unique<worker::ProjectionApplier>(worker::ProjectionApplier::Parts{
                library_->description().tables, make, model_, rows_, *upcasters_, watch_, clock_, parking});
        }
        const auto make = [this] {
            auto made = library_->make_side_effect(handler_.settings, handler_.name, sink_of(log_));
            if (!made) refuse(handler_.name.value, made.error());
            return std::move(made.value());
        };
        return std::make_unique<worker::EffectApplier>(
            worker::EffectApplier::Parts{handler_.name, handler_.partitions, handler_.time_limit, make, model_,
                                         ledger_, leases_, rows_, *upcasters_, watch_, clock_, parking});
    }

    const HandlerSettings handler_;
    const std::shared_ptr<const Library> library_;
    const std::shared_ptr<plugin_loading::Upcasters> upcasters_;
    const telemetry::Log log_;
    SystemClock clock_;
    SystemRandom random_;
    const postgres::WorkerIdentity self_;
    postgres::Connection connection_;
    postgres::Leases leases_;
    postgres::History history_;
    postgres::ReadModel model_;
    postgres::Ledger ledger_;
    worker::Rows rows_;
    WorkerWatch watch_;
    rabbitmq::Deliveries deliveries_;
    postgres::Pulse pulse_;
    std::unique_ptr<worker::Applier> applier_;
    worker::Worker worker_;
};

int run_worker(const Instance& at, const std::string& name) {
    const processes::StopRequest stop;
    const Settings settings = at.settings();
    const HandlerSettings handler = handler_of(at.routing(), name);
    const telemetry::Log log = telemetry::Log(settings.log).with({{"handler", name}});

    plugin_loading::ProbeOptions probing;
    probing.copies = at.cache_directory();
    const Directory plugins(settings.plugin_directory, probing);
    auto library = plugins.open(handler.plugin);
    if (!library) refuse(name, library.error());
    auto upcasters =
        plugin_loading::Upcasters::make(plugins.open_all(PluginKind::schema), library.value()->description());
    if (!upcasters) refuse(name, upcasters.error());

    // The store may be away when we start: wait for it here, as the loop does later.
    auto delay = limits::kBackoffFirst;
    while (!stop.requested()) {
        try {
            Process process(settings, handler, library.value(), upcasters.value(), log);
            log.info("worker runs", {{"plugin", library.value()->description().name},
                                     {"version", library.value()->description().version},
                                     {"build", library.value()->description().build.substr(0, 12)}});
            process.run(stop);
            log.info("worker ends");
            return 0;
        } catch (const Fault& fault) {
            if (!fault.poisons_connection()) throw;
            log.warn("waits", {{"for", fault.what()}});
            stop.wait(std::chrono::duration_cast<std::chrono::milliseconds>(delay));
            delay = std::min<std::chrono::milliseconds>(delay * 2, limits::kBackoffMax);
        }
    }
    return 0;
}

}  // namespace

void add_worker(Verbs& verbs) {
    struct Words {
        std::string handler;
        int index = 0;
    };
    const auto words = std::make_shared<Words>();
    auto& verb = verbs.add("worker", "run one handler (the host starts workers by itself)",
                           [words](const Instance& at) { return run_worker(at, words->handler); });
    verb.add_option("handler", words->handler, "as the routing file names it")->required();
    verb.add_option("--index", words->index, "which of the handler's workers on this host it is; for ps alone");
}

}  // namespace lantern::apps
