// lantern import FILE|-: events of other systems into the store, one CloudEvents JSON event a line
// (host/backfill/import_line.hpp). What was imported before, by source and id, is passed over: an import that broke
// off is begun again.

#include <fstream>
#include <iostream>

#include "host/apps/backfill/event_schemas.hpp"
#include "host/apps/backfill/progress.hpp"
#include "host/apps/verbs.hpp"
#include "host/backfill/importing.hpp"
#include "host/core/fault.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "host/postgres/migrate.hpp"
#include "host/postgres/store/announcer.hpp"
#include "host/postgres/store/intake.hpp"
#include "host/processes/stop_request.hpp"

namespace lantern::apps {
namespace {

constexpr std::size_t kProblemsShown = 20;
constexpr std::size_t kChunkBytesMax = 16u << 20;

struct Words {
    std::string file;
    std::size_t chunk = 5000;
    bool deliver_effects = false, check = false;
};

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "import", why);
}

std::map<std::string, backfill::Importer::Owner> owners_of(const Instance& at, const Settings& settings) {
    plugin_loading::ProbeOptions probing;
    probing.copies = at.cache_directory();
    const plugin_loading::Directory plugins(settings.plugin_directory, std::move(probing));
    for (const auto& found : plugins.found())
        if (!found.refusal.empty())
            refuse("a plugin is refused, and its keys could not be reserved: " + found.refusal);
    std::map<std::string, backfill::Importer::Owner> owners;
    const auto schemas = plugins.open_all(PluginKind::schema);
    for (const auto& library : plugins.open_all(PluginKind::aggregate)) {
        auto upcasters = plugin_loading::Upcasters::make(schemas, library->description());
        if (!upcasters) refuse("plugin " + library->description().name + ": " + upcasters.error());
        owners[library->description().aggregate_type] = {library->aggregate(), std::move(upcasters.value())};
    }
    return owners;
}

// Lines of a file, those of the next chunk parsed; problems are kept until they are shown.
class Lines {
public:
    Lines(std::istream& in, std::size_t chunk) : in_(in), chunk_(chunk) {}

    // Empty: there are no more, or problems were found.
    std::vector<backfill::ImportLine> next() {
        std::vector<backfill::ImportLine> lines;
        std::size_t bytes = 0;
        std::string text;
        while (lines.size() < chunk_ && bytes < kChunkBytesMax && std::getline(in_, text)) {
            ++number_;
            bytes += text.size();
            if (!text.empty() && text.back() == '\r') text.pop_back();
            if (text.find_first_not_of(" \t") == std::string::npos) continue;
            auto line = backfill::read_line(number_, text);
            if (line) {
                lines.push_back(std::move(line.value()));
            } else {
                problems_.insert(problems_.end(), line.error().begin(), line.error().end());
                if (problems_.size() >= kProblemsShown) break;
            }
        }
        if (!problems_.empty()) lines.clear();
        return lines;
    }
    std::int64_t number() const { return number_; }
    const std::vector<backfill::LineProblem>& problems() const { return problems_; }

private:
    std::istream& in_;
    const std::size_t chunk_;
    std::int64_t number_ = 0;
    std::vector<backfill::LineProblem> problems_;
};

int show(const std::vector<backfill::LineProblem>& problems, std::int64_t imported) {
    std::size_t shown = 0;
    for (const auto& problem : problems) {
        if (++shown > kProblemsShown) break;
        std::cerr << problem.text() << "\n";
    }
    if (problems.size() > kProblemsShown) std::cerr << "and " << problems.size() - kProblemsShown << " more\n";
    std::cerr
        << "lantern: import stopped; " << imported
        << " events are in the store, none of these lines' chunk. Mend the lines and import the file again: what "
           "is there is passed over"
        << std::endl;
    return kFailed;
}

using Check = std::function<std::vector<backfill::LineProblem>(const backfill::ImportLine&)>;

// By the schema of its event; a type that has none is not looked into. What an export brings has lost its secrets.
Check check_by(const schemas::EventSchemas& schemas) {
    return [&schemas](const backfill::ImportLine& line) {
        std::vector<backfill::LineProblem> problems;
        for (const auto& wrong :
             schemas.check(line.type, line.schema_version, line.data, schemas::EventSchemas::Secrets::may_lack))
            problems.push_back({line.number, "data" + wrong.pointer, wrong.message});
        return problems;
    };
}

int check(Lines& lines, const Check& check) {
    std::int64_t good = 0;
    std::vector<backfill::LineProblem> problems;
    for (auto chunk = lines.next(); !chunk.empty() && problems.size() < kProblemsShown; chunk = lines.next()) {
        for (const auto& line : chunk) {
            const auto wrong = check(line);
            problems.insert(problems.end(), wrong.begin(), wrong.end());
        }
        good += static_cast<std::int64_t>(chunk.size());
    }
    problems.insert(problems.end(), lines.problems().begin(), lines.problems().end());
    if (!problems.empty()) return show(problems, 0);
    std::cout << good << " events are well-formed; nothing was imported" << std::endl;
    return 0;
}

int import(const Instance& at, const Words& words) {
    const processes::StopRequest stop;
    const Settings settings = at.settings();
    std::ifstream file;
    if (words.file != "-") {
        file.open(words.file, std::ios::binary);
        if (!file) refuse("cannot read " + words.file);
    }
    std::ios::sync_with_stdio(false);
    Lines lines(words.file == "-" ? std::cin : file, words.chunk);
    const auto schemas = event_schemas(settings, "import");
    if (words.check) return check(lines, check_by(schemas));
    if (!postgres::migrated(settings.postgres_url))
        refuse("the database is not of this build's shape; run: lantern migrate");

    SystemClock clock;
    SystemRandom random;
    const auto owners = owners_of(at, settings);
    postgres::Intake intake(settings.postgres_url);
    postgres::Announcer announcer(settings.postgres_url);
    backfill::Importer importer(
        {intake, owners, clock, random,
         words.deliver_effects ? backfill::Effects::delivered : backfill::Effects::suppressed, check_by(schemas)});
    Progress progress("imported", "events");
    std::int64_t events = 0, known = 0;
    for (auto chunk = lines.next(); !chunk.empty() && !stop.requested(); chunk = lines.next()) {
        const auto imported = importer.import(std::move(chunk));
        if (!imported) return show(imported.error(), events);
        events += static_cast<std::int64_t>(imported.value().events);
        known += static_cast<std::int64_t>(imported.value().known);
        announcer.announce();
        progress.at(events, std::nullopt, "line " + std::to_string(lines.number()));
    }
    progress.end();
    if (!lines.problems().empty()) return show(lines.problems(), events);
    std::cout << "imported " << events << " events";
    if (known > 0) std::cout << ", " << known << " were there already";
    if (stop.requested()) std::cout << "; stopped at line " << lines.number();
    std::cout << std::endl;
    return stop.requested() ? kFailed : 0;
}

}  // namespace

void add_import(Verbs& verbs) {
    const auto words = std::make_shared<Words>();
    auto& verb = verbs.add("import", "append events of other systems, one CloudEvents JSON event a line",
                           [words](const Instance& at) { return import(at, *words); });
    verb.add_option("file", words->file, "NDJSON file; - for standard input")->required();
    verb.add_flag("--deliver-effects", words->deliver_effects,
                  "side effects act on what is imported; without it, it counts as before their start");
    verb.add_flag("--check", words->check,
                  "only say whether the lines are well-formed and fit their event schemas");
    verb.add_option("--chunk", words->chunk, "lines in one transaction (default 5000)")
        ->check(CLI::Range(1, 50'000));
}

}  // namespace lantern::apps
