// One job on real servers: what its processes fold with, and the steps that one of them does alone.
#pragma once

#include <memory>
#include <string>

#include "host/apps/backfill/folding.hpp"
#include "host/apps/backfill/job_request.hpp"
#include "host/postgres/backfill/beside.hpp"
#include "host/postgres/backfill/jobs.hpp"
#include "host/postgres/backfill/swap.hpp"
#include "host/postgres/delivery/history.hpp"
#include "host/postgres/delivery/read_model.hpp"
#include "host/postgres/delivery/source.hpp"
#include "host/processes/stop_request.hpp"
#include "host/telemetry/log.hpp"
#include "host/worker/projection_applier.hpp"

namespace lantern::apps {

// Slices and streams of the store, through the worker's own rules, into a schema beside.
// Fault of kind conflict once routing was edited: what is applied by the routes before may lack what the live model
// has.
class CatchUp {
public:
    CatchUp(const Folding& folding, const std::string& schema, const telemetry::Log& log);

    // Until all of it is applied or parked.
    void apply(std::vector<Event>& events);
    void stream(StreamId stream);
    void renew() { applier_.renew(); }
    postgres::Connection& connection() { return connection_; }

    void ensure_routes();

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
    void ensure_one_routing();
    CatchUp& catching();
    const std::vector<StreamId>& sample();
    std::optional<std::size_t> slice(const Mark& from, const Mark& to, std::size_t events_max);

    Parts parts_;
    postgres::Connection connection_;
    postgres::Source source_;
    std::unique_ptr<CatchUp> catching_;
    std::chrono::steady_clock::time_point routing_seen_at_{};
    std::optional<std::vector<StreamId>> ahead_;  // live, before the swap
    std::vector<StreamId> sample_;                // those of a sample, once asked for
};

}  // namespace lantern::apps
