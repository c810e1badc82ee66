#include "host/apps/plugins/plugin_verbs.hpp"

#include "host/apps/verbs.hpp"

namespace lantern::apps {
namespace {

void add_output(CLI::App& verb, std::string& format) {
    verb.add_option("-o,--output", format, "table or json")->check(CLI::IsMember({"table", "json"}));
}

void add_list(Verbs& verbs, CLI::App& group) {
    const auto format = std::make_shared<std::string>("table");
    auto& verb = verbs.add_to(group, "list", "show the plugin directory: plugins, and files that are refused",
                              [format](const Instance& at) { return list_plugins(at, *format == "json"); });
    add_output(verb, *format);
}

void add_check(Verbs& verbs, CLI::App& group) {
    struct Words {
        std::string file, format = "table";
    };
    const auto words = std::make_shared<Words>();
    auto& verb = verbs.add_to(
        group, "check", "load a plugin in a child process, and say what it is or what is wrong",
        [words](const Instance& at) { return check_plugin(at, words->file, words->format == "json"); });
    verb.add_option("file", words->file, "the shared library")->required();
    add_output(verb, words->format);
}

void add_new(Verbs& verbs, CLI::App& group) {
    const auto asked = std::make_shared<NewPlugin>();
    asked->into = ".";
    auto& verb = verbs.add_to(group, "new", "write the project of a new plugin, with a test",
                              [asked](const Instance&) { return new_plugin(*asked); });
    verb.add_option("name", asked->name, "a-z, 0-9 and _; also the name of its directory")->required();
    verb.add_option("--kind", asked->kind, "what it is to be")
        ->required()
        ->check(CLI::IsMember({"projection", "side_effect", "aggregate", "schema"}));
    verb.add_option("--into", asked->into, "where its directory is made (default: here)");
}

void add_run(Verbs& verbs, CLI::App& group) {
    struct Words {
        PluginRun run;
        std::string format = "table";
    };
    const auto words = std::make_shared<Words>();
    auto& verb =
        verbs.add_to(group, "run", "feed events of a file to a projection, and show the rows it would write",
                     [words](const Instance& at) {
                         words->run.as_json = words->format == "json";
                         return run_plugin(at, words->run);
                     });
    verb.add_option("file", words->run.file, "the shared library")->required();
    verb.add_option("--events", words->run.events,
                    R"(one JSON object a line: {"type": ..., "subject": "aggregate_type/id", "data": {...}})")
        ->required();
    verb.add_option("--settings", words->run.settings, "JSON object for the plugin (default {})");
    add_output(verb, words->format);
}

// The child's side of every probe: started by Lantern, of no use to people.
void add_probe(Verbs& verbs, CLI::App& group) {
    const auto file = std::make_shared<std::string>();
    auto& verb = verbs.add_to(group, "probe", "a part of check",
                              [file](const Instance&) { return plugin_loading::answer_probe(); });
    verb.add_option("file", *file);
    verb.group("");
}

}  // namespace

plugin_loading::ProbeOptions probe_options(const Instance& at) {
    plugin_loading::ProbeOptions options;
    options.copies = at.cache_directory();
    return options;
}

void add_plugin(Verbs& verbs) {
    auto& group = verbs.add_group("plugin", "list, check, run and begin plugins");
    add_list(verbs, group);
    add_check(verbs, group);
    add_new(verbs, group);
    add_run(verbs, group);
    add_probe(verbs, group);
}

}  // namespace lantern::apps
