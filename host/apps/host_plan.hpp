// Which routed handlers can run with the plugins that are there, and why the others cannot.
#pragma once

#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/settings.hpp"
#include "host/plugin_loading/directory.hpp"

namespace lantern::apps {

struct Runnable {
    HandlerSettings handler;
    Description plugin;
};

struct Refused {
    HandlerName handler;
    std::string why;
};

struct HostPlan {
    std::vector<Runnable> runnable;
    std::vector<Refused> refused;
};

HostPlan plan_host(const Routing& routing, const plugin_loading::Directory& plugins);

}  // namespace lantern::apps
