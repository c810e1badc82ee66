// lantern export: the store's events as NDJSON CloudEvents (host/backfill/import_line.hpp), without what their
// schemas mark as secret. `lantern export | lantern import -` into an empty store gives the same streams.
#include <filesystem>
#include <iostream>
#include <map>

#include "host/apps/backfill/as_test.hpp"
#include "host/apps/backfill/event_schemas.hpp"
#include "host/apps/backfill/progress.hpp"
#include "host/apps/verbs.hpp"
#include "host/backfill/import_line.hpp"
#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/store/exported.hpp"
#include "host/processes/stop_request.hpp"

namespace lantern::apps {
namespace {

struct Words {
    std::string stream, type, aggregate, from, until;
    bool as_test = false;
};

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "export", why);
}

std::optional<Timestamp> time_of(const std::string& option, const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto time = parse_iso8601(text);
    if (!time) refuse(option + " " + text + ": expected RFC 3339, e.g. 2026-11-21T03:33:26Z");
    return time;
}

postgres::ExportSelection selection_of(const Words& words) {
    postgres::ExportSelection selection;
    selection.aggregate_type = words.aggregate;
    selection.event_type = words.type;
    selection.from = time_of("--from", words.from);
    selection.until = time_of("--until", words.until);
    if (words.stream.empty()) return selection;
    const auto slash = words.stream.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == words.stream.size())
        refuse("--stream " + words.stream + ": expected <aggregate type>/<aggregate id>, e.g. user/42");
    selection.stream = {words.stream.substr(0, slash), words.stream.substr(slash + 1)};
    return selection;
}

constexpr int kDataLeftOut = 3;  // exit code: all is done, but it is not all that the store holds

// Events whose data stays in the store, since no schema says what of it is secret.
class LeftOut {
public:
    explicit LeftOut(const schemas::EventSchemas& schemas) : schemas_(schemas) {}

    void look(const Event& event) {
        if (event.data == "null" || schemas_.knows(event.type, event.schema_version)) return;
        ++events_;
        ++by_type_[event.type + " " + std::to_string(event.schema_version)];
    }
    // The exit code.
    int tell(std::int64_t all, const std::filesystem::path& directory) const {
        if (events_ == 0) return 0;
        for (const auto& [type, events] : by_type_)
            std::cerr << "lantern: " << grouped(events) << " events of type " << type
                      << " went out without their data: there is no schema that says what of it is secret\n";
        std::cerr
            << "lantern: " << grouped(events_) << " of " << grouped(all)
            << " events are without their data, and an import of them gives another store; expected a schema of "
               "each type and version in "
            << directory.string() << std::endl;
        return kDataLeftOut;
    }

private:
    const schemas::EventSchemas& schemas_;
    std::map<std::string, std::int64_t> by_type_;
    std::int64_t events_ = 0;
};

int export_events(const Instance& at, const Words& words) {
    const processes::StopRequest stop;
    const Settings settings = at.settings();
    const auto schemas = event_schemas(settings, "export");
    postgres::Exported exported(settings.postgres_url, selection_of(words));
    const std::string source = std::string(backfill::kStoreSource) + exported.incarnation().text();
    std::ios::sync_with_stdio(false);
    Progress progress("exported", "events");
    LeftOut left_out(schemas);
    std::int64_t count = 0;
    for (Event event; !stop.requested() && exported.next(event);) {
        left_out.look(event);
        event.data = schemas.shown(event.type, event.schema_version, event.data);
        std::cout << backfill::line_of(event, source) << '\n';
        if (!std::cout) refuse("standard output takes no more");
        if (++count % 1000 == 0) progress.at(count, std::nullopt, "");
    }
    std::cout << std::flush;
    progress.end();
    const int code = left_out.tell(count, settings.schema_directory);
    if (stop.requested()) std::cerr << "lantern: export stopped after " << count << " events" << std::endl;
    return stop.requested() ? kFailed : code;
}

int export_as_test(const Instance& at, const Words& words) {
    if (words.stream.empty()) refuse("--as-test: expected --stream with it, e.g. --stream user/42");
    const Settings settings = at.settings();
    const auto schemas = event_schemas(settings, "export");
    postgres::Exported exported(settings.postgres_url, selection_of(words));
    AsTest test(at, schemas);
    LeftOut left_out(schemas);
    std::int64_t count = 0;
    for (Event event; exported.next(event); ++count) {
        left_out.look(event);
        test.add(event);
    }
    test.write(std::cout, words.stream + (words.until.empty() ? "" : " before " + words.until));
    return left_out.tell(count, settings.schema_directory);
}

}  // namespace

void add_export(Verbs& verbs) {
    const auto words = std::make_shared<Words>();
    auto& verb = verbs.add("export", "write the store's events, one CloudEvents JSON event a line",
                           [words](const Instance& at) {
                               return words->as_test ? export_as_test(at, *words) : export_events(at, *words);
                           });
    verb.add_option("--stream", words->stream, "one stream, e.g. user/<id>")->check(not_empty());
    verb.add_option("--aggregate", words->aggregate, "streams of one aggregate type")->check(not_empty());
    verb.add_option("--type", words->type, "events of one type")->check(not_empty());
    verb.add_option("--from", words->from, "recorded at this time or later (RFC 3339)")->check(not_empty());
    verb.add_option("--until", words->until,
                    "of each stream what came before its first event recorded at this time or later (RFC 3339)")
        ->check(not_empty());
    verb.add_flag("--as-test", words->as_test, "write the stream as a test that the SDK's kit runs");
}

}  // namespace lantern::apps
