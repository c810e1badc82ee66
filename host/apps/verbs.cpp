#include "host/apps/verbs.hpp"

#include <iostream>

#include "host/core/fault.hpp"

namespace lantern::apps {
CLI::Validator not_empty() {
    return {[](std::string& word) { return word.empty() ? std::string("found nothing, expected a value") : ""; },
            ""};
}

Verbs::Verbs(CLI::App& app) : app_(app) {}

CLI::App& Verbs::add(const std::string& name, const std::string& description, Action action) {
    return add_to(app_, name, description, std::move(action));
}

CLI::App& Verbs::add_group(const std::string& name, const std::string& description) {
    CLI::App* group = app_.add_subcommand(name, description);
    group->require_subcommand(1);
    return *group;
}

CLI::App& Verbs::add_to(CLI::App& group, const std::string& name, const std::string& description, Action action) {
    CLI::App* verb = group.add_subcommand(name, description);
    verb->add_option("--data", at_.data, "directory of the instance made by `lantern dev`");
    verb->add_option("--config", at_.config, "directory of lantern.yaml and routing.yaml");
    verb->add_option("--plugins", at_.plugins, "plugin directory");
    verb->callback([this, action = std::move(action)] { chosen_ = action; });
    return *verb;
}

int Verbs::run() const {
    try {
        return chosen_(at_);
    } catch (const Fault& fault) {
        std::cerr << "lantern: " << fault.what() << std::endl;
        return fault.kind() == FaultKind::configuration ? kMisconfigured : kFailed;
    } catch (const std::exception& error) {
        std::cerr << "lantern: " << error.what() << std::endl;
        return kFailed;
    }
}

}  // namespace lantern::apps
