#include <algorithm>
#include <iostream>
#include <set>
#include <tuple>

#include "host/apps/plugin_verbs.hpp"
#include "host/apps/verbs.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/routing/check.hpp"
#include "host/schemas/validation.hpp"
#include "host/settings/routing_file.hpp"
#include "host/settings/settings_file.hpp"

namespace lantern::apps {
namespace {

constexpr int kRefused = 1;

// What only the plugins can tell of a routing that reads well by itself.
class PluginCheck {
public:
    PluginCheck(const Routing& routing, const std::filesystem::path& file,
                const plugin_loading::Directory& directory)
        : routing_(routing), file_(file), directory_(directory) {
        for (const auto& found : directory.found()) {
            if (found.description) descriptions_.push_back(*found.description);
        }
    }

    settings::Problems problems() {
        for (const auto& misfit : routing::check(routing_, descriptions_)) add(misfit);
        for (const auto& handler : routing_.handlers) check_settings(handler);
        return std::move(problems_);
    }

    std::size_t plugins() const { return descriptions_.size(); }

private:
    void add(const routing::Misfit& misfit) {
        auto problem =
            settings::problem_at(routing_.text, file_, {misfit.handler.value, misfit.event_type, misfit.key});
        problem.found = misfit.found;
        problem.expected = misfit.expected;
        const std::string word = misfit.event_type.empty() ? plugin_of(misfit.handler) : misfit.event_type;
        const std::string near = settings::nearest(word, misfit.candidates);
        if (!near.empty()) problem.suggestion = "did you mean \"" + near + "\"?";
        const std::string refusal = refusal_of(word);
        if (!refusal.empty()) problem.suggestion += (near.empty() ? "" : " ") + refusal;
        problems_.push_back(std::move(problem));
    }

    void check_settings(const HandlerSettings& handler) {
        const Description* plugin = directory_.find(handler.plugin);
        if (plugin == nullptr) return;
        for (const auto& violation : schemas::validate(plugin->settings_schema, handler.settings)) {
            auto problem = settings::problem_at(routing_.text, file_, {handler.name.value, "", "settings"});
            problem.found = "settings of \"" + handler.name.value + "\"" +
                            (violation.pointer.empty() ? "" : " at " + violation.pointer) + ": " +
                            violation.message;
            problem.expected = "settings as the plugin \"" + plugin->name + "\" declares them";
            problem.suggestion = "see: lantern plugin check " + plugin->file;
            problems_.push_back(std::move(problem));
        }
    }

    // A file of the plugin's name that is there, but is not used.
    std::string refusal_of(const std::string& plugin) const {
        for (const auto& found : directory_.found()) {
            if (!found.description && found.file.stem() == plugin) return found.refusal;
        }
        return {};
    }

    std::string plugin_of(const HandlerName& name) const {
        const auto handler = std::find_if(routing_.handlers.begin(), routing_.handlers.end(),
                                          [&](const HandlerSettings& candidate) { return candidate.name == name; });
        return handler == routing_.handlers.end() ? "" : handler->plugin;
    }

    const Routing& routing_;
    const std::filesystem::path& file_;
    const plugin_loading::Directory& directory_;
    std::vector<Description> descriptions_;
    settings::Problems problems_;
};

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
    PluginCheck check(routing.value(), file, directory);
    problems = check.problems();
    if (!problems.empty()) return refuse(problems);

    std::set<std::string> types;
    for (const auto& handler : routing.value().handlers) {
        types.insert(handler.event_types.begin(), handler.event_types.end());
    }
    std::cout << file.string() << ": " << routing.value().handlers.size() << " handlers of " << types.size()
              << " event types; they fit the " << check.plugins() << " plugins of " << place.string() << "\n";
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
