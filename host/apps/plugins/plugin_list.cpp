#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/plugin_loading/description_parser.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/tables_parser.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string events_text(const Description& description) {
    std::vector<std::string> events;
    for (const auto& [type, version] : description.events) {
        events.push_back(version == 1 ? type : type + " (up to version " + std::to_string(version) + ")");
    }
    return joined(events);
}

json::value found_json(const plugin_loading::Found& found) {
    if (found.description) return json::parse(plugin_loading::description_json(*found.description));
    return json::object{{"file", found.file.string()}, {"refusal", found.refusal}};
}

void print_columns(const Table& table) {
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        const Column& column = table.columns[at];
        std::cout << "    " << std::left << std::setw(24) << column.name << plugin_loading::type_name(column.type)
                  << (at < table.key_columns ? ", key" : "");
        if (column.merge != Merge::none) std::cout << ", " << plugin_loading::merge_name(column.merge);
        std::cout << "\n";
    }
    for (const auto& index : table.indexes) std::cout << "    index on " << joined(index) << "\n";
}

void print_description(const Description& description) {
    const auto line = [](const std::string& name, const std::string& value) {
        if (!value.empty()) std::cout << std::left << std::setw(16) << name << value << "\n";
    };
    line("plugin", description.name + " " + description.version);
    line("kind", std::string(plugin_loading::kind_name(description.kind)));
    line("file", description.file);
    line("build", description.build);
    line("events", events_text(description));
    line("settings", description.settings_schema);
    if (description.kind == PluginKind::aggregate) {
        line("aggregate type", description.aggregate_type);
        line("commands", joined(description.commands));
        line("state version", std::to_string(description.state_version));
        line("secret state", joined(description.secret_state));
    }
    for (const auto& upcast : description.upcasts) {
        line("upcasts", upcast.type + " " + std::to_string(upcast.from) + " to " + std::to_string(upcast.from + 1));
    }
    if (description.kind == PluginKind::projection)
        line("schema version", std::to_string(description.schema_version));
    if (description.kind == PluginKind::side_effect) line("replayable", description.replayable ? "yes" : "no");
    for (const auto& table : description.tables) {
        std::cout << "table " << table.name << ", " << plugin_loading::ownership_name(table.ownership) << "\n";
        print_columns(table);
    }
}

}  // namespace

int list_plugins(const Instance& at, bool as_json) {
    const auto place = at.plugins.empty() ? at.settings().plugin_directory : at.plugin_directory();
    const plugin_loading::Directory directory(place, probe_options(at));
    bool refused = false;
    json::array all;
    if (!as_json) {
        std::cout << std::left << std::setw(24) << "plugin" << std::setw(12) << "version" << std::setw(13) << "kind"
                  << std::setw(14) << "build"
                  << "file\n";
    }
    for (const auto& found : directory.found()) {
        refused = refused || !found.description;
        all.push_back(found_json(found));
        if (as_json || !found.description) continue;
        const Description& description = *found.description;
        std::cout << std::left << std::setw(24) << description.name << std::setw(12) << description.version
                  << std::setw(13) << plugin_loading::kind_name(description.kind) << std::setw(14)
                  << description.build.substr(0, 12) << description.file << "\n";
    }
    if (as_json) {
        std::cout << json::serialize(json::object{{"directory", place.string()}, {"plugins", std::move(all)}})
                  << "\n";
        return refused ? 1 : 0;
    }
    if (refused) std::cout << "\nrefused:\n";
    for (const auto& found : directory.found()) {
        if (!found.description) std::cout << found.refusal << "\n";
    }
    return refused ? 1 : 0;
}

int check_plugin(const Instance& at, const std::filesystem::path& file, bool as_json) {
    auto options = probe_options(at);
    options.memory = plugin_loading::ProbeOptions::Memory::ignore;
    const auto description = plugin_loading::probe(file, options);
    if (!description) {
        if (as_json) {
            std::cout << json::serialize(json::object{{"file", file.string()}, {"refusal", description.error()}})
                      << "\n";
        } else {
            std::cerr << description.error() << "\n";
        }
        return 1;
    }
    if (as_json) {
        std::cout << plugin_loading::description_json(description.value()) << "\n";
    } else {
        print_description(description.value());
    }
    return 0;
}

}  // namespace lantern::apps
