#include "host/apps/routes/routes.hpp"

#include <algorithm>
#include <iostream>
#include <set>
#include <tuple>

#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/apps/routes/query_check.hpp"
#include "host/apps/routes/routing_check.hpp"
#include "host/apps/serve/served_schemas.hpp"
#include "host/apps/verbs.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/settings/routing_file.hpp"
#include "host/settings/settings_file.hpp"

namespace lantern::apps {

int refuse(settings::Problems problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
        return std::tuple(a.file, a.line, a.column) < std::tuple(b.file, b.line, b.column);
    });
    std::cerr << settings::text(problems) << problems.size() << (problems.size() == 1 ? " problem" : " problems")
              << "\n";
    return kRefused;
}

namespace {

// lantern.yaml tells which routing file and which plugins; its own problems come with those of the routing.
int check_routes(const Instance& at, std::filesystem::path file) {
    const auto environment = settings::process_environment();
    const auto settings = settings::read_settings(at.config_directory() / "lantern.yaml", environment);
    settings::Problems problems;
    if (!settings) problems = settings.error();
    if (file.empty()) file = settings ? settings.value().routing_file : at.config_directory() / "routing.yaml";

    const auto routing = settings::read_routing(file, environment);
    if (!routing) problems.insert(problems.end(), routing.error().begin(), routing.error().end());
    if (!problems.empty()) return refuse(problems);

    const bool from_settings = at.plugins.empty() && at.data.empty() && !settings.value().plugin_directory.empty();
    const auto place = from_settings ? settings.value().plugin_directory : at.plugin_directory();
    const plugin_loading::Directory directory(place, probe_options(at));
    problems = problems_with(routing.value(), file, directory);
    const auto of_queries = query_problems(settings.value(), routing.value(), directory);
    problems.insert(problems.end(), of_queries.begin(), of_queries.end());
    if (!problems.empty()) return refuse(problems);

    load_schemas(settings.value());
    std::set<std::string> types;
    for (const auto& handler : routing.value().handlers) {
        types.insert(handler.event_types.begin(), handler.event_types.end());
    }
    std::cout << file.string() << ": " << routing.value().handlers.size() << " handlers of " << types.size()
              << " event types; they fit the "
              << std::count_if(directory.found().begin(), directory.found().end(),
                               [](const auto& found) { return found.description.has_value(); })
              << " plugins of " << place.string() << "\n";
    return 0;
}

}  // namespace

void add_routes(Verbs& verbs) {
    struct Words {
        std::filesystem::path file;
        std::int64_t number = 0;
        std::string reason, format = "table";
    };
    auto& group =
        verbs.add_group("routes", "check and plan an edit of the routing; see, apply and revert revisions");
    const auto words = std::make_shared<Words>();
    const auto with_file = [&](CLI::App& verb) {
        verb.add_option("file", words->file, "the routing file (default: the one that lantern.yaml names)");
    };
    const auto with_output = [&](CLI::App& verb) {
        verb.add_option("-o,--output", words->format, "table or json")->check(CLI::IsMember({"table", "json"}));
    };
    auto& check = verbs.add_to(group, "check", "all problems of a routing file, without applying it",
                               [words](const Instance& at) { return check_routes(at, words->file); });
    with_file(check);
    auto& plan =
        verbs.add_to(group, "plan", "what an edit would do, with counts from the store",
                     [words](const auto& at) { return plan_routes(at, words->file, words->format == "json"); });
    with_file(plan);
    with_output(plan);
    auto& history = verbs.add_to(group, "history", "the routing revisions, newest first",
                                 [words](const auto& at) { return show_history(at, words->format == "json"); });
    with_output(history);
    auto& show = verbs.add_to(group, "show", "the text of a revision",
                              [words](const auto& at) { return show_routes(at, words->number); });
    show.add_option("revision", words->number, "default: the one in force");
    auto& apply =
        verbs.add_to(group, "apply", "make a file the next revision, though it differs from the one in force",
                     [words](const auto& at) { return apply_routes(at, words->file); });
    with_file(apply);
    auto& revert = verbs.add_to(group, "revert", "make an earlier revision the next one", [words](const auto& at) {
        return revert_routes(at, words->number, words->reason);
    });
    revert.add_option("revision", words->number, "see: lantern routes history")->required();
    revert.add_option("--reason", words->reason, "why; kept in the admin log");
}

}  // namespace lantern::apps
