#include "host/apps/backfill/job_follow.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <thread>
#include <vector>

#include "host/apps/backfill/job_wait.hpp"
#include "host/apps/backfill/progress.hpp"
#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/postgres/backfill/jobs.hpp"
#include "host/postgres/operate/hosts.hpp"
#include "host/processes/child.hpp"
#include "host/processes/stop_request.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;

constexpr Milliseconds kLookEvery{250};
constexpr Milliseconds kGrace{10'000};

std::filesystem::path log_of(const Instance& at, std::int64_t job) {
    const auto directory = at.cache_directory() / "jobs";
    std::filesystem::create_directories(directory);
    return directory / (std::to_string(job) + ".log");
}

processes::Program program_of(const Instance& at, std::int64_t job) {
    const Settings settings = at.settings();
    processes::Program program;
    program.argv = {processes::own_program(),
                    "backfill",
                    std::to_string(job),
                    "--config",
                    at.config_directory().string(),
                    "--plugins",
                    settings.plugin_directory.string()};
    program.environment = {{"LANTERN_POSTGRES_URL", settings.postgres_url},
                           {"LANTERN_AMQP_URL", settings.amqp_url},
                           {"LANTERN_CACHE_DIR", at.cache_directory().string()}};
    program.output = log_of(at, job);
    return program;
}

int report(const Instance& at, const postgres::Job& job) {
    std::cout << "job " << job.id << " (" << job.kind << " of " << job.handler.value << ") is " << job.state;
    if (!job.reason.empty()) std::cout << ": " << job.reason;
    std::cout << "; " << grouped(job.events) << " events folded";
    if (job.parked > 0) std::cout << ", " << grouped(job.parked) << " streams parked";
    std::cout << std::endl;
    const auto progress = json::parse(job.progress).as_object();
    bool differs = false;
    if (const auto* equal = progress.if_contains("equal")) {
        differs = !equal->as_bool();
        for (const auto& table : progress.at("tables").as_array())
            if (!table.at("compared").as_bool())
                std::cout << "  " << std::string(table.at("table").as_string())
                          << ": not compared, its rows are shared by all streams and not of the sample alone\n";
            else
                std::cout << "  " << std::string(table.at("table").as_string()) << ": " << table.at("equal")
                          << " rows equal, " << table.at("differing") << " differ, " << table.at("unsettled")
                          << " could not be compared\n";
        for (const auto& one : progress.at("differences").as_array())
            std::cout << "  " << std::string(one.at("table").as_string()) << "\n    live  " << one.at("live")
                      << "\n    fresh " << one.at("fresh") << "\n";
        if (const auto* more = progress.if_contains("not_shown"); more != nullptr && more->as_int64() > 0)
            std::cout << "  " << grouped(more->as_int64()) << " more rows that differ are not shown\n";
        std::cout << std::flush;
    }
    if (job.state != "done" && !differs) std::cerr << "lantern: see " << log_of(at, job.id).string() << std::endl;
    if (differs) return kDiffers;
    return job.state == "done" ? 0 : 1;
}

std::string note_of(const postgres::Job& job) {
    if (job.state == "paused") return "paused";
    if (const auto waits = waits_for(job)) return waits->text();
    std::string note = job.phase;
    if (job.phase == "load")
        note += " " + std::to_string(job.slots_done) + "/" + std::to_string(job.slots) + " shares, " +
                std::to_string(job.processes) + " processes";
    if (!job.slowed.empty()) note += ", " + job.slowed;
    return note;
}

int usual_processes() {
    return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 4u));
}

template <class List>
bool contains(const List& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// The names of those that start processes for this job now.
std::string able_hosts(const Instance& at, const postgres::Job& job) {
    std::string names;
    for (const auto& host : postgres::Hosts(at.settings().postgres_url).seen_within(limits::kHeartbeatDead))
        if (contains(host.roles, "backfill") &&
            (job.plugin_build.empty() || contains(host.builds, job.plugin_build)))
            names += (names.empty() ? "" : ", ") + host.host + " (process " + std::to_string(host.pid) + ")";
    return names;
}

bool has_build(const Instance& at, const postgres::Job& job) {
    return job.plugin_build.empty() ||
           plugin_loading::Directory(at.settings().plugin_directory, probe_options(at)).has_build(job.plugin_build);
}

using Children = std::vector<std::unique_ptr<processes::Child>>;

// Until the next look; sooner when one of them ends, since the job may have. True: asked to stop.
bool wait_among(const Children& children, const processes::StopRequest& stop) {
    std::vector<pollfd> ends{{stop.descriptor(), POLLIN, 0}};
    for (const auto& child : children)
        if (child && child->running()) ends.push_back({child->descriptor(), POLLIN, 0});
    poll(ends.data(), ends.size(), static_cast<int>(kLookEvery.count()));
    return stop.requested();
}

// Those that have not begun or have ended, at most once in that time.
class Starting {
public:
    void start(Children& children, const processes::Program& program) {
        const auto now = std::chrono::steady_clock::now();
        if (now - started_ < kLookEvery) return;
        for (auto& child : children) {
            if (child && child->running()) continue;
            child = std::make_unique<processes::Child>(program);
            started_ = now;
        }
    }

private:
    std::chrono::steady_clock::time_point started_{};
};

// For as long as it takes until a heartbeat is old; then, if that stays so, once again.
class NobodyWorks {
public:
    bool look(const postgres::Job& job) {
        const auto now = std::chrono::steady_clock::now();
        if (!job.running() || job.processes > 0) since_ = now;
        if (now - since_ <= limits::kHeartbeatDead) return false;
        since_ = now;
        return true;
    }

private:
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace

int processes_here(const Instance& at, std::optional<int> asked, const postgres::Job& job) {
    const std::string hosts = able_hosts(at, job);
    const bool needed = asked.value_or(hosts.empty() ? 1 : 0) > 0;
    const bool here = needed && has_build(at, job);
    if (needed && asked && !here)
        throw Fault(
            FaultKind::configuration, "job " + std::to_string(job.id),
            build_of(job) + " is not on this machine; expected in the plugin directory, or without --processes");
    const int own = !here ? 0 : asked.value_or(usual_processes());
    const auto waits = waits_for(job);
    if (!hosts.empty())
        std::cerr << "processes of " << hosts << " work on it";
    else if (waits)
        std::cerr << (own > 0 ? waits->why : waits->text());
    else
        std::cerr << "no host works on it";
    if (own > 0) std::cerr << (hosts.empty() ? ": " : ", and ") << own << " of this verb";
    std::cerr << std::endl;
    return own;
}

int follow(const Instance& at, std::int64_t id, int count, WhenNobodyWorks nobody) {
    const processes::StopRequest stop;
    Children children(static_cast<std::size_t>(count));
    Starting starting;
    postgres::Jobs jobs(at.settings().postgres_url);
    Progress progress("folded", "events");
    std::optional<postgres::Job> job;
    NobodyWorks nobody_works;
    do {
        try {
            job = jobs.find(id);
            if (!job) throw Fault(FaultKind::configuration, "jobs", "there is no job " + std::to_string(id));
            if (job->ended()) break;
            if (nobody == WhenNobodyWorks::start && children.empty() && nobody_works.look(*job) &&
                has_build(at, *job)) {
                children.resize(static_cast<std::size_t>(usual_processes()));
                std::cerr << "\nnobody works on it any more: " << children.size() << " processes of this verb do"
                          << std::endl;
            }
            starting.start(children, program_of(at, id));
            progress.at(job->events, job->events_total, note_of(*job));
        } catch (const Fault& fault) {
            if (!fault.retryable() && !fault.in_doubt()) throw;
            progress.at(0, std::nullopt, std::string("waits: ") + fault.what());
        }
    } while (!wait_among(children, stop));
    progress.end();
    for (auto& child : children)
        if (child) child->stop(kGrace);
    if (job && job->ended()) return report(at, *job);
    std::cerr << "lantern: job " << id << " is not done; `lantern jobs follow " << id
              << "` goes on, `lantern jobs cancel " << id << "` gives it up" << std::endl;
    return 1;
}

void work_detached(const Instance& at, std::int64_t job, int count) {
    for (int at_once = 0; at_once < count; ++at_once) {
        auto program = program_of(at, job);
        program.life = processes::Program::Life::detached;
        const processes::Child child(program);
    }
}

}  // namespace lantern::apps
