#include "host/apps/routes/routing_check.hpp"

#include <algorithm>

#include "host/routing/check.hpp"
#include "host/schemas/validation.hpp"
#include "host/settings/routing_file.hpp"

namespace lantern::apps {
namespace {

class PluginCheck {
public:
    PluginCheck(const Routing& routing, const std::filesystem::path& file,
                const plugin_loading::Directory& directory)
        : routing_(routing), file_(file), directory_(directory), descriptions_(directory.descriptions()) {}

    settings::Problems problems() {
        for (const auto& misfit : routing::check(routing_, descriptions_)) add(misfit);
        for (const auto& handler : routing_.handlers) check_settings(handler);
        return std::move(problems_);
    }

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
    const std::vector<Description> descriptions_;
    settings::Problems problems_;
};

}  // namespace

settings::Problems problems_with(const Routing& routing, const std::filesystem::path& file,
                                 const plugin_loading::Directory& plugins) {
    return PluginCheck(routing, file, plugins).problems();
}

Result<Routing, settings::Problems> read_next(const std::filesystem::path& file,
                                              const plugin_loading::Directory& plugins) {
    auto next = settings::read_routing(file, settings::process_environment());
    if (!next) return next;
    if (auto problems = problems_with(next.value(), file, plugins); !problems.empty())
        return failure(std::move(problems));
    return next;
}

Routing edited(const Routing& before, const Routing& next) {
    Routing changed = next;
    std::erase_if(changed.handlers, [&](const HandlerSettings& handler) {
        return std::find(before.handlers.begin(), before.handlers.end(), handler) != before.handlers.end();
    });
    return changed;
}

}  // namespace lantern::apps
