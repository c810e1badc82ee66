// What only the plugins can tell of a routing file that reads well by itself.
#pragma once

#include <filesystem>

#include "host/core/result.hpp"
#include "host/core/settings.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/settings/problem.hpp"

namespace lantern::apps {

// Misfits of its handlers with their plugins, and settings that those do not take, each at its place in the file.
settings::Problems problems_with(const Routing& routing, const std::filesystem::path& file,
                                 const plugin_loading::Directory& plugins);

// The file as the next routing, where it reads well and fits the plugins.
Result<Routing, settings::Problems> read_next(const std::filesystem::path& file,
                                              const plugin_loading::Directory& plugins);

// The handlers of `next` that are not in `before`, or are there otherwise; with the text of `next`.
Routing edited(const Routing& before, const Routing& next);

}  // namespace lantern::apps
