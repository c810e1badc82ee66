#include "host/apps/backfill/as_test.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/processes/child.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kFoldWithin{60};

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "export", why);
}

// The newest version of each event type that an installed plugin declares.
Description newest_versions(const plugin_loading::Directory& plugins) {
    Description newest;
    newest.name = "--as-test";
    for (const auto& found : plugins.found()) {
        if (!found.description) continue;
        for (const auto& [type, version] : found.description->events) {
            int& wanted = newest.events.try_emplace(type, version).first->second;
            wanted = std::max(wanted, version);
        }
    }
    return newest;
}

// For this process alone, gone with it.
class OwnFile {
public:
    explicit OwnFile(const std::vector<std::string>& lines)
        : path_(std::filesystem::temp_directory_path() / ("lantern-as-test-" + std::to_string(getpid()))) {
        std::filesystem::remove(path_);
        std::ofstream out(path_);
        std::filesystem::permissions(path_,
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        for (const auto& line : lines) out << line << '\n';
        if (!out.flush()) refuse("can't write " + path_.string());
    }
    ~OwnFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    OwnFile(const OwnFile&) = delete;
    OwnFile& operator=(const OwnFile&) = delete;

    std::string path() const { return path_.string(); }

private:
    const std::filesystem::path path_;
};

}  // namespace

AsTest::AsTest(const Instance& at, const schemas::EventSchemas& schemas) : at_(at), schemas_(schemas) {
    const Settings settings = at.settings();
    const plugin_loading::Directory plugins(settings.plugin_directory, probe_options(at));
    auto upcasters =
        plugin_loading::Upcasters::make(plugins.open_all(PluginKind::schema), newest_versions(plugins));
    if (!upcasters) refuse(upcasters.error());
    upcasters_ = std::move(upcasters.value());
    for (const auto& handler : at.routing().handlers) {
        const Description* plugin = plugins.find(handler.plugin);
        if (plugin == nullptr) refuse(plugins.why_not(handler.plugin));
        const bool known = std::any_of(folds_.begin(), folds_.end(),
                                       [&](const Fold& fold) { return fold.plugin == plugin->name; });
        if (plugin->kind == PluginKind::projection && !known)
            folds_.push_back({plugin->name, handler.settings, plugin->file});
    }
}

void AsTest::add(Event event) {
    if (const auto why = upcasters_->upcast(event))
        refuse("event " + event.id.text() + " can't be given to the plugins that are installed: " + *why);
    event.data = schemas_.with_placeholders(event.type, event.schema_version, event.data);
    json::object given{{"type", event.type}, {"subject", event.aggregate_type + "/" + event.aggregate_id}};
    if (event.schema_version != 1) given["schema_version"] = event.schema_version;
    given["id"] = event.id.text();
    given["time"] = iso8601(event.recorded_at);
    if (event.metadata != "{}") given["metadata"] = json::parse(event.metadata);
    given["data"] = json::parse(event.data);
    events_.push_back(json::serialize(given));
}

std::string AsTest::tables_of(const Fold& fold, const std::string& events_file) const {
    std::vector<std::string> argv{processes::own_program(),
                                  "plugin",
                                  "run",
                                  fold.file,
                                  "--events",
                                  events_file,
                                  "--settings",
                                  fold.settings,
                                  "-o",
                                  "json"};
    argv.insert(argv.end(), {"--plugins", at_.settings().plugin_directory.string()});
    const auto ran = processes::run({.argv = argv, .err = STDERR_FILENO}, kFoldWithin);
    boost::system::error_code code;
    const auto said = json::parse(ran.output, code);
    if (ran.timed_out || code || !said.is_object())
        refuse("plugin " + fold.plugin + " can't fold these events: " + ran.ended.text() +
               (ran.timed_out ? ", killed after " + std::to_string(kFoldWithin.count()) + " s" : ""));
    std::string tables = "{";
    for (const auto& [name, rows] : said.at("tables").as_object()) {
        tables.append(tables.size() > 1 ? "," : "").append("\n    ").append(json::serialize(name)).append(": [");
        const char* comma = "";
        for (const auto& row : rows.as_array()) {
            tables.append(comma).append("\n     ").append(json::serialize(row));
            comma = ",";
        }
        tables += "]";
    }
    return tables + "}";
}

void AsTest::write(std::ostream& out, const std::string& title) const {
    if (events_.empty()) refuse("found no event of " + title);
    const OwnFile events(events_);
    out << "{\"title\": " << json::serialize(json::string(title)) << ",\n \"given\": [";
    for (std::size_t at = 0; at + 1 < events_.size(); ++at) out << (at ? ",\n  " : "\n  ") << events_[at];
    out << "],\n \"when\":\n  " << events_.back() << ",\n \"then\": {";
    const char* comma = "";
    for (const auto& fold : folds_) {
        out << comma << "\n  " << json::serialize(json::string(fold.plugin)) << ": {\"settings\": " << fold.settings
            << ", \"tables\": " << tables_of(fold, events.path()) << "}";
        comma = ",";
    }
    out << "}}" << std::endl;
}

}  // namespace lantern::apps
