// lantern backfill HANDLER: folds the handler's tables anew from the store, beside the live ones, and swaps them
// in. lantern verify HANDLER: the same, only to compare. lantern rollback HANDLER: the model that the last swap
// replaced comes back, caught up first. lantern backfill JOB, by number: a process of that job, as hosts start it.
#include <algorithm>
#include <iomanip>
#include <iostream>

#include "host/apps/backfill/backfill_process.hpp"
#include "host/apps/backfill/backfill_site.hpp"
#include "host/apps/backfill/effects.hpp"
#include "host/apps/backfill/job_follow.hpp"
#include "host/apps/backfill/progress.hpp"
#include "host/apps/backfill/replay.hpp"
#include "host/apps/operator_name.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/settings/units.hpp"

namespace lantern::apps {
namespace {

using backfill::SwapWhen;

struct Words {
    std::string handler, keep;
    ReplayWords scope;
    EffectWords effects;
    std::int64_t max_rate = 0, sample = 0;
    std::optional<int> processes;
    int index = 0;
    bool verify = false, swap_if_equal = false, swap_always = false, no_swap = false;
    bool move_dependents = false, detach = false;
};

[[noreturn]] void refuse(const std::string& handler, const std::string& why) {
    throw Fault(FaultKind::configuration, "handler " + handler, why);
}

// Those given that only a rebuild obeys: what is done at once must not pass over one that was to hold it back.
std::string rebuild_options(const Words& words) {
    std::string given;
    const auto add = [&given](const char* option, bool is_given) {
        if (is_given) given.append(given.empty() ? "" : ", ").append(option);
    };
    add("--verify", words.verify);
    add("--swap-if-equal", words.swap_if_equal);
    add("--swap-always", words.swap_always);
    add("--no-swap", words.no_swap);
    add("--move-dependents", words.move_dependents);
    add("--keep", !words.keep.empty());
    add("--max-rate", words.max_rate > 0);
    add("--processes", words.processes.has_value());
    return given;
}

JobRequest request_of(const Settings& settings, const Words& words) {
    if (words.swap_if_equal + words.swap_always + words.no_swap > 1)
        refuse(words.handler, "found several of --swap-if-equal, --swap-always and --no-swap, expected one");
    JobRequest request;
    request.when = words.no_swap                         ? SwapWhen::never
                   : words.swap_always && words.verify   ? SwapWhen::compared
                   : words.swap_if_equal || words.verify ? SwapWhen::if_equal
                                                         : SwapWhen::ready;
    request.move_dependents = words.move_dependents;
    request.keep = settings.backfill.keep;
    if (!words.keep.empty()) {
        const auto keep = settings::parse_duration(words.keep);
        if (!keep) refuse(words.handler, "--keep " + words.keep + ": expected e.g. 12h, 7d");
        request.keep = *keep;
    }
    return request;
}

int start(const Instance& at, const Words& words, const Folding& folding, const std::string& kind,
          const JobRequest& request) {
    postgres::Jobs jobs(at.settings().postgres_url);
    const auto job = jobs.start({HandlerName{words.handler}, kind, request.json(), operator_name(), words.max_rate,
                                 folding.plugin().build});
    if (!job)
        refuse(words.handler, "job " + std::to_string(job.error()) + " is running for it; `lantern jobs follow " +
                                  std::to_string(job.error()) + "` or `lantern jobs cancel " +
                                  std::to_string(job.error()) + "`");
    const int own = processes_here(at, words.processes, jobs.find(job.value()).value());
    if (!words.detach)
        return follow(at, job.value(), own, words.processes ? WhenNobodyWorks::leave : WhenNobodyWorks::start);
    work_detached(at, job.value(), own);
    std::cout << "job " << job.value() << " runs; `lantern jobs follow " << job.value() << "` shows it"
              << std::endl;
    return 0;
}

void drop_old(const std::string& url) {
    postgres::Connection connection(postgres::session_of_backfill(url));
    for (const auto& name : postgres::drop_expired(connection))
        std::cerr << "lantern: dropped " << name << ", its time was over\n";
}

// Rows of other tables are not the same rows.
void refuse_to_compare(const Folding& folding) {
    if (folding.registered.declaration_hash == folding.plugin().declaration_hash) return;
    refuse(folding.handler.name.value,
           "plugin " + folding.plugin().name + " " + folding.plugin().version + " declares schema version " +
               std::to_string(folding.plugin().schema_version) + ", the live tables are of version " +
               std::to_string(folding.registered.schema_version) +
               ": they can't be compared; expected to be swapped in as they are (without --verify)");
}

// A process of a job.
int work(const Instance& at, const Words& words) {
    if (const auto given = rebuild_options(words); !given.empty())
        refuse(words.handler, given + ": job " + words.handler + " was started with options of its own");
    const std::int64_t job = std::stoll(words.handler);
    const processes::StopRequest stop;
    work_on(at, job, stop, telemetry::Log(at.settings().log).with({{"job", job}}));
    return 0;
}

int dry_run(const Folding& folding) {
    postgres::Connection connection(postgres::session_of_backfill(folding.settings.postgres_url));
    const auto estimate = postgres::estimate(connection, folding.handler.name, folding.routes);
    std::cout << "would fold " << grouped(estimate.events) << " events of " << grouped(estimate.streams)
              << " streams beside the live tables:\n";
    for (const auto& [type, events] : estimate.by_type)
        std::cout << "  " << std::left << std::setw(32) << type << std::right << std::setw(14) << grouped(events)
                  << "\n";
    constexpr std::int64_t kUsualRate = 150'000;
    std::cout << "time: about " << estimate.events / kUsualRate + 1 << " s; disk: about "
              << settings::show_bytes(estimate.live_bytes)
              << " as the live tables take now. Side effects: none would run.\n"
              << "nothing was changed" << std::endl;
    return 0;
}

EffectWords effect_words(const Words& words) {
    auto effects = words.effects;
    effects.detach = words.detach;
    effects.of_rebuild = rebuild_options(words);
    return effects;
}

int replay_scope(const Instance& at, const Words& words) {
    auto given = rebuild_options(words);
    if (words.detach) given.append(given.empty() ? "" : ", ").append("--detach");
    if (!given.empty())
        refuse(words.handler, given + ": expected without " + words.scope.text() +
                                  ": chosen streams are folded anew in the live tables at once, by this process; "
                                  "nothing is compared, swapped or kept. --dry-run says how many they are");
    // With the build that writes the live tables: another one may be installed, whose rebuild is still to come.
    const auto folding = live_folding_of(at, HandlerName{words.handler});
    if (folding.registered.declaration_hash != folding.plugin().declaration_hash)
        refuse(words.handler,
               "build " + folding.plugin().build.substr(0, 12) + " of plugin " + folding.plugin().name +
                   " declares schema version " + std::to_string(folding.plugin().schema_version) +
                   ", the live tables are others, of version " + std::to_string(folding.registered.schema_version) +
                   ": expected the build that writes them, or `lantern backfill " + words.handler +
                   "`, which rebuilds all of it");
    return replay(folding, words.scope);
}

int backfill(const Instance& at, const Words& words) {
    if (words.handler.find_first_not_of("0123456789") == std::string::npos) return work(at, words);
    if (const auto code = backfill_effects(at, HandlerName{words.handler}, effect_words(words), words.scope))
        return *code;
    if (words.scope.any()) return replay_scope(at, words);
    const JobRequest request = request_of(at.settings(), words);
    const auto folding = folding_of(at, HandlerName{words.handler});  // refusals before anything begins
    if (words.scope.dry_run) return dry_run(folding);
    if (request.when != SwapWhen::ready) refuse_to_compare(folding);
    drop_old(folding.settings.postgres_url);
    return start(at, words, folding, "rebuild", request);
}

int verify(const Instance& at, const Words& words) {
    const auto folding = live_folding_of(at, HandlerName{words.handler});
    JobRequest request;
    request.when = SwapWhen::never;
    request.sample = words.sample;
    return start(at, words, folding, "rebuild", request);
}

int rollback(const Instance& at, const Words& words) {
    const auto settings = at.settings();
    postgres::Connection connection(postgres::session_of_backfill(settings.postgres_url));
    const auto kept = postgres::newest_kept(connection, HandlerName{words.handler});
    if (!kept) refuse(words.handler, "no earlier model of it is kept");
    // The model is caught up by the build that wrote it.
    try {
        const auto folding = folding_of(at, HandlerName{words.handler}, kept->plugin_build);
        return start(at, words, folding, "rollback", request_of(settings, words));
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::outage || fault.place() == "postgres") throw;
        refuse(words.handler, "the kept model was written by " + kept->plugin + " " + kept->plugin_version +
                                  " (schema version " + std::to_string(kept->schema_version) +
                                  "), which has to catch it up, and its " + fault.what() +
                                  "; roll back on a machine where it ran, or put it into the plugin directory");
    }
}

void add_common(CLI::App& verb, const std::shared_ptr<Words>& words) {
    verb.add_option("handler", words->handler, "as the routing file names it")->required();
    verb.add_option("--processes", words->processes,
                    "of this verb that work on it, beside those of hosts (default: none if a host is there)")
        ->check(CLI::Range(0, 64));
    verb.add_option("--max-rate", words->max_rate, "events a second, all processes together (default: no limit)")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    verb.add_flag("--detach", words->detach, "return at once; `lantern jobs follow` shows it");
}

}  // namespace

void add_backfill(Verbs& verbs) {
    const auto words = std::make_shared<Words>();
    auto& verb = verbs.add("backfill", "fold a handler's tables anew from the store and swap them in",
                           [words](const Instance& at) { return backfill(at, *words); });
    add_common(verb, words);
    verb.add_option("--stream", words->scope.stream, "only this stream, e.g. user/<id>, in the live tables")
        ->check(not_empty());
    verb.add_option("--aggregate", words->scope.aggregate, "only streams of this aggregate type")
        ->check(not_empty());
    verb.add_option("--type", words->scope.type, "only streams that have such an event")->check(not_empty());
    verb.add_option("--from", words->scope.from, "only streams with an event from this position or time on")
        ->check(not_empty());
    verb.add_option("--to", words->scope.to, "only streams with an event up to this position, or before this time")
        ->check(not_empty());
    verb.add_flag("--dry-run", words->scope.dry_run, "only say how many events, how long, how much disk");
    add_effect_options(verb, words->effects);
    verb.add_flag("--verify", words->verify, "compare both models before the swap; exit code 3 when they differ");
    verb.add_flag("--swap-if-equal", words->swap_if_equal,
                  "swap only when the models are equal (with --verify: default)");
    verb.add_flag("--swap-always", words->swap_always, "swap though they differ");
    verb.add_flag("--no-swap", words->no_swap, "compare, and leave the live model in its place");
    verb.add_flag("--move-dependents", words->move_dependents, "views of others are made anew on the new tables");
    verb.add_option("--keep", words->keep,
                    "drop the old model after this time, e.g. 7d (default: backfill.keep of lantern.yaml)");
    verb.add_option("--index", words->index, "which of a job's processes on this host it is; for ps alone")
        ->group("");

    const auto verifying = std::make_shared<Words>();
    auto& fresh = verbs.add("verify", "compare a handler's tables with a fresh fold; exit code 3 when they differ",
                            [verifying](const Instance& at) { return verify(at, *verifying); });
    add_common(fresh, verifying);
    fresh.add_option("--sample", verifying->sample, "only so many streams, chosen by chance (default: all)")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
    const auto back = std::make_shared<Words>();
    add_common(verbs.add("rollback", "bring back the model that the last swap replaced, caught up first",
                         [back](const Instance& at) { return rollback(at, *back); }),
               back);
}

}  // namespace lantern::apps
