#include "host/plugin_loading/upcasters.hpp"

namespace lantern::plugin_loading {

Upcasters::Upcasters(Steps steps, const Description& target)
    : steps_(std::move(steps)), understood_(target.events), plugin_(target.name) {}

Result<std::shared_ptr<Upcasters>> Upcasters::make(const std::vector<std::shared_ptr<const Library>>& schemas,
                                                   const Description& target) {
    Steps steps;
    for (const auto& schema : schemas) {
        for (const auto& upcast : schema->description().upcasts) {
            const auto [known, fresh] = steps.try_emplace({upcast.type, upcast.from}, schema);
            if (fresh) continue;
            return failure("found two upcasters of " + upcast.type + " " + std::to_string(upcast.from) + ": " +
                           known->second->description().file + " and " + schema->description().file +
                           "; expected one; remedy: take one of them out of the plugin directory");
        }
    }
    return std::shared_ptr<Upcasters>(new Upcasters(std::move(steps), target));
}

std::optional<std::string> Upcasters::upcast(Event& event) const {
    const auto understood = understood_.find(event.type);
    if (understood == understood_.end()) {
        return plugin_ + " does not understand " + event.type + ": its description does not name this event type";
    }
    if (event.schema_version == understood->second) return std::nullopt;
    if (event.schema_version > understood->second) {
        return event.type + " waits for a build of " + plugin_ + " that understands version " +
               std::to_string(event.schema_version) + " (this one understands up to " +
               std::to_string(understood->second) + ")";
    }
    std::string data = event.data;
    for (int version = event.schema_version; version < understood->second; ++version) {
        if (data == "null") break;  // stored without data: nothing to bring forward
        const auto step = steps_.find({event.type, version});
        if (step == steps_.end()) {
            return "no schema plugin upcasts " + event.type + " from version " + std::to_string(version) + " to " +
                   std::to_string(version + 1) + ", which " + plugin_ + " needs";
        }
        auto next = step->second->upcast(event.type, version, data);
        if (!next) return next.error();
        data = std::move(next.value());
    }
    event.data = std::move(data);
    event.schema_version = understood->second;
    return std::nullopt;
}

}  // namespace lantern::plugin_loading
