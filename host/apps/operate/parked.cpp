// lantern parked: what failed and waits, grouped by what went wrong, and the two things to be done about it.
//   lantern parked list  [what]                          one line for all that failed alike
//   lantern parked show  [what]                          each stream with its attempts
//   lantern parked retry  what                           try again now, attempts from the start
//   lantern parked skip   what --reason "why"            pass over the failing event, go on with the next
// what: [STREAM] [--handler NAME] [--error FINGERPRINT] [--older-than 1h]; retry and skip want one of them or
// --all.
#include <algorithm>
#include <boost/json.hpp>
#include <iostream>

#include "host/apps/operate/parked_shown.hpp"
#include "host/apps/operator_name.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/processes/stop_request.hpp"
#include "host/settings/units.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using postgres::Parked;
using postgres::ParkedAction;
using postgres::ParkedSelection;
using postgres::ParkedStream;

constexpr std::int64_t kAtOnce = 500;        // streams in one transaction
constexpr std::int64_t kAttemptsShown = 20;  // of each stream

struct Words {
    std::string stream, handler, error, older_than, format = "table", reason;
    std::int64_t rate = 0, limit = 50;
    bool all = false, dry_run = false;
};

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "parked", why);
}

ParkedSelection selection_of(const Words& words, Parked& parked) {
    ParkedSelection selection;
    if (!words.handler.empty()) selection.handler = HandlerName{words.handler};
    if (!words.error.empty()) selection.fingerprint = words.error;
    if (!words.stream.empty()) {
        selection.stream = parked.find(words.stream);
        if (!selection.stream) refuse("there is no stream " + words.stream + "; expected e.g. user/<id>");
    }
    if (!words.older_than.empty()) {
        selection.older_than = settings::parse_duration(words.older_than);
        if (!selection.older_than) refuse("--older-than " + words.older_than + ": expected e.g. 30s, 5m, 12h, 7d");
    }
    return selection;
}

std::string selection_json(const Words& words) {
    json::object selection;
    if (!words.stream.empty()) selection["stream"] = words.stream;
    if (!words.handler.empty()) selection["handler"] = words.handler;
    if (!words.error.empty()) selection["error"] = words.error;
    if (!words.older_than.empty()) selection["older_than"] = words.older_than;
    if (words.all) selection["all"] = true;
    if (words.rate > 0) selection["rate"] = words.rate;
    return json::serialize(selection);
}

int list(const Instance& at, const Words& words) {
    Parked parked(at.settings().postgres_url);
    const auto groups = parked.groups(selection_of(words, parked));
    if (words.format == "json")
        print_groups_json(groups);
    else
        print_groups(groups);
    return 0;
}

int show(const Instance& at, const Words& words) {
    Parked parked(at.settings().postgres_url);
    std::vector<ParkedDetail> details;
    for (auto& stream : parked.streams(selection_of(words, parked), words.limit)) {
        auto attempts = parked.attempts(stream.handler, stream.stream, kAttemptsShown);
        details.push_back({std::move(stream), std::move(attempts)});
    }
    if (words.format == "json")
        print_details_json(details);
    else
        print_details(details);
    return 0;
}

// One transaction for streams of one handler, at most kAtOnce, paced: `rate` streams in a second, 0: no pace.
// Returns how many it was done to; less than asked when stopped, or when streams moved meanwhile.
std::int64_t act(Parked& parked, ParkedAction action, const std::vector<ParkedStream>& streams,
                 const postgres::Motive& motive, std::int64_t rate) {
    const processes::StopRequest stop;
    const auto began = std::chrono::steady_clock::now();
    const auto step = static_cast<std::size_t>(rate > 0 ? std::min(rate, kAtOnce) : kAtOnce);
    std::int64_t acted = 0;
    for (std::size_t first = 0; first < streams.size() && !stop.requested();) {
        std::size_t last = first;
        while (last < streams.size() && last - first < step && streams[last].handler == streams[first].handler)
            ++last;
        acted += parked.act(action, std::span(streams).subspan(first, last - first), motive);
        first = last;
        if (rate == 0 || first == streams.size()) continue;
        const auto due = began + std::chrono::milliseconds(static_cast<std::int64_t>(first) * 1000 / rate);
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
        if (left.count() > 0) stop.wait(left);
    }
    return acted;
}

int act(const Instance& at, const Words& words, ParkedAction action) {
    const std::string verb = action == ParkedAction::skip ? "skip" : "retry";
    if (words.stream.empty() && words.handler.empty() && words.error.empty() && words.older_than.empty() &&
        !words.all)
        refuse("say what to " + verb + ": a stream, --handler, --error, --older-than, or --all");
    const bool blank = words.reason.find_first_not_of(" \t\n") == std::string::npos;
    if (action == ParkedAction::skip && blank && !words.dry_run) refuse("a skip needs --reason \"why\"");
    Parked parked(at.settings().postgres_url);
    auto selected = parked.streams(selection_of(words, parked));
    if (action == ParkedAction::skip)
        std::erase_if(selected, [](const ParkedStream& stream) { return !stream.can_be_skipped(); });
    std::int64_t acted = 0;
    if (!words.dry_run)
        acted = act(parked, action, selected, {operator_name(), words.reason, selection_json(words)}, words.rate);
    if (words.format == "json") {
        std::cout << json::serialize(json::object{{"action", verb},
                                                  {"dry_run", words.dry_run},
                                                  {"selected", selected.size()},
                                                  {"done", acted}})
                  << std::endl;
    } else if (words.dry_run) {
        std::cout << "would " << verb << " " << selected.size() << " parked streams; nothing was changed"
                  << std::endl;
    } else {
        std::cout << (action == ParkedAction::skip ? "skipped the failing event of " : "noted for retry: ") << acted
                  << " of " << selected.size() << " parked streams" << std::endl;
    }
    return 0;
}

void add_selection(CLI::App& verb, const std::shared_ptr<Words>& words) {
    verb.add_option("stream,--stream", words->stream, "one stream, e.g. user/<id>")->check(not_empty());
    verb.add_option("--handler", words->handler, "of one handler")->check(not_empty());
    verb.add_option("--error", words->error, "failed alike: the fingerprint that `parked list` shows")
        ->check(not_empty());
    verb.add_option("--older-than", words->older_than, "failed first so long ago, e.g. 30s, 12h, 7d")
        ->check(not_empty());
    verb.add_option("-o,--output", words->format, "table or json")->check(CLI::IsMember({"table", "json"}));
}

void add_action(Verbs& verbs, CLI::App& group, ParkedAction action) {
    const bool skip = action == ParkedAction::skip;
    const auto words = std::make_shared<Words>();
    auto& verb = verbs.add_to(group, skip ? "skip" : "retry",
                              skip ? "pass over the failing event of each and go on with the next"
                                   : "try again now, attempts from the start",
                              [words, action](const Instance& at) { return act(at, *words, action); });
    add_selection(verb, words);
    verb.add_flag("--all", words->all, "whatever is parked");
    verb.add_flag("--dry-run", words->dry_run, "only count");
    verb.add_option("--rate", words->rate, "streams in a second (default: no limit)")
        ->check(CLI::Range(1, 1'000'000));
    verb.add_option("--reason", words->reason,
                    skip ? "why; kept with each event and in the admin log" : "why; kept in the admin log");
}

}  // namespace

void add_parked(Verbs& verbs) {
    auto& group = verbs.add_group("parked", "look at what failed and waits, try it again or pass over it");
    const auto listing = std::make_shared<Words>();
    add_selection(verbs.add_to(group, "list", "parked streams, one line for all that failed alike",
                               [listing](const Instance& at) { return list(at, *listing); }),
                  listing);
    const auto showing = std::make_shared<Words>();
    auto& details = verbs.add_to(group, "show", "parked streams, each with its attempts",
                                 [showing](const Instance& at) { return show(at, *showing); });
    add_selection(details, showing);
    details.add_option("--limit", showing->limit, "at most so many streams (default 50)")
        ->check(CLI::Range(1, 10'000));
    add_action(verbs, group, ParkedAction::retry);
    add_action(verbs, group, ParkedAction::skip);
}

}  // namespace lantern::apps
