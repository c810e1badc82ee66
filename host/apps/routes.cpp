#include <algorithm>
#include <iostream>
#include <set>
#include <tuple>

#include "host/apps/plugin_verbs.hpp"
#include "host/apps/routing_check.hpp"
#include "host/apps/verbs.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/settings/routing_file.hpp"
#include "host/settings/settings_file.hpp"

namespace lantern::apps {
namespace {

constexpr int kRefused = 1;

int refuse(settings::Problems problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
        return std::tuple(a.file, a.line, a.column) < std::tuple(b.file, b.line, b.column);
    });
    std::cerr << settings::text(problems) << problems.size() << (problems.size() == 1 ? " problem" : " problems")
              << "\n";
    return kRefused;
}

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
    if (!problems.empty()) return refuse(problems);

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
    auto& group = verbs.add_group("routes", "check the routing file");
    auto file = std::make_shared<std::filesystem::path>();
    auto& check = verbs.add_to(group, "check", "all problems of a routing file, without applying it",
                               [file](const Instance& at) { return check_routes(at, *file); });
    check.add_option("file", *file, "the routing file (default: the one that lantern.yaml names)");
}

}  // namespace lantern::apps
