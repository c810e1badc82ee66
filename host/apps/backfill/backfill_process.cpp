#include "host/apps/backfill/backfill_process.hpp"

#include <unistd.h>

#include <algorithm>

#include "host/apps/backfill/backfill_site.hpp"
#include "host/apps/host/host_processes.hpp"
#include "host/backfill/brake.hpp"
#include "host/backfill/slot_load.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/backfill/jobs.hpp"
#include "host/postgres/delivery/pulse.hpp"
#include "host/postgres/operate/backlogs.hpp"

namespace lantern::apps {
namespace {

constexpr Milliseconds kLookFirst{20}, kLookEvery{300};
constexpr Milliseconds kLagEvery{1000};
constexpr int kLossesMax = 5;  // processes that may end over one share of the history without getting on

// Parked streams, handlers that take nothing, and those whom no living worker applies anything for, are not behind
// because of us.
backfill::LiveLag furthest_behind(postgres::Backlogs& backlogs) {
    backfill::LiveLag live;
    for (const auto& backlog : backlogs.of_handlers(postgres::Backlogs::Of::worked_on)) {
        const bool worked_on = backlog.holder && backlog.holder->heartbeat < limits::kHeartbeatDead;
        if (backlog.state == "attached" && worked_on && backlog.oldest > live.lag)
            live = {backlog.handler, backlog.oldest};
    }
    return live;
}

class JobProcess {
public:
    JobProcess(const Instance& at, const postgres::Job& job, const processes::StopRequest& stop, telemetry::Log log)
        : job_(job.id),
          request_(JobRequest::parse(job.request)),
          folding_(folding_of(at, job.handler, job.plugin_build)),
          stop_(stop),
          log_(std::move(log)),
          jobs_(folding_.settings.postgres_url),
          backlogs_(folding_.settings.postgres_url),
          brake_(folding_.settings.backfill.live_lag_max),
          pulse_(folding_.settings.postgres_url, self_, postgres::Pulse::Of::job) {}

    // What it holds is free at once, unless the store is away; its leases then grow old.
    ~JobProcess() {
        try {
            jobs_.release(self_);
        } catch (const Fault& fault) {
            log_.warn("shares not released", {{"why", fault.what()}});
        }
    }
    JobProcess(const JobProcess&) = delete;
    JobProcess& operator=(const JobProcess&) = delete;

    void run() {
        // What this process held before it met trouble.
        jobs_.release(self_);
        for (;;) {
            const auto job = jobs_.find(job_);
            if (!job || job->ended() || stop_.requested()) return;
            Milliseconds wait = kLookEvery;
            if (job->running()) wait = turn(*job);
            if (stop_.wait(wait)) return;
        }
    }

private:
    Milliseconds turn(const postgres::Job& job) {
        constexpr Milliseconds kNow{0};
        max_rate_ = job.max_rate;
        processes_ = std::max<std::int64_t>(job.processes, 1);
        if (job.phase == "load" && job.folded_with == folding_.with) {
            if (const auto slot = jobs_.lease(job_, self_, postgres::Jobs::Share::history)) {
                // A slot of a later fold is one of a later look at the job.
                if (jobs_.find(job_).value().folded_with != folding_.with) leave();
                load(*slot, job);
                idle_ = kLookFirst;
                return kNow;
            }
        }
        if (!conductor_) {
            const auto steps = jobs_.lease(job_, self_, postgres::Jobs::Share::steps);
            if (!steps && job.phase == "load" && job.folded_with != folding_.with) leave();
            if (!steps) return std::exchange(idle_, std::min(idle_ * 2, kLookEvery));
            site_.emplace(BackfillSite::Parts{folding_, jobs_, *steps, job_, request_, stop_, log_});
            conductor_.emplace(*site_, clock_, backfill::parse_phase(job.phase).value_or(backfill::Phase::plan),
                               request_.when);
        }
        return conductor_->step().value_or(kNow);
    }

    // For the same work with what is in force by then.
    [[noreturn]] void leave() const {
        throw Fault(FaultKind::conflict, "handler " + folding_.handler.name.value,
                    "its job folds with another routing than this process");
    }

    void load(const postgres::SlotLease& slot, const postgres::Job& job) {
        if (slot.lost >= kLossesMax)
            throw Fault(FaultKind::configuration, "backfill",
                        std::to_string(slot.lost) + " processes ended while they folded streams after " +
                            std::to_string(slot.after.value) + ": the plugin ends its process there");
        auto& reader = connected(reader_, "set work_mem = '256MB'");
        // What a crash of the server takes with it is folded again: its cursor goes with its rows.
        auto& writer = connected(writer_, "set synchronous_commit = off");
        postgres::Scan scan(reader, writer, slot, folding_.routes.event_types());
        postgres::Load load(writer, folding_.schema(job.schema), slot);
        backfill::SlotLoad slot_load(
            {folding_.plugin().tables, folding_.routes, *folding_.upcasters,
             [this] { return folding_.make_object(); }, clock_,
             [this](std::int64_t events) { return go_on(events); },
             backfill::chunk_events(job.events_total / std::max<std::int64_t>(job.slots, 1))});
        worked_since_ = clock_.steady();
        if (slot_load.run(scan, load, slot.until) != backfill::SlotLoad::Done::whole) jobs_.release(self_);
    }

    // The same for all shares, unless one ended early: a scan that is not read to its end costs its connection.
    postgres::Connection& connected(std::optional<postgres::Connection>& connection, const std::string& settings) {
        if (connection) {
            connection->ensure();
        } else {
            auto session = postgres::session_of_backfill(folding_.settings.postgres_url);
            session.once_connected = [settings](postgres::Connection& fresh) { fresh.script(settings); };
            connection.emplace(std::move(session));
        }
        return *connection;
    }

    // Keeps to the rate, shared by the processes, and lets live delivery go first; a pause, a cancelled job and a
    // stop end the share here.
    bool go_on(std::int64_t events) {
        const auto now = clock_.steady();
        const auto worked = std::chrono::duration_cast<Milliseconds>(now - std::exchange(worked_since_, now));
        if (now - lag_seen_ > kLagEvery) {
            lag_seen_ = now;
            look_at_live();
        }
        if (now - looked_at_ > kLookEvery) {
            looked_at_ = now;
            const auto job = jobs_.find(job_);
            if (!job || !job->running()) return false;
            max_rate_ = job->max_rate;
            processes_ = std::max<std::int64_t>(job->processes, 1);
        }
        Milliseconds wait = brake_.rest_after(worked);
        if (max_rate_ > 0) {
            due_ = std::max(due_, now) + std::chrono::microseconds(events * 1'000'000 * processes_ / max_rate_);
            wait = std::max(wait, std::chrono::duration_cast<Milliseconds>(due_ - now));
        }
        const bool stopped = stop_.wait(wait);
        worked_since_ = clock_.steady();
        return !stopped;
    }

    void look_at_live() {
        const std::string before = brake_.text();
        brake_.look(furthest_behind(backlogs_));
        if (brake_.text() != before) jobs_.slowed(job_, brake_.text());
    }

    const std::int64_t job_;
    const JobRequest request_;
    const Folding folding_;
    const processes::StopRequest& stop_;
    const telemetry::Log log_;
    const WorkerId self_ = identity_of(supervise::Role::backfill, getpid());
    SystemClock clock_;
    postgres::Jobs jobs_;
    postgres::Backlogs backlogs_;
    backfill::Brake brake_;
    postgres::Pulse pulse_;
    std::optional<postgres::Connection> reader_, writer_;  // of shares
    Milliseconds idle_ = kLookFirst;                       // until the next look for something to do
    std::optional<BackfillSite> site_;
    std::optional<backfill::Conductor> conductor_;  // once it has the steps
    std::int64_t max_rate_ = 0, processes_ = 1;
    std::chrono::steady_clock::time_point due_{}, looked_at_{}, lag_seen_{}, worked_since_{};
};

}  // namespace

void work_on(const Instance& at, std::int64_t id, const processes::StopRequest& stop, const telemetry::Log& log) {
    Milliseconds delay = limits::kBackoffFirst;
    const std::string url = at.settings().postgres_url;
    while (!stop.requested()) {
        try {
            const auto job = postgres::Jobs(url).find(id);
            if (!job || job->ended()) return;
            JobProcess(at, *job, stop, log).run();
            return;
        } catch (const Fault& fault) {
            if (fault.kind() == FaultKind::configuration || fault.kind() == FaultKind::data) {
                log.error("job failed", {{"why", fault.what()}});
                postgres::Jobs(url).fail(id, fault.what());
                return;
            }
            log.warn("waits", {{"for", fault.what()}});
            stop.wait(delay);
            delay = std::min<Milliseconds>(delay * 2, limits::kBackoffMax);
        }
    }
}

}  // namespace lantern::apps
