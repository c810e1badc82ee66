// lantern jobs: what runs, how far it has come, and a hand on it.
#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "host/apps/backfill/job_follow.hpp"
#include "host/apps/backfill/job_wait.hpp"
#include "host/apps/backfill/progress.hpp"
#include "host/apps/operator_name.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/backfill/beside.hpp"
#include "host/postgres/backfill/jobs.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using postgres::Job;
using postgres::Jobs;

struct Words {
    std::int64_t job = 0, rate = 0, limit = 20;
    std::optional<int> processes;
    std::string format = "table";
};

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "jobs", why);
}

json::value json_of(const Job& job) {
    const auto waits = waits_for(job);
    return json::object{{"job", job.id},
                        {"handler", job.handler.value},
                        {"kind", job.kind},
                        {"state", job.state},
                        {"phase", job.phase},
                        {"reason", job.reason},
                        {"requested_by", job.requested_by},
                        {"request", json::parse(job.request)},
                        {"progress", json::parse(job.progress)},
                        {"schema", job.schema},
                        {"created_at", iso8601(job.created_at)},
                        {"ended_at", job.ended_at ? json::value(iso8601(*job.ended_at)) : json::value(nullptr)},
                        {"max_rate", job.max_rate},
                        {"plugin_build", job.plugin_build},
                        {"slowed", job.slowed},
                        {"waits_for", waits ? waits->text() : ""},
                        {"events", job.events},
                        {"events_total", job.events_total},
                        {"parked", job.parked},
                        {"shares", job.slots},
                        {"shares_done", job.slots_done},
                        {"processes", job.processes}};
}

void print_table(const std::vector<Job>& jobs) {
    std::cout << std::left << std::setw(7) << "job" << std::setw(10) << "kind" << std::setw(24) << "handler"
              << std::setw(11) << "state" << std::setw(10) << "phase" << std::right << std::setw(14) << "events"
              << "  began\n";
    for (const auto& job : jobs) {
        std::cout << std::left << std::setw(7) << job.id << std::setw(10) << job.kind << std::setw(24)
                  << job.handler.value << std::setw(11) << job.state << std::setw(10) << job.phase << std::right
                  << std::setw(14) << grouped(job.events) << "  " << iso8601(job.created_at) << "\n";
        if (!job.reason.empty()) std::cout << "    " << job.reason << "\n";
        if (const auto waits = waits_for(job)) std::cout << "    " << waits->text() << "\n";
    }
    std::cout << std::flush;
}

int show(const std::vector<Job>& jobs, const Words& words) {
    if (words.format == "table") {
        print_table(jobs);
        return 0;
    }
    json::array all;
    for (const auto& job : jobs) all.push_back(json_of(job));
    std::cout << json::serialize(words.job > 0 ? all.at(0) : json::value(all)) << std::endl;
    return 0;
}

Job find(Jobs& jobs, std::int64_t id) {
    const auto job = jobs.find(id);
    if (!job) refuse("there is no job " + std::to_string(id) + "; `lantern jobs list` shows those that are");
    return *job;
}

int act(const Instance& at, const Words& words, Jobs::Action action, const char* done) {
    const std::string url = at.settings().postgres_url;
    Jobs jobs(url);
    const Job job = find(jobs, words.job);
    const auto was = jobs.act(words.job, action, words.rate, operator_name());
    const bool failed_resumes =
        *was == "failed" && (action == Jobs::Action::resume || action == Jobs::Action::cancel);
    if (*was != "running" && *was != "paused" && !failed_resumes)
        refuse("job " + std::to_string(words.job) + " is " + *was + " already");
    if (action == Jobs::Action::cancel) {
        postgres::Connection connection(postgres::session_of_backfill(url));
        postgres::drop_beside_of(connection, job.id);
    }
    std::cout << "job " << words.job << " " << done;
    if (job.kind == "rebuild" && action == Jobs::Action::resume && job.phase != "plan" &&
        find(jobs, job.id).phase == "plan")
        std::cout << " from the beginning: what it had built is gone, or another's by now";
    std::cout << std::endl;
    return 0;
}

int follow_job(const Instance& at, const Words& words) {
    Jobs jobs(at.settings().postgres_url);
    const Job job = find(jobs, words.job);
    const bool worked_on = job.processes > 0 && !words.processes;
    return follow(at, words.job, job.ended() || worked_on ? 0 : processes_here(at, words.processes, job),
                  words.processes ? WhenNobodyWorks::leave : WhenNobodyWorks::start);
}

}  // namespace

void add_jobs(Verbs& verbs) {
    auto& group = verbs.add_group("jobs", "jobs of backfill: list, show, follow, pause, resume, cancel, throttle");
    const auto output = [](CLI::App& verb, const std::shared_ptr<Words>& words) {
        verb.add_option("-o,--output", words->format, "table or json")->check(CLI::IsMember({"table", "json"}));
    };
    const auto number = [](CLI::App& verb, const std::shared_ptr<Words>& words) {
        verb.add_option("job", words->job, "its number")->required();
    };
    const auto listing = std::make_shared<Words>();
    auto& list = verbs.add_to(group, "list", "the newest first", [listing](const Instance& at) {
        return show(Jobs(at.settings().postgres_url).list(static_cast<std::size_t>(listing->limit)), *listing);
    });
    output(list, listing);
    list.add_option("--limit", listing->limit, "at most so many (default 20)")->check(CLI::Range(1, 100'000));
    const auto showing = std::make_shared<Words>();
    auto& one = verbs.add_to(group, "show", "one job, with what a comparison found (-o json)",
                             [showing](const Instance& at) {
                                 Jobs jobs(at.settings().postgres_url);
                                 return show({find(jobs, showing->job)}, *showing);
                             });
    number(one, showing);
    output(one, showing);
    const auto following = std::make_shared<Words>();
    auto& following_verb = verbs.add_to(group, "follow", "its progress, until it ends",
                                        [following](const Instance& at) { return follow_job(at, *following); });
    number(following_verb, following);
    following_verb
        .add_option("--processes", following->processes,
                    "of this verb that work on it too (default: none if a host is there)")
        ->check(CLI::Range(0, 64));
    struct Hand {
        const char *name, *description, *done;
        Jobs::Action action;
    };
    for (const Hand& hand :
         {Hand{"pause", "nothing is folded until it is resumed", "is paused", Jobs::Action::pause},
          Hand{"resume", "goes on; a failed one where it failed", "goes on", Jobs::Action::resume},
          Hand{"cancel", "gives it up; the live model is as it was", "is cancelled", Jobs::Action::cancel},
          Hand{"throttle", "another limit of events a second; 0: none", "has another limit",
               Jobs::Action::throttle}}) {
        const auto words = std::make_shared<Words>();
        auto& verb = verbs.add_to(group, hand.name, hand.description, [words, hand](const Instance& at) {
            return act(at, *words, hand.action, hand.done);
        });
        number(verb, words);
        if (hand.action == Jobs::Action::throttle)
            verb.add_option("rate", words->rate, "events a second, all processes together; 0: no limit")
                ->required();
    }
}

}  // namespace lantern::apps
