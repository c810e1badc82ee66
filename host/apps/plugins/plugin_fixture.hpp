// Events of a fixture file, in the form that the SDK's test kit reads, numbered as it numbers them.
#pragma once

#include <filesystem>
#include <vector>

#include "host/core/event.hpp"
#include "host/core/result.hpp"

namespace lantern::apps {

// The reason names file and line.
Result<std::vector<Event>> read_fixture(const std::filesystem::path& file);

}  // namespace lantern::apps
