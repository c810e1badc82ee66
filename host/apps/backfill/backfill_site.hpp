// One job on real servers: what its processes fold with, and the steps that one of them does alone.
#pragma once

#include <memory>
#include <string>

#include "host/apps/backfill/job_request.hpp"
#include "host/apps/instance.hpp"
#include "host/core/description.hpp"
#include "host/plugin_loading/library.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "host/postgres/backfill/beside.hpp"
#include "host/postgres/backfill/jobs.hpp"
#include "host/postgres/backfill/swap.hpp"
#include "host/postgres/delivery/history.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/processes/stop_request.hpp"
#include "host/telemetry/log.hpp"
#include "host/worker/projection_applier.hpp"

namespace lantern::apps {

// What events are folded with.
struct Folding {
    Settings settings;
    HandlerSettings handler;
    postgres::RegisteredHandler registered;
    std::shared_ptr<const plugin_loading::Library> library;  // shared with what is made from it
    std::shared_ptr<plugin_loading::Upcasters> upcasters;
    Routes routes;  // from the first event on

    const Description& plugin() const { return library->description(); }
    std::unique_ptr<worker::Projection> make_object() const;
    postgres::HandlerSchema schema(const std::string& beside) const {
        return {handler.name, registered.id, plugin().tables, beside};
    }
    std::string beside() const {
        return handler.name.value + "@" + std::to_string(registered.generation.value + 1);
    }
    std::string kept() const { return handler.name.value + "@" + std::to_string(registered.generation.value); }
};

// By the applied routing. `build`: empty, the one in the plugin directory. Fault of kind configuration when the
// handler can't be folded, and why; of kind outage when that build is not on this machine.
Folding folding_of(const Instance& at, const HandlerName& handler, const std::string& build = {});

// By the build that writes the live tables, though another one may be installed (a rollback, a rebuild that
// failed).
Folding live_folding_of(const Instance& at, const HandlerName& handler);

// By the applied routing: the handlers that have tables.
std::vector<HandlerName> routed_projections(const Instance& at);

// Slices and streams of the store, through the worker's own rules, into a schema beside.
class CatchUp {
public:
    CatchUp(const Folding& folding, const std::string& schema, const telemetry::Log& log);

    // Until all of it is applied or parked.
    void apply(std::vector<Event>& events);
    void stream(StreamId stream);
    void renew() { applier_.renew(); }
    postgres::Connection& connection() { return connection_; }

private:
    class Watch;

    const Folding& folding_;
    SystemClock clock_;
    SystemRandom random_;
    postgres::Connection connection_;
    postgres::History history_;
    postgres::ReadModel model_;
    worker::Rows rows_;
    std::unique_ptr<worker::Watch> watch_;
    worker::ProjectionApplier applier_;
    worker::Planner planner_;
};

class BackfillSite final : public backfill::Site {
public:
    struct Parts {
        const Folding& folding;
        postgres::Jobs& jobs;
        postgres::SlotLease steps;
        std::int64_t job = 0;
        JobRequest request;
        const processes::StopRequest& stop;
        telemetry::Log log;
    };
    explicit BackfillSite(Parts parts);

    void enter(backfill::Phase phase) override;
    void end(const std::string& state, const std::string& reason) override;
    void create() override;
    bool loaded() override;
    void build_keys() override;
    void catch_up_rest() override;
    std::size_t catch_up() override;
    bool equal() override;
    std::optional<std::string> in_the_way() override;
    Swapped swap() override;

private:
    postgres::Job job();
    CatchUp& catching();
    const std::vector<StreamId>& sample();
    std::optional<std::size_t> slice(const Mark& from, const Mark& to, std::size_t events_max);

    Parts parts_;
    postgres::Connection connection_;
    postgres::Source source_;
    std::unique_ptr<CatchUp> catching_;
    std::vector<StreamId> sample_;  // those of a sample, once asked for
};

}  // namespace lantern::apps
