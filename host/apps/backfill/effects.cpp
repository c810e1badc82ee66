#include "host/apps/backfill/effects.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <iomanip>
#include <iostream>
#include <map>

#include "host/apps/backfill/progress.hpp"
#include "host/apps/operator_name.hpp"
#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/postgres/backfill/beside.hpp"
#include "host/postgres/backfill/effect_runs.hpp"
#include "host/postgres/backfill/swap.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/processes/stop_request.hpp"
#include "host/worker/effect_applier.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using postgres::EffectRuns;
using postgres::HistoricalEffect;

constexpr Milliseconds kLookEvery{250};

[[noreturn]] void refuse(const HandlerName& handler, const std::string& why) {
    throw Fault(FaultKind::configuration, "handler " + handler.value, why);
}

// By the plugin that the routing file names; its description alone, so no code of it runs here.
bool replayable(const Instance& at, const Settings& settings, const HandlerName& name) {
    const auto routing = at.routing();
    const auto found = std::find_if(routing.handlers.begin(), routing.handlers.end(),
                                    [&](const auto& handler) { return handler.name == name; });
    if (found == routing.handlers.end()) refuse(name, "the routing file has no such handler");
    plugin_loading::ProbeOptions probing;
    probing.copies = at.cache_directory();
    const plugin_loading::Directory plugins(settings.plugin_directory, probing);
    const auto* plugin = plugins.find(found->plugin);
    if (plugin == nullptr) refuse(name, plugins.why_not(found->plugin));
    return plugin->replayable;
}

struct Counts {
    std::int64_t all = 0, owed = 0;
    std::map<std::string, std::int64_t> by_type;

    void add(const HistoricalEffect& effect) {
        if (effect.owed) {
            ++owed;
            return;
        }
        ++all;
        ++by_type[effect.type];
    }
    void print() const {
        for (const auto& [type, events] : by_type)
            std::cout << "  " << std::left << std::setw(32) << type << std::right << std::setw(14)
                      << grouped(events) << "\n";
        if (owed > 0) std::cout << "  left to delivery, which will come to them: " << grouped(owed) << "\n";
    }
};

class Runs {
public:
    Runs(const Settings& settings, HandlerName handler, const EffectWords& words, const ReplayWords& scope)
        : handler_(std::move(handler)),
          words_(words),
          scope_(scope),
          connection_(postgres::session_of_backfill(settings.postgres_url)),
          runs_(connection_, handler_, postgres::routes_from_start(connection_, handler_).event_types()) {}

    // What would run, as far as it is asked for in the scope.
    int list() {
        const bool table = words_.format == "table";
        Counts counts;
        if (!table)
            std::cout << R"({"handler":)" << json::serialize(json::string(handler_.value)) << R"(,"events":[)";
        runs_.each(selection(), [&](std::span<const HistoricalEffect> page) {
            for (const auto& effect : page) {
                if (!effect.owed && table) print(effect, counts.all == 0);
                if (!effect.owed && !table) std::cout << (counts.all > 0 ? ",\n" : "\n") << json_of(effect);
                counts.add(effect);
            }
        });
        if (table) {
            std::cout << grouped(counts.all) << " events would be acted on by --re-run-effects\n";
            counts.print();
        } else {
            json::object by_type;
            for (const auto& [type, events] : counts.by_type) by_type[type] = events;
            std::cout << R"(],"count":)" << counts.all << R"(,"by_type":)" << by_type << R"(,"left_to_delivery":)"
                      << counts.owed << "}\n";
        }
        std::cout << std::flush;
        return 0;
    }

    int dry_run(bool acts) {
        Counts counts;
        runs_.each(selection(), [&](std::span<const HistoricalEffect> page) {
            for (const auto& effect : page) counts.add(effect);
        });
        std::cout << (acts ? "would act on " : "would have run for ") << grouped(counts.all) << " events"
                  << (acts ? "" : ", and runs for none: side effects never run in a backfill") << ":\n";
        counts.print();
        std::cout << "nothing was changed" << std::endl;
        return 0;
    }

    int suppress() {
        const auto begun = begin(EffectRuns::As::suppressed);
        std::cout << handler_.value << " is a side effect: nothing was run. " << grouped(begun.events)
                  << " events are suppressed in the ledger";
        if (begun.events > 0) std::cout << " (run " << begun.run << ")";
        if (begun.owed > 0) std::cout << "; " << grouped(begun.owed) << " are left to delivery";
        std::cout << ". --list-effects lists them, --re-run-effects " << handler_.value
                  << " with a scope acts on them" << std::endl;
        return 0;
    }

    int act() {
        const auto begun = begin(EffectRuns::As::asked);
        if (begun.events == 0) {
            std::cout << "no event is to be acted on";
            if (begun.owed > 0) std::cout << "; " << grouped(begun.owed) << " are left to delivery";
            std::cout << std::endl;
            return 0;
        }
        if (!words_.detach) return follow(begun.run);
        std::cout << "run " << begun.run << " asks for " << grouped(begun.events) << " acts; "
                  << how_to_follow(begun.run) << std::endl;
        return 0;
    }

    // Its workers act, whoever watches.
    int follow(std::int64_t run) {
        const processes::StopRequest stop;
        Progress progress("settled", "events");
        auto tally = runs_.tally(run);
        if (tally.all() == 0) refuse(handler_, "it has no run " + std::to_string(run));
        while (tally.open() > 0 && !stop.wait(kLookEvery)) {
            try {
                connection_.ensure();
                tally = runs_.tally(run);
                progress.at(tally.all() - tally.open(), tally.all(), runs_.why_idle());
            } catch (const Fault& fault) {
                if (!fault.retryable()) throw;
                progress.at(0, std::nullopt, std::string("waits: ") + fault.what());
            }
        }
        progress.end();
        std::cout << "run " << run << " of " << handler_.value << ": ";
        const char* comma = "";
        for (const auto& [state, count] : tally.by_state) {
            std::cout << comma << grouped(count) << " " << state;
            comma = ", ";
        }
        std::cout << std::endl;
        if (tally.open() > 0) std::cerr << "lantern: it goes on; " << how_to_follow(run) << std::endl;
        return tally.of("done") + tally.of("skipped") == tally.all() ? 0 : kFailed;
    }

    int stop(std::int64_t run) {
        if (runs_.tally(run).all() == 0) refuse(handler_, "it has no run " + std::to_string(run));
        std::cout << grouped(runs_.stop(run, operator_name(), words_.reason)) << " acts of run " << run
                  << " will not be done; what was begun is" << std::endl;
        return 0;
    }

private:
    postgres::StreamSelection selection() const { return selection_of(handler_, scope_); }

    EffectRuns::Begun begin(EffectRuns::As as) {
        const bool new_keys = words_.new_keys;
        return runs_.begin({as, selection(), scope_.text(), operator_name(), words_.reason,
                            [this, new_keys](const EventId& event, std::int64_t run) {
                                return worker::EffectApplier::idempotency_key(handler_, event, new_keys ? run : 0);
                            }});
    }

    std::string how_to_follow(std::int64_t run) const {
        const std::string verb = "`lantern backfill " + handler_.value + " --run " + std::to_string(run);
        return verb + "` shows it, " + verb + " --stop` ends it";
    }

    static void print(const HistoricalEffect& effect, bool first) {
        if (first)
            std::cout << std::left << std::setw(38) << "event" << std::setw(44) << "stream" << std::setw(26)
                      << "type" << std::setw(30) << "time"
                      << "ledger\n";
        std::cout << std::left << std::setw(38) << effect.event.text() << std::setw(44) << effect.subject
                  << std::setw(26) << effect.type << std::setw(30) << iso8601(effect.recorded_at)
                  << (effect.delivery.empty() ? "-" : effect.delivery) << "\n";
    }
    static json::object json_of(const HistoricalEffect& effect) {
        return {{"event", effect.event.text()},
                {"stream", effect.subject},
                {"revision", effect.revision.value},
                {"type", effect.type},
                {"time", iso8601(effect.recorded_at)},
                {"ledger", effect.delivery.empty() ? json::value(nullptr) : json::value(effect.delivery)}};
    }

    const HandlerName handler_;
    const EffectWords& words_;
    const ReplayWords& scope_;
    postgres::Connection connection_;
    EffectRuns runs_;
};

void check(const HandlerName& handler, const EffectWords& words, const ReplayWords& scope) {
    if (!words.of_rebuild.empty())
        refuse(handler, words.of_rebuild +
                            ": expected without: it is a side effect, with no tables to rebuild, and "
                            "its workers act at the handler's own rate. --dry-run and --list-effects "
                            "change nothing");
    if (words.stop && words.run == 0) refuse(handler, "--stop: expected --run with the number of the run to stop");
    if (words.confirmed.empty() && words.new_keys) refuse(handler, "--new-keys: expected --re-run-effects with it");
    if (words.confirmed.empty()) return;
    if (words.confirmed != handler.value)
        refuse(handler, "--re-run-effects " + words.confirmed + ": expected " + handler.value +
                            ", the handler named again as confirmation");
    if (!scope.any())
        refuse(
            handler,
            "--re-run-effects acts on the outside world again, and takes a scope: --stream, --aggregate, --type, "
            "--from or --to; --list-effects shows what it would act on");
}

}  // namespace

void add_effect_options(CLI::App& verb, EffectWords& words) {
    verb.add_flag("--list-effects", words.list, "side effects: list what --re-run-effects would act on");
    verb.add_option("--re-run-effects", words.confirmed,
                    "side effects: act again, for a scope only; name the handler again to confirm");
    verb.add_flag("--new-keys", words.new_keys,
                  "with idempotency keys of its own, so that receivers act that remember the first");
    verb.add_option("--reason", words.reason, "of --re-run-effects and --stop, for the admin log");
    verb.add_option("--run", words.run, "side effects: follow this run, or --stop it")->check(CLI::PositiveNumber);
    verb.add_flag("--stop", words.stop, "what the run has not begun is not done");
    verb.add_option("-o,--output", words.format, "of --list-effects: table or json")
        ->check(CLI::IsMember({"table", "json"}));
}

std::optional<int> backfill_effects(const Instance& at, const HandlerName& handler, const EffectWords& words,
                                    const ReplayWords& scope) {
    const Settings settings = at.settings();
    const auto registered = postgres::Catalog(settings.postgres_url).handler(handler);
    if (!registered || registered->kind != PluginKind::side_effect) {
        if (words.any())
            refuse(handler, "is no side effect that is registered: it has no effects to list or re-run");
        return std::nullopt;
    }
    check(handler, words, scope);
    Runs runs(settings, handler, words, scope);
    if (words.list) return runs.list();
    if (words.run > 0) return words.stop ? runs.stop(words.run) : runs.follow(words.run);
    const bool acts = !words.confirmed.empty() || replayable(at, settings, handler);
    if (scope.dry_run) return runs.dry_run(acts);
    return acts ? runs.act() : runs.suppress();
}

}  // namespace lantern::apps
