// Brings events to the schema version that a plugin declared, by the upcasters of all schema plugins, one version
// at a time. Used by the worker for its handler's plugin and by the command path for an aggregate.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/plugin_loading/library.hpp"

namespace lantern::plugin_loading {

class Upcasters final : public worker::Upcasts, public command::Upcasts {
public:
    // `schemas` are libraries of kind schema. Refused: two of them upcast the same version of the same type.
    static Result<std::shared_ptr<Upcasters>> make(const std::vector<std::shared_ptr<const Library>>& schemas,
                                                   const Description& target);

    // Sets data and schema version. Nothing, or why the event cannot be given; the event is then unchanged. [any
    // thread]
    std::optional<std::string> upcast(Event& event) const override;
    std::optional<std::string> upcast(Event& event) override { return std::as_const(*this).upcast(event); }

private:
    using Steps = std::map<std::pair<std::string, int>, std::shared_ptr<const Library>>;

    Upcasters(Steps steps, const Description& target);

    Steps steps_;
    std::map<std::string, int> understood_;  // type -> schema version declared
    std::string plugin_;
};

}  // namespace lantern::plugin_loading
