// Objects, states and aggregates made from a loaded library. Each keeps its library.
#pragma once

#include <memory>
#include <string>

#include "host/plugin_loading/library.hpp"
#include "sdk/include/lantern/abi.h"

namespace lantern::plugin_loading {

struct Made {
    std::shared_ptr<const Library> library;  // shared with all that is made from it
    const lantern_plugin_v1* table = nullptr;
    void* object = nullptr;  // projection and side effect
};

std::unique_ptr<worker::Projection> projection_of(Made made);
std::unique_ptr<worker::SideEffect> side_effect_of(Made made, const HandlerName& handler);
// The projection of a library that has a check.
std::unique_ptr<Check> check_of(Made made);
std::shared_ptr<const command::Aggregate> aggregate_of(Made made);

// Unknown kinds and reasons that cannot be stored are put right.
Outcome outcome_of(const lantern_outcome& from);

}  // namespace lantern::plugin_loading
